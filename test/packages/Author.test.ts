/** The README's way of an author, line by line: from `keelson plugin new` to Pods that the new plugin has placed, on a cluster that runs. */
import { NodeServices } from "@effect/platform-node"
import { assert, describe, it } from "@effect/vitest"
import { Effect, FileSystem, Schedule } from "effect"
import { execFile } from "node:child_process"
import { readFileSync } from "node:fs"
import { join } from "node:path"
import { fileURLToPath } from "node:url"
import * as Machine from "../../conformance/stage/Machine.ts"
import { left } from "../Left.ts"
import { cluster } from "./Cluster.ts"

const root = fileURLToPath(new URL("../../", import.meta.url))
const readme = readFileSync(join(root, "plugins/packages/README.md"), "utf8")

interface Step {
  readonly command: string
  readonly printed: ReadonlyArray<string>
}
const steps: ReadonlyArray<Step> = (/```console\n(.*?)```/s.exec(readme)?.[1] ?? "")
  .split(/^\$ /m)
  .slice(1)
  .map((step) => {
    const [command = "", ...printed] = step.trimEnd().split("\n")
    return { command, printed }
  })

/** With the author's `keelson` on the way to programs. */
const site = Effect.gen(function* () {
  const files = yield* FileSystem.FileSystem
  const { home, kubeconfig } = yield* cluster
  const shim = join(home, "bin")
  yield* files.makeDirectory(shim)
  yield* files.writeFileString(join(shim, "keelson"), `#!/bin/sh\nexec ${root}bin/keelson "$@"\n`, { mode: 0o755 })
  return { home, kubeconfig, shim }
})

/** In a shell of the author's; what it printed, or what it printed and failed with. */
const shell = (command: string, { home, kubeconfig, shim }: Effect.Success<typeof site>) =>
  Effect.callback<string, Error>((resume) => {
    const path = `${shim}:${join(root, "node_modules/.bin")}:${process.env["PATH"]}`
    const env = { ...process.env, HOME: home, KUBECONFIG: kubeconfig, PATH: path, KEELSON_SOURCE: "1" }
    const child = execFile("sh", ["-c", command], { cwd: home, env }, (error, stdout, stderr) =>
      resume(error === null ? Effect.succeed(stdout) : Effect.fail(new Error(`${command}: ${stdout}${stderr}`)))
    )
    return Effect.sync(() => child.kill())
  })

const words = (text: string) => text.trim().replaceAll(/\s+/g, " ")

/** What a step reads may take a moment to come to be. */
const taken = (step: Step, own: Effect.Success<typeof site>) => {
  const once = Effect.gen(function* () {
    const lines = (yield* shell(step.command, own)).split("\n").map(words)
    for (const line of step.printed)
      if (!lines.some((printed) => printed.startsWith(words(line))))
        return yield* Effect.fail(new Error(`${step.command} did not print ${line}, but ${lines.join("\n")}`))
  })
  const reads = step.command.startsWith("kubectl get")
  return reads ? Effect.retry(once, { schedule: Schedule.spaced("300 millis"), times: 100 }) : once
}

const lacks = Machine.lacking("kubectl")
describe.skipIf(lacks.length > 0)(`an author's first plugin, as plugins/packages/README.md has it${left(lacks)}`, () => {
  it.live(
    "each line does what it says, within ten commands",
    () =>
      Effect.gen(function* () {
        assert.isAtMost(steps.length, 10)
        const own = yield* site
        for (const step of steps) yield* taken(step, own)
      }).pipe(Effect.scoped, Effect.provide(NodeServices.layer)),
    300_000
  )
})
