/**
 * A guest in a process that can reach only what it is granted: namespaces around it, a cgroup for memory, processors and
 * processes where this process may make one, and Node.js's permissions inside. Where namespaces cannot be made it does not
 * start, unless `confinement` says that Node.js's permissions will do, which confine neither the network nor hostile code.
 */
import { Effect, Random, Schedule } from "effect"
import { spawnSync } from "node:child_process"
import { existsSync, mkdtempSync, realpathSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { dirname, join } from "node:path"
import { fileURLToPath } from "node:url"
import * as Cgroup from "./Cgroup.ts"
import * as Jail from "./Jail.ts"
import * as Network from "./Network.ts"
import * as Process from "./Process.ts"
import { IsolateFailed } from "./Protocol.ts"
import { defaultMemory, Main, type Open, type Settings } from "./Settings.ts"

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
  if (libraries !== undefined) paths.push(join(libraries, "node_modules"), join(libraries, "package.json"))
  const there = paths.filter((path) => existsSync(path))
  return [...new Set([...there, ...there.map((path) => realpathSync(path))])]
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

/** The least that Node.js lets through. In a jail all files that are there are granted. */
const permissions = (settings: Settings, read: ReadonlyArray<string>, write: ReadonlyArray<string>) => [
  "--permission",
  ...read.map((path) => `--allow-fs-read=${path}`),
  ...write.map((path) => `--allow-fs-write=${path}`),
  ...((settings.grants?.commands?.length ?? 0) > 0 ? ["--allow-child-process"] : [])
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
        catch: (cause) => new IsolateFailed({ plugin: name, reason: `the sandbox gets no cgroup: ${String(cause)}` })
      })
    }),
    // What was killed takes a moment to be gone.
    ({ remove }) =>
      Effect.retry(Effect.try(remove), { times: 100, schedule: Schedule.spaced("20 millis") }).pipe(Effect.orDie)
  )

const jailed: Open = Effect.fnUntraced(function* (settings, die) {
  const { budgets, grants = {}, name } = settings
  const why = refusal()
  if (why !== "") {
    return yield* new IsolateFailed({
      plugin: name,
      reason: `this machine cannot make a sandbox: ${why}; run it where it can, or say that Node.js's permissions will do`
    })
  }
  const isRoot = process.getuid?.() === 0
  const main = yield* Main
  const network = yield* Network.parse(name, grants.network ?? [])
  const limits = isRoot ? yield* cgroup(settings) : undefined
  const [root, sockets] = [yield* empty, join(yield* empty, "network")]
  if (network.length > 0) yield* Network.serve(network, sockets, isRoot ? nobody : undefined)
  const { read = [], write = [] } = grants.files ?? {}
  const jail = {
    root,
    read: [...modules(fileURLToPath(main), fileURLToPath(settings.module)), ...read, ...(grants.commands ?? [])],
    write,
    mounts: network.length > 0 ? [[sockets, Network.folder] as const] : [],
    hosts: network,
    joins: limits?.joins ?? [],
    ...(!isRoot && { dataBytes: budgets?.memoryBytes ?? defaultMemory })
  }
  const { args, env, file } = Process.node(settings, main, permissions(settings, ["/*"], ["/*"]))
  const relayed = network.length > 0 ? { [Network.variable]: JSON.stringify(network) } : {}
  const wire = yield* Process.start(settings, Jail.around(jail, { args, file, env: { ...env, ...relayed } }), die)
  if (limits === undefined) return wire
  return Process.explained(wire, (why) => (limits.isFull() ? `it used more memory than it is granted (${why})` : why))
})

const permitted: Open = Effect.fnUntraced(function* (settings, die) {
  const main = yield* Main
  const { read = [], write = [] } = settings.grants?.files ?? {}
  const shown = modules(fileURLToPath(main), fileURLToPath(settings.module))
  const flags = permissions(settings, [...shown, ...read, ...write], write)
  return yield* Process.start(settings, Process.mortal(Process.node(settings, main, flags)), die)
})

export const open: Open = (settings, die) => (settings.confinement === "permissions" ? permitted : jailed)(settings, die)
