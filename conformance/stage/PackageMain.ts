/** `PackageMain.ts ISOLATION [--with=DIRECTORY]… DIRECTORY…`: what `keelson plugin check` runs, a process of its own, from source. Ends with 1 if a law is broken. */
import * as NodeRuntime from "@effect/platform-node/NodeRuntime"
import * as NodeServices from "@effect/platform-node/NodeServices"
import { Effect, References } from "effect"
import { spawnSync } from "node:child_process"
import * as NodeContracts from "../../plugins/packages/node/NodeContracts.ts"
import * as Manifests from "../../plugins/packages/Package.ts"
import * as Words from "../../plugins/packages/Words.ts"
import { isolations } from "../../kernel/plugin/Plugin.ts"
import type { Result } from "../Adapter.ts"
import * as Package from "./Package.ts"

const [, , wanted, ...named] = process.argv
const marker = "--with="
const directories = named.filter((one) => !one.startsWith(marker))
const beside = named.flatMap((one) => (one.startsWith(marker) ? [one.slice(marker.length)] : []))
const isolation = isolations.find((one) => one === wanted)

/** Packages of nodes change the machine's network and mounts: they get such of their own, which go with this process. */
const alone = Effect.gen(function* () {
  const manifests = yield* Effect.forEach(directories, (directory) => Manifests.manifest(directory))
  const isAlone = process.env["KEELSON_ALONE"] === "1" || process.getuid?.() !== 0
  if (isAlone || !manifests.some(NodeContracts.isForNodes)) return undefined
  const enter = ["--net", "--mount", "--", "sh", "-c", 'ip link set lo up && exec "$0" "$@"']
  const self = [process.execPath, ...process.execArgv, ...process.argv.slice(1)]
  const { status } = spawnSync("unshare", [...enter, ...self], {
    stdio: "inherit",
    env: { ...process.env, KEELSON_ALONE: "1" }
  })
  return status ?? 1
}).pipe(Effect.provide(NodeServices.layer))

const program = Effect.gen(function* () {
  const status = yield* alone
  if (status !== undefined) return void (process.exitCode = status)
  let isGood = true
  for (const directory of directories) {
    if (directories.length > 1) process.stdout.write(`${directory}\n`)
    const tell = (result: Result) => {
      process.stdout.write(`${Package.line(result)}\n`)
      isGood &&= Package.isGood(result)
    }
    const failed = (error: unknown) => {
      process.stdout.write(`✗ ${Words.of(error)}\n`)
      isGood = false
    }
    yield* Effect.catch(Package.report(directory, isolation, tell, beside), (error) => Effect.sync(() => failed(error)))
  }
  process.exitCode = isGood ? 0 : 1
}).pipe(Effect.provideService(References.MinimumLogLevel, "Warn"))
/** Ends here and now: laws leave somebody behind as one that was killed does, who would hold this process up. */
NodeRuntime.runMain(program, {
  teardown: (exit) => process.exit(exit._tag === "Success" ? Number(process.exitCode ?? 0) : 1)
})
