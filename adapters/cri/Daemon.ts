/**
 * The process of a runtime of our own. It is detached and known by its pid file: whoever starts next on the same folder finds it,
 * and the Pods in it, as they were.
 */
import { Effect, Schema } from "effect"
import { spawn } from "node:child_process"
import { mkdirSync, openSync, closeSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs"
import { dirname, isAbsolute, join } from "node:path"
import * as Program from "../Program.ts"

export class DaemonFailed extends Schema.TaggedError<DaemonFailed>()("DaemonFailed", { detail: Schema.String }) {}

export interface Daemon {
  /** Of its pid file and its log: `containerd`. */
  readonly name: string
  readonly directory: string
  readonly program: string
  readonly arguments: ReadonlyArray<string>
  /** The file that stands among the arguments and by which the process is known. */
  readonly config: string
  readonly environment?: { readonly [name: string]: string }
  /** What it is started by, such as `nsenter --net=…`. */
  readonly launcher: ReadonlyArray<string>
}

export const pidFile = ({ directory, name }: Pick<Daemon, "directory" | "name">) => join(directory, `${name}.pid`)
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

/** What lies beside the program belongs to it: a containerd and its shims are of one version. */
const pathOf = (program: string) =>
  [...(isAbsolute(program) ? [dirname(program)] : []), process.env["PATH"] ?? "/usr/sbin:/usr/bin:/sbin:/bin"].join(":")

export const start = (daemon: Daemon) =>
  Effect.try({
    try: () => {
      mkdirSync(daemon.directory, { recursive: true, mode: 0o700 })
      const log = openSync(join(daemon.directory, `${daemon.name}.log`), "a", 0o600)
      const [program = daemon.program, ...args] = [...daemon.launcher, daemon.program, ...daemon.arguments]
      const env = { ...process.env, PATH: pathOf(daemon.program), ...daemon.environment }
      const child = spawn(program, args, { detached: true, stdio: ["ignore", log, log], cwd: "/", env })
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

const processes = () =>
  readdirSync("/proc")
    .map(Number)
    .filter((pid) => pid > 1)

/** These and all that they have started, which is theirs also when it has no name of its own yet (`runc init`). */
const withDescendants = (pids: ReadonlyArray<number>) => {
  const parents = processes().map((pid) => ({
    pid,
    parent: Number(/^PPid:\s*(\d+)$/m.exec(read(`/proc/${pid}/status`))?.[1] ?? 0)
  }))
  const found = new Set(pids)
  for (let before = 0; before < found.size; ) {
    before = found.size
    for (const { parent, pid } of parents) if (found.has(parent)) found.add(pid)
  }
  return found
}

/** When a process was started, in ticks since the machine was: proc(5). */
const startOf = (pid: number) => Number(read(`/proc/${pid}/stat`).split(") ").at(-1)?.split(" ")[19] ?? Number.NaN)

/** Kills, with all that they have started, the processes of such a command line that are older than the daemon. Says how many. */
export const endOlder = (daemon: Daemon, isMeant: (commandLine: string) => boolean) =>
  Effect.sync(() => {
    const since = startOf(running(daemon) ?? 0)
    const meant = processes()
      .filter((pid) => isMeant(read(`/proc/${pid}/cmdline`).replaceAll("\0", " ")))
      .filter((pid) => startOf(pid) < since)
    for (const pid of withDescendants(meant)) signal(pid, "SIGKILL")
    return meant.length
  })

/**
 * Takes back what a daemon that was killed may have left. Who watches a container outlives the daemon by design: `isWatcher` knows
 * it by its command line. Then what is mounted below the daemon's folder.
 */
export const sweep = Effect.fnUntraced(function* (
  { directory }: Pick<Daemon, "directory">,
  isWatcher: (commandLine: string) => boolean
) {
  const watchers = processes().filter((pid) => isWatcher(read(`/proc/${pid}/cmdline`).replaceAll("\0", " ")))
  for (const pid of withDescendants(watchers)) signal(pid, "SIGKILL")
  const mounts = read("/proc/self/mounts")
    .split("\n")
    .flatMap((line) => line.split(" ").slice(1, 2))
    .filter((path) => path.startsWith(`${directory}/`))
  for (const path of mounts.toReversed()) yield* Effect.ignore(Program.run("umount", ["-l", path]))
})
