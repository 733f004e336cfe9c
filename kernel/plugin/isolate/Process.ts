/** A guest in a process of its own, whose only wire to the host is a pair of sockets that it inherits. */
import { Effect } from "effect"
import { type ChildProcess, spawn } from "node:child_process"
import { existsSync, readdirSync, readFileSync } from "node:fs"
import type { Socket } from "node:net"
import { delimiter } from "node:path"
import type { Readable } from "node:stream"
import { fileURLToPath } from "node:url"
import * as Frames from "../Frames.ts"
import type * as Wire from "../Wire.ts"
import { IsolateFailed } from "./Protocol.ts"
import { defaultMemory, type Grants, Main, type Open, type Settings } from "./Settings.ts"

/** What a program is started as. */
export interface Command {
  readonly file: string
  readonly args: ReadonlyArray<string>
  readonly env: { readonly [name: string]: string }
}

const megabyte = 1024 ** 2
const limits: Frames.Limits = { largest: 256 * megabyte, unread: 256 * megabyte }

/** Where programs lie that only root has use for: a PATH of somebody else may lack them, and a process without any looks in none. */
const folders = ["/usr/local/sbin", "/usr/local/bin", "/usr/sbin", "/usr/bin", "/sbin", "/bin"]
const paths = () =>
  [...new Set([...(process.env["PATH"] ?? "").split(delimiter).filter((one) => one !== ""), ...folders])].join(delimiter)

/** The variables that are granted, as far as they are there. */
export const granted = ({ environment = [] }: Grants = {}): Command["env"] =>
  Object.fromEntries(
    environment.flatMap((name) => {
      const value = process.env[name]
      return value === undefined ? [] : [[name, value]]
    })
  )

/** What a guest finds of the environment: what it is granted, where programs lie, and the bundle. Nothing else is handed on. */
export const environment = ({ grants }: Pick<Settings, "grants">): Command["env"] => {
  const dist = process.env["KEELSON_DIST"]
  return { ...granted(grants), PATH: paths(), ...(dist !== undefined && { KEELSON_DIST: dist }) }
}

export const heapMegabytes = ({ budgets }: Pick<Settings, "budgets">) =>
  Math.max(16, Math.ceil((budgets?.memoryBytes ?? defaultMemory) / megabyte))

/** Node.js with the guest's program. */
export const node = (
  settings: Pick<Settings, "budgets" | "grants" | "name">,
  main: URL,
  flags: ReadonlyArray<string> = []
): Command => ({
  file: process.execPath,
  args: [
    `--max-old-space-size=${heapMegabytes(settings)}`,
    "--disable-warning=ExperimentalWarning",
    "--disable-warning=SecurityWarning",
    "--enable-source-maps",
    ...flags,
    fileURLToPath(main),
    settings.name
  ],
  env: environment(settings)
})

/** Ends with this process, also when that is killed. */
export const mortal = ({ args, env, file }: Command): Command => {
  const setpriv = ["/usr/bin/setpriv", "/bin/setpriv"].find((path) => existsSync(path))
  return setpriv === undefined
    ? { args, env, file }
    : { file: setpriv, args: ["--pdeathsig", "KILL", "--", file, ...args], env }
}

/** How long a process may run on without its socket, in milliseconds. */
const patience = 1000
const longestLine = 4096
const linesPerSecond = 200

/** What it prints is logged, as long as it does not drown what others say. */
export const printed = (stream: Readable, log: (line: string) => void) => {
  let [rest, second, lines] = ["", 0, 0]
  stream.setEncoding("utf8").on("data", (text: string) => {
    const now = Math.floor(performance.now() / 1000)
    if (now !== second) [second, lines] = [now, 0]
    const all = `${rest}${text}`.split("\n")
    rest = (all.pop() ?? "").slice(-longestLine)
    for (const line of all) {
      if (++lines < linesPerSecond) log(line.slice(0, longestLine))
      else if (lines === linesPerSecond) log("it prints more than is kept")
    }
  })
  stream.on("end", () => {
    if (rest !== "") log(rest)
  })
  stream.on("error", () => log("what it prints can no longer be read"))
}

/** What it has started, by whichever of its threads. */
const children = (pid: number) =>
  readdirSync(`/proc/${pid}/task`).flatMap((thread) =>
    readFileSync(`/proc/${pid}/task/${thread}/children`, "utf8").split(" ").filter(Boolean).map(Number)
  )

