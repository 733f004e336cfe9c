/** `PackageMain.ts DIRECTORY ISOLATION`: what `keelson plugin check` runs, a process of its own, from source. Ends with 1 if a law is broken. */
import { NodeRuntime } from "@effect/platform-node"
import { Console, Effect, References } from "effect"
import { isolations } from "../../kernel/plugin/Plugin.ts"
import * as Package from "./Package.ts"

const [, , directory = ".", wanted = "worker"] = process.argv
const isolation = isolations.find((one) => one === wanted) ?? "worker"

const program = Effect.gen(function* () {
  const lines = yield* Package.report(directory, isolation)
  yield* Console.log(lines.join("\n"))
  process.exitCode = lines.every((line) => line.startsWith("ok")) ? 0 : 1
}).pipe(Effect.provideService(References.MinimumLogLevel, "Warn"))
NodeRuntime.runMain(program, { teardown: (exit, end) => end(exit._tag === "Success" ? Number(process.exitCode ?? 0) : 1) })
