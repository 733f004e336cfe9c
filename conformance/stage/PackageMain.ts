/** `PackageMain.ts ISOLATION DIRECTORY…`: what `keelson plugin check` runs, a process of its own, from source. Ends with 1 if a law is broken. */
import { NodeRuntime } from "@effect/platform-node"
import { Effect, References } from "effect"
import { isolations } from "../../kernel/plugin/Plugin.ts"
import * as Package from "./Package.ts"

const [, , wanted, ...directories] = process.argv
const isolation = isolations.find((one) => one === wanted)

const program = Effect.gen(function* () {
  let isGood = true
  for (const directory of directories) {
    if (directories.length > 1) process.stdout.write(`${directory}\n`)
    yield* Package.report(directory, isolation, (result) => {
      process.stdout.write(`${Package.line(result)}\n`)
      isGood &&= Package.isGood(result)
    })
  }
  process.exitCode = isGood ? 0 : 1
}).pipe(Effect.provideService(References.MinimumLogLevel, "Warn"))
NodeRuntime.runMain(program, { teardown: (exit, end) => end(exit._tag === "Success" ? Number(process.exitCode ?? 0) : 1) })