/** Bytes of memory that it and what it has started hold now, their shared libraries left out. */
const resident = (pid: number): number => {
  try {
    const [, pages = "0", shared = "0"] = readFileSync(`/proc/${pid}/statm`, "utf8").split(" ")
    const own = (Number(pages) - Number(shared)) * 4096
    return children(pid).reduce((sum, child) => sum + resident(child), own)
  } catch {
    // It has ended, or there is no /proc: its own account of itself remains.
    return 0
  }
}

export const ended = (code: number | null, signal: string | null) =>
  signal === null ? `its process has ended with code ${code}` : `its process was ended by ${signal}`

const wireOf = (child: ChildProcess, socket: Socket): Wire.Wire => {
  const wire = Frames.wireOf(socket, limits)
  return {
    ...wire,
    listen: (heard, closed) => {
      let why: string | undefined
      // Who closes the socket is about to end, or goes on running unless somebody ends it. How it ends says more than the
      // socket, unless it was closed here for what was said on it.
      wire.listen(heard, (cause) => {
        if (cause instanceof Error && !("code" in cause)) why = cause.message
        setTimeout(() => child.kill("SIGKILL"), why === undefined ? patience : 0).unref()
      })
      child.once("error", (cause) => closed(cause.message))
      child.once("exit", (code, signal) => closed(why ?? ended(code, signal)))
      if (child.exitCode !== null || child.signalCode !== null) closed(ended(child.exitCode, child.signalCode))
    }
  }
}

/** What `command` says, started; what it prints is logged. */
export const spawned = ({ args, env, file }: Command, log: (line: string) => void, cwd = "/") => {
  const child = spawn(file, args, { env, cwd, stdio: ["ignore", "pipe", "pipe", "pipe"] })
  for (const stream of [child.stdout, child.stderr]) if (stream !== null) printed(stream, log)
  return child
}

/** A wire whose end is told in other words. */
export const explained = (wire: Wire.Wire, words: (why: unknown) => unknown): Wire.Wire => ({
  ...wire,
  listen: (heard, closed) => wire.listen(heard, (why) => closed(words(why)))
})

interface Started {
  readonly cwd?: string
  /** Without it nobody watches how much memory it holds. */
  readonly memoryBytes?: number
}

/** Starts what `command` says, and watches how much memory it holds. It is killed at the end of the scope. */
export const running = Effect.fnUntraced(function* (
  name: string,
  command: Command,
  die: (why: string) => void,
  { cwd, memoryBytes }: Started
) {
  const run = Effect.runForkWith(yield* Effect.context())
  const log = (line: string) => run(Effect.annotateLogs(Effect.logInfo(line), { plugin: name }))
  const child = yield* Effect.acquireRelease(
    Effect.sync(() => spawned(command, log, cwd)),
    (child) =>
      Effect.callback<void>((resume) => {
        if (child.pid === undefined || child.exitCode !== null || child.signalCode !== null) return resume(Effect.void)
        child.once("exit", () => resume(Effect.void))
        child.kill("SIGKILL")
      })
  )
  const failed = (reason: string) => new IsolateFailed({ plugin: name, reason })
  yield* Effect.callback<void, IsolateFailed>((resume) => {
    child.once("spawn", () => resume(Effect.void))
    child.once("error", ({ message }) => resume(Effect.fail(failed(`it cannot be started: ${message}`))))
  })
  if (child.pid !== undefined && memoryBytes !== undefined) {
    const { pid } = child
    const watch = () => {
      if (resident(pid) > memoryBytes)
        die(`it uses more than the ${Math.round(memoryBytes / megabyte)} MiB of memory that are granted`)
    }
    yield* Effect.acquireRelease(
      Effect.sync(() => setInterval(watch, 100).unref()),
      (timer) => Effect.sync(() => clearInterval(timer))
    )
  }
  return child
})

/** A guest in a process, and the wire to it. */
export const start = Effect.fnUntraced(function* (settings: Settings, command: Command, die: (why: string) => void) {
  const { budgets, name } = settings
  const child = yield* running(name, command, die, { memoryBytes: budgets?.memoryBytes ?? defaultMemory })
  // The fourth of `stdio` is a pair of sockets.
  return wireOf(child, child.stdio[3] as Socket)
})

export const open: Open = Effect.fnUntraced(function* (settings, die) {
  return yield* start(settings, mortal(node(settings, yield* Main)), die)
})
