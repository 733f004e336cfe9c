/** The CSI driver of upstream's own tests, csi-driver-host-path, as a process of the test. */
import { Effect, Schedule } from "effect"
import { type ChildProcess, spawn } from "node:child_process"
import { existsSync, mkdirSync } from "node:fs"
import { join } from "node:path"
import * as Program from "../../adapters/Program.ts"

const program = "hostpathplugin"
export const lacks = [
  ...(process.getuid?.() === 0 ? [] : ["root"]),
  ...(Program.find(program) === undefined ? [program] : [])
]

const ended = (child: ChildProcess) =>
  Effect.callback<void>((resume) => {
    if (child.exitCode !== null || child.signalCode !== null) return resume(Effect.void)
    child.once("exit", () => resume(Effect.void))
    child.kill("SIGKILL")
  })

/** The path of its socket. What it keeps lies in `directory`. */
export const start = Effect.fnUntraced(function* (directory: string, ...flags: ReadonlyArray<string>) {
  const socket = join(directory, "csi.sock")
  const state = join(directory, "state")
  mkdirSync(state, { recursive: true })
  const args = [
    `--endpoint=unix://${socket}`,
    `--statedir=${state}`,
    "--drivername=hostpath.csi.k8s.io",
    "--nodeid=n1",
    ...flags
  ]
  yield* Effect.acquireRelease(
    Effect.sync(() => spawn(Program.find(program) ?? program, args, { stdio: "ignore" })),
    ended
  )
  yield* Effect.repeat(
    Effect.sync(() => existsSync(socket)),
    { schedule: Schedule.spaced("20 millis"), until: (there) => there }
  ).pipe(Effect.timeout("20 seconds"))
  return socket
})
