/** `keelson store` as a process, asking a server that is another: what is stored, and what is written meanwhile. */
import * as NodeServices from "@effect/platform-node/NodeServices"
import { assert, it } from "@effect/vitest"
import { Effect, FileSystem } from "effect"
import { execFile } from "node:child_process"
import { fileURLToPath } from "node:url"
import * as Program from "../snapshot/Program.ts"

const main = fileURLToPath(new URL("../../bin/Main.ts", import.meta.url))

/** A line of shell; what it printed, and what it complained about. */
const shell = (line: string) =>
  Effect.callback<{ readonly stdout: string; readonly stderr: string }, Error>((resume) => {
    const child = execFile("sh", ["-c", line], { timeout: 50_000 }, (error, stdout, stderr) =>
      resume(error === null ? Effect.succeed({ stdout, stderr }) : Effect.fail(new Error(stderr || error.message)))
    )
    return Effect.sync(() => child.kill())
  })

it.live("what is stored is shown, with its history; the feed ends with whoever reads it; a kubeconfig does for all", () =>
  Effect.gen(function* () {
    const fs = yield* FileSystem.FileSystem
    const folder = yield* fs.makeTempDirectoryScoped({ prefix: "keelson-store-command-" })
    const server = yield* Program.make(`${folder}/data`)
    yield* server.start()
    const path = "/api/v1/namespaces/default/configmaps"
    yield* server.ask("POST", path, { metadata: { name: "kept" }, data: { answer: "one" } })
    yield* server.ask("PATCH", `${path}/kept`, { data: { answer: "two" } }, "application/merge-patch+json")

    const elsewhere = ["--data-dir", `${folder}/elsewhere`, "--kubeconfig", `${folder}/data/kubeconfig`]
    const shown = yield* server.run("store", "get", "/configmaps/default/kept", ...elsewhere)
    assert.match(shown, /^configmaps\/default\/kept; the history is kept from revision \d+ on\n/)
    assert.strictEqual(shown.match(/^\d+ +put /gm)?.length, 2)
    assert.include(shown, "data:\n  answer: two\n")

    const tail = [process.execPath, main, "store", "tail", ...elsewhere].map((word) => `'${word}'`).join(" ")
    // Leases are renewed all the time: there is always more than one line.
    const { stderr, stdout } = yield* shell(`${tail} | head -1`)
    assert.strictEqual(stderr, "")
    assert.match(stdout, /^\d\d:\d\d:\d\d\.\d{3} \w+ \d+ (create|change|delete) \S+ \d+ bytes\n$/)

    // It is refused for who it is, and not for how it was asked.
    const refused = yield* Effect.flip(server.run("member", "remove", "nobody", ...elsewhere))
    assert.notInclude(refused.message, "kubeconfig")
  }).pipe(Effect.scoped, Effect.provide(NodeServices.layer))
)
