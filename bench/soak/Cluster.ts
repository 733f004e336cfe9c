/** The cluster of a soak, as a child of it: `keelson up` with a data directory that stays, and what its processes hold in memory. */
import { Duration, Effect, Schedule, Schema } from "effect"
import { spawn } from "node:child_process"
import { once } from "node:events"
import { existsSync, globSync, readFileSync } from "node:fs"
import { join } from "node:path"

export class SoakFailed extends Schema.TaggedError<SoakFailed>()("SoakFailed", { message: Schema.String }) {}

const keelson = join(import.meta.dirname, "../../bin/keelson")

/** Ends with the scope. `more`: flags for `keelson up`. */
export const start = Effect.fn("Soak.start")(function* (directory: string, more: ReadonlyArray<string>) {
  const dataDir = join(directory, "cluster")
  const child = yield* Effect.acquireRelease(
    Effect.sync(() =>
      spawn(process.execPath, [keelson, "up", "--hello", "--data-dir", dataDir, ...more], {
        stdio: ["ignore", "pipe", "inherit"],
        // Ctrl-C is for the soak alone, which ends its cluster then.
        detached: true
      })
    ),
    (child) =>
      Effect.promise(async () => {
        if (child.exitCode !== null) return
        child.kill("SIGTERM")
        await once(child, "exit")
      })
  )
  let said = ""
  child.stdout.setEncoding("utf8").on("data", (text: string) => {
    said += said.length < 100_000 ? text : ""
  })
  const ready = Effect.suspend(() => {
    if (child.exitCode !== null) return new SoakFailed({ message: `the cluster ended (${child.exitCode}):\n${said}` })
    return Effect.succeed(said.includes("The cluster is yours"))
  })
  yield* ready.pipe(
    Effect.repeat({ schedule: Schedule.spaced("200 millis"), until: (is) => is }),
    Effect.timeoutOrElse({
      duration: Duration.minutes(3),
      orElse: () => new SoakFailed({ message: `the cluster did not come up:\n${said}` })
    })
  )
  return { dataDir, kubeconfig: join(dataDir, "kubeconfig"), isHollow: said.includes("hollow") }
})

const Pid = Schema.fromJsonString(Schema.Struct({ pid: Schema.Int }))
const resident = /^VmRSS:\s+(\d+) kB/m

/** Of all processes of the cluster that are our own, in MiB. */
export const memory = (dataDir: string) =>
  globSync("run/*.pid", { cwd: dataDir }).reduce((sum, file) => {
    const { pid } = Schema.decodeUnknownSync(Pid)(readFileSync(join(dataDir, file), "utf8"))
    const status = `/proc/${pid}/status`
    return sum + (existsSync(status) ? Math.round(Number(resident.exec(readFileSync(status, "utf8"))?.[1] ?? 0) / 1024) : 0)
  }, 0)
