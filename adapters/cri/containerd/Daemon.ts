/**
 * The process of a containerd of our own. It is detached and known by its pid file: whoever starts next on the same folder
 * finds it, and the Pods in it, as they were.
 */
import { Effect, Schema } from "effect"
import { spawn } from "node:child_process"
import { mkdirSync, openSync, closeSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import * as Program from "../../Program.ts"

export class DaemonFailed extends Schema.TaggedError<DaemonFailed>()("DaemonFailed", { detail: Schema.String }) {}

export interface Daemon {
  readonly directory: string
  readonly program: string
  readonly config: string
  /** What it is started by, such as `nsenter --net=…`. */
  readonly launcher: ReadonlyArray<string>
}

const pidFile = ({ directory }: Daemon) => join(directory, "containerd.pid")
const read = (path: string) => {
  try {
    return readFileSync(path, "utf8")
  } catch {
    return ""
  }
}

/** A pid is ours if what runs under it was started with our configuration: pids are given again. */
export const running = (daemon: Daemon) => {
  const pid = Number(read(pidFile(daemon)))
  if (!(pid > 1) || read(`/proc/${pid}/stat`).includes(") Z ")) return undefined
  return read(`/proc/${pid}/cmdline`).includes(daemon.config) ? pid : undefined
}

export const start = (daemon: Daemon) =>
  Effect.try({
    try: () => {
      mkdirSync(daemon.directory, { recursive: true, mode: 0o700 })
      const log = openSync(join(daemon.directory, "containerd.log"), "a", 0o600)
      const [program = daemon.program, ...args] = [...daemon.launcher, daemon.program, "--config", daemon.config]
      const child = spawn(program, args, { detached: true, stdio: ["ignore", log, log], cwd: "/" })
      closeSync(log)
      // Who waits for the socket learns that it did not start.
      child.on("error", () => undefined)
      child.unref()
      writeFileSync(pidFile(daemon), `${child.pid ?? ""}`, { mode: 0o600 })
    },
    catch: (cause) => new DaemonFailed({ detail: `${cause}` })
  })

const signal = (pid: number, name: NodeJS.Signals) => {
  try {
    process.kill(pid, name)
  } catch {
    // It ended by itself.
  }
}

export const stop = Effect.fnUntraced(function* (daemon: Daemon) {
  const pid = running(daemon)
  if (pid === undefined) return
  signal(pid, "SIGTERM")
  for (let waited = 0; running(daemon) === pid && waited < 50; waited++) yield* Effect.sleep("100 millis")
  if (running(daemon) === pid) signal(pid, "SIGKILL")
  rmSync(pidFile(daemon), { force: true })
})

/** Shims outlive the daemon by design: those that were started for this socket. */
const shims = (socket: string) =>
  readdirSync("/proc")
    .map(Number)
    .filter((pid) => pid > 1)
    .filter((pid) => {
      const command = read(`/proc/${pid}/cmdline`)
      return command.includes("containerd-shim") && command.includes(socket)
    })

/** These and all that they have started, which is theirs also when it has no name of its own yet (`runc init`). */
const withDescendants = (pids: ReadonlyArray<number>) => {
  const parents = readdirSync("/proc")
    .map(Number)
    .filter((pid) => pid > 1)
    .map((pid) => ({ pid, parent: Number(/^PPid:\s*(\d+)$/m.exec(read(`/proc/${pid}/status`))?.[1] ?? 0) }))
  const found = new Set(pids)
  for (let before = 0; before < found.size; ) {
    before = found.size
    for (const { parent, pid } of parents) if (found.has(parent)) found.add(pid)
  }
  return found
}

/** Takes back what a daemon that was killed may have left: shims with their processes, and what is mounted below its folder. */
export const sweep = Effect.fnUntraced(function* ({ directory }: Daemon, socket: string) {
  for (const pid of withDescendants(shims(socket))) signal(pid, "SIGKILL")
  const mounts = read("/proc/self/mounts")
    .split("\n")
    .flatMap((line) => line.split(" ").slice(1, 2))
    .filter((path) => path.startsWith(`${directory}/`))
  for (const path of mounts.toReversed()) yield* Effect.ignore(Program.run("umount", ["-l", path]))
})
