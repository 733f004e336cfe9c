/** A run of the checks that was killed: nothing of it stays, and the same command goes on where it was. */
import * as NodeServices from "@effect/platform-node/NodeServices"
import { assert, describe, it } from "@effect/vitest"
import { Effect, FileSystem, Schedule } from "effect"
import { type ChildProcess, spawn } from "node:child_process"
import { existsSync, readdirSync, readFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join, resolve } from "node:path"

const main = resolve(import.meta.dirname, "..", "..", "conformance", "Main.ts")
const manifest = {
  name: "slow",
  version: "1.0.0",
  module: "plugin.ts",
  offers: [{ contract: "admission/AdmissionPoints", version: "^1.0.0" }]
}
const plugin = (validate: string) => `
import { Effect } from "effect"
import * as AdmissionPlugin from "keelson/admission/AdmissionPlugin"
export const plugin = AdmissionPlugin.make({
  name: "slow",
  rules: [{ operations: ["CREATE"], apiGroups: [""], apiVersions: ["v1"], resources: ["pods"] }],
  validate: () => ${validate}
})
`

const started = (...args: ReadonlyArray<string>) =>
  Effect.acquireRelease(
    Effect.sync(() => {
      const child = spawn(process.execPath, ["--import", "tsx", main, ...args], { stdio: ["ignore", "pipe", "pipe"] })
      const said: Array<string> = []
      child.stdout.on("data", (text: Buffer) => said.push(String(text)))
      child.stderr.on("data", (text: Buffer) => said.push(String(text)))
      return { child, said: () => said.join("") }
    }),
    ({ child }) => Effect.sync(() => child.kill("SIGKILL"))
  )
const ended = (child: ChildProcess) =>
  Effect.callback<number | null>((resume) => {
    if (child.exitCode !== null || child.signalCode !== null) return resume(Effect.succeed(child.exitCode))
    child.once("close", (code) => resume(Effect.succeed(code)))
  })

const until = (what: string, holds: () => boolean, said = () => "") =>
  Effect.retry(
    Effect.suspend(() => (holds() ? Effect.void : Effect.fail(new Error(`it does not come to be that ${what}: ${said()}`)))),
    { schedule: Schedule.spaced("100 millis"), times: 900 }
  )

/** Whose command names the folder of a run. */
const processesOf = (folder: string) =>
  readdirSync("/proc").filter((pid) => {
    try {
      return /^\d+$/.test(pid) && readFileSync(`/proc/${pid}/cmdline`, "utf8").includes(folder)
    } catch {
      // It has ended meanwhile.
      return false
    }
  })
const foldersOf = (pid: number | undefined) => readdirSync(tmpdir()).filter((name) => name.startsWith(`kt-law-${pid}-`))

describe("npm run conformance, killed", () => {
  it.live(
    "leaves nothing that runs, and goes on with what it had not seen",
    () =>
      Effect.gen(function* () {
        const files = yield* FileSystem.FileSystem
        const home = yield* files.makeTempDirectoryScoped({ prefix: "keelson-conformance-" })
        const write = (name: string, text: string) => files.writeFileString(join(home, name), text)
        yield* write("keelson.json", JSON.stringify(manifest))
        yield* write("plugin.ts", plugin("Effect.never"))
        const args = ["admission-points", "--plugin", home, "--isolation", "in-process", "--out", join(home, "out")]
        const record = join(home, "out", "admission-points.jsonl")
        const lines = () => (existsSync(record) ? readFileSync(record, "utf8").split("\n").length - 1 : 0)

        const first = yield* started(...args)
        // The run, its plan, and the three laws before the one that nobody answers.
        yield* until("three laws are seen", () => lines() === 5, first.said)
        const [folder = ""] = foldersOf(first.child.pid)
        assert.strictEqual(processesOf(folder).length, 1)
        first.child.kill("SIGKILL")
        yield* until("its process ends", () => processesOf(folder).length === 0)

        yield* write("plugin.ts", plugin("Effect.void"))
        const second = yield* started(...args)
        assert.strictEqual(yield* ended(second.child), 0, second.said())
        assert.notMatch(second.said(), /describe\/same, /)
        assert.match(second.said(), /✓ 4\/4 .*, validate\/same, /)
        assert.match(second.said(), /: 4 laws hold, 0 are broken/)
        assert.deepStrictEqual([foldersOf(first.child.pid), foldersOf(second.child.pid)], [[], []])
        assert.isFalse(existsSync(record))
        assert.match(
          readFileSync(join(home, "out", "admission-points.xml"), "utf8"),
          /name="suite" value="keelson [^"]+, checks /
        )
      }).pipe(Effect.scoped, Effect.provide(NodeServices.layer)),
    180_000
  )
})
