/**
 * A guest in a process that can reach only what it is granted: namespaces around it, a cgroup for memory, processors and
 * processes where this process may make one, and the permissions of Deno inside, or those of Node.js where there is no Deno.
 * Where namespaces cannot be made, Deno's permissions have to do; Node.js's, which confine neither the network nor hostile code,
 * only if `confinement` says so.
 */
import { Effect, Random, Schedule } from "effect"
import { spawnSync } from "node:child_process"
import { existsSync, mkdtempSync, realpathSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { basename, dirname, join } from "node:path"
import { fileURLToPath } from "node:url"
import * as Cgroup from "./Cgroup.ts"
import * as Deno from "./Deno.ts"
import * as Jail from "./Jail.ts"
import * as Network from "./Network.ts"
import * as Process from "./Process.ts"
import { IsolateFailed } from "./Protocol.ts"
import { defaultMemory, Main, type Open, type Settings } from "./Settings.ts"

const failed = (plugin: string, reason: string) => new IsolateFailed({ plugin, reason })

const pids = 64
const nobody = 65534

const above = (path: string): ReadonlyArray<string> => (dirname(path) === path ? [path] : [path, ...above(dirname(path))])
const holds = (file: string) => (folder: string) => existsSync(join(folder, file))

/** Of Keelson's folder, what programs are made of: data that somebody keeps there is no business of a plugin. */
const parts = ["kernel", "plugins", "adapters", "conformance", "dist", "node_modules", "package.json"]

/** What a module cannot be loaded without. */
export const modules = (main: string, module: string) => {
  const keelson = above(dirname(main)).find(holds("package.json")) ?? dirname(main)
  const own = above(dirname(module)).find(holds("keelson.json")) ?? dirname(module)
  const libraries = above(own).find(holds("node_modules"))
  const paths = [...parts.map((part) => join(keelson, part)), own]
  // What npm has laid beside Keelson where that is a package itself: some of it is what Keelson depends on.
  if (basename(dirname(keelson)) === "node_modules") paths.push(dirname(keelson))
  if (libraries !== undefined) paths.push(join(libraries, "node_modules"), join(libraries, "package.json"))
  const there = paths.filter((path) => existsSync(path))
  const all = [...new Set([...there, ...there.map((path) => realpathSync(path))])]
  // What lies in a folder comes with it, and could not be laid into it once that can only be read.
  return all.filter((path) => !all.some((other) => path.startsWith(`${other}/`)))
}

const empty = Effect.acquireRelease(
  Effect.sync(() => mkdtempSync(join(tmpdir(), "keelson-sandbox-"))),
  (path) => Effect.sync(() => rmSync(path, { recursive: true, force: true }))
)

/** Why no jail can be made here; asked once, by making one. */
let tried: string | undefined
export const refusal = () => {
  if (tried !== undefined) return tried
  const lacks = Jail.lacks()
  if (lacks.length > 0) return (tried = `this machine has no ${lacks.join(", ")}`)
  const root = mkdtempSync(join(tmpdir(), "keelson-sandbox-"))
  const jail = { root, read: [], write: [], mounts: [], hosts: [], joins: [] }
  const { args, env, file } = Jail.around(jail, { file: process.execPath, args: ["--version"], env: {} })
  const { error, status, stderr } = spawnSync(file, args, { env, encoding: "utf8" })
  rmSync(root, { recursive: true, force: true })
  return (tried = status === 0 ? "" : (error?.message ?? stderr.trim().split("\n").at(-1) ?? `it ends with ${status}`))
}

/** The least that Node.js lets through. */
const permissions = ({ commands, read, write }: Inmate["allowed"]) => [
  "--permission",
  ...read.map((path) => `--allow-fs-read=${path}`),
  ...write.map((path) => `--allow-fs-write=${path}`),
  ...(commands.length > 0 ? ["--allow-child-process"] : [])
]

/** The system's own limits, where this process may ask for them. */
const cgroup = ({ budgets = {}, name }: Settings) =>
  Effect.acquireRelease(
    Effect.gen(function* () {
      const { cpus, memoryBytes = defaultMemory, pids: most = pids } = budgets
      const unique = `${name}-${process.pid}-${yield* Random.nextIntBetween(0, 2 ** 31)}`
      const limits = { memoryBytes, pids: most, ...(cpus !== undefined && { cpus }) }
      return yield* Effect.try({
        try: () => Cgroup.make(unique, limits),
        catch: (cause) => failed(name, `the sandbox gets no cgroup: ${String(cause)}`)
      })
    }),
    // What was killed takes a moment to be gone.
    ({ remove }) =>
      Effect.retry(Effect.try(remove), { times: 100, schedule: Schedule.spaced("20 millis") }).pipe(Effect.orDie)
  )

/** What a sandbox is made for. */
interface Inmate {
  readonly settings: Settings
  readonly main: URL
  /** Absent: it runs on Node.js. */
  readonly deno: string | undefined
  /** Its own modules, and what it is granted. */
  readonly allowed: Omit<Deno.Allowed, "network" | "sockets">
  readonly network: ReadonlyArray<Network.Grant>
}
type Die = (reason: string) => void

const inmate = Effect.fnUntraced(function* (settings: Settings) {
  const { grants = {}, module, name, runtime } = settings
  const { commands = [], files: { read = [], write = [] } = {}, network = [] } = grants
  const main = yield* Main
  const deno = runtime === "node" ? undefined : Deno.find()
  if (runtime === "deno" && deno === undefined)
    return yield* failed(name, "this machine has no deno 2.9 or newer on its PATH: install it, or let Node.js do")
  const own = modules(fileURLToPath(main), fileURLToPath(module))
  const allowed = { read: [...own, ...read, ...write], write, commands }
  const odd = deno === undefined ? undefined : [...allowed.read, ...commands].find((path) => path.includes(","))
  if (odd !== undefined) return yield* failed(name, `Deno cannot be told to allow ${odd}: there is a comma in it`)
  const made: Inmate = { settings, main, deno, allowed, network: yield* Network.parse(name, network) }
  return made
})

/** Around it are namespaces: what it is not granted is not there, whatever it runs on. */
const jailed = Effect.fnUntraced(function* ({ allowed, deno, main, network, settings }: Inmate, die: Die) {
  const isRoot = process.getuid?.() === 0
  const limits = isRoot ? yield* cgroup(settings) : undefined
  const [root, sockets] = [yield* empty, join(yield* empty, "network")]
  const isLed = network.length > 0
  if (isLed) yield* Network.serve(network, sockets, isRoot ? nobody : undefined)
  const jail = {
    root,
    read: [...allowed.read.filter((path) => !allowed.write.includes(path)), ...allowed.commands],
    write: allowed.write,
    mounts: isLed ? [[sockets, Network.folder] as const] : [],
    hosts: network,
    joins: limits?.joins ?? []
  }
  const env = {
    ...Process.environment(settings),
    ...Jail.environment,
    ...(isLed && { [Network.variable]: JSON.stringify(network) })
  }
  const inside = {
    ...allowed,
    network: network.flatMap(({ address, name, port }) => [address, name].map((host) => ({ host, port }))),
    sockets: isLed ? [Network.socket] : []
  }
  const command =
    deno === undefined
      ? { ...Process.node(settings, main, permissions({ ...allowed, read: ["/*"], write: ["/*"] })), env }
      : Deno.command(deno, settings, main, inside, env, "/tmp/deno")
  const wire = yield* Process.start(settings, Jail.around(jail, command), die)
  if (limits === undefined) return wire
  return Process.explained(wire, (why) => (limits.isFull() ? `it used more memory than it is granted (${why})` : why))
})

/** Nothing is around it: what it is not granted is refused by what it runs on. */
const permitted = Effect.fnUntraced(function* ({ allowed, deno, main, network, settings }: Inmate, die: Die) {
  const inside = { ...allowed, network: network.map(({ name, port }) => ({ host: name, port })), sockets: [] }
  const command =
    deno === undefined
      ? Process.node(settings, main, permissions(allowed))
      : Deno.command(deno, settings, main, inside, Process.environment(settings), yield* empty)
  return yield* Process.start(settings, Process.mortal(command), die)
})

export const open: Open = Effect.fnUntraced(function* (settings, die) {
  const { confinement, name } = settings
  const made = yield* inmate(settings)
  if (confinement === "permissions") return yield* permitted(made, die)
  const why = refusal()
  if (why === "") return yield* jailed(made, die)
  if (confinement === undefined && made.deno !== undefined) return yield* permitted(made, die)
  const advice = "run it where it can, or install deno, or say that Node.js's permissions will do"
  return yield* failed(name, `this machine cannot make a sandbox: ${why}; ${advice}`)
})
