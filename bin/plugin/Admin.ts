/** `keelson plugin load | swap | rollback | list | logs`: packages in a cluster that runs. */
import { Clock, Console, Effect, FileSystem, Path, Schema } from "effect"
import * as Kubeconfig from "../../adapters/client/https/Kubeconfig.ts"
import { Client } from "../../kernel/client/Client.ts"
import { Plugin, type PluginSource } from "../../plugins/packages/contracts/v1alpha1.ts"
import * as Package from "../../plugins/packages/Package.ts"
import { label } from "../../plugins/packages/Report.ts"
import { Event } from "../../plugins/resources/contracts/core/v1.ts"
import * as Columns from "../Columns.ts"
import * as Join from "../Join.ts"

export class PluginCommandFailed extends Schema.TaggedError<PluginCommandFailed>()("PluginCommandFailed", {
  message: Schema.String
}) {}
const failed = (message: string) => new PluginCommandFailed({ message })

/** With the cluster of a kubeconfig. */
export const on = <A, E, R>(kubeconfig: string, program: Effect.Effect<A, E, R>) =>
  Effect.gen(function* () {
    const target = yield* Kubeconfig.read(kubeconfig)
    const { client } = yield* Join.clientOf({ ...target, userAgent: "keelson" })
    return yield* Effect.provideService(program, Client, client)
  }).pipe(Effect.scoped)

const keyOf = (name: string) => ({ namespace: "", name })
const every = "200 millis"
const patience = 60_000

/** Until what was asked for runs, or it is said why it does not. */
const settled = Effect.fnUntraced(function* (name: string, generation: number, digest: string, { isolation }: Asked) {
  const client = yield* Client
  const began = yield* Clock.currentTimeMillis
  for (;;) {
    const { status } = yield* client.get(Plugin, keyOf(name))
    const isSeen = status.observedGeneration === generation
    const isAsIs = isolation === undefined || status.isolation === isolation
    if (isSeen && isAsIs && status.state === "Running" && status.history?.[0]?.digest === digest) return status
    if (isSeen && status.reason !== undefined) return yield* failed(`${name} does not run as was asked: ${status.reason}`)
    if ((yield* Clock.currentTimeMillis) - began > patience)
      return yield* failed(`${name} is ${status.state ?? "not looked at"} after ${patience / 1000} s: does a server lead?`)
    yield* Effect.sleep(every)
  }
})

const point = Effect.fnUntraced(function* (name: string, source: PluginSource & { readonly digest: string }, how: Asked) {
  const client = yield* Client
  const found = yield* client.find(Plugin, keyOf(name))
  const spec = {
    source: { path: source.path, digest: source.digest },
    ...(how.isolation !== undefined && { isolation: how.isolation })
  }
  const object =
    found._tag === "None"
      ? yield* client.create(Plugin, { metadata: { name }, spec })
      : yield* client.patch(Plugin, keyOf(name), "merge", { spec })
  const { isolation, version } = yield* settled(name, object.metadata.generation ?? 1, source.digest, how)
  yield* Console.log(`${name} ${version} runs (${isolation})`)
})

export interface Asked {
  readonly isolation?: string
}

/** A package of this machine, which is the servers' too. */
const here = Effect.fnUntraced(function* (directory: string) {
  const paths = yield* Path.Path
  const path = paths.resolve(directory)
  return { manifest: yield* Package.manifest(path), source: { path, digest: yield* Package.digest(path) } }
})

export const load = Effect.fnUntraced(function* (directory: string, how: Asked) {
  const { manifest, source } = yield* here(directory)
  yield* point(manifest.name, source, how)
})

const known = Effect.fnUntraced(function* (name: string) {
  const client = yield* Client
  const found = yield* client.find(Plugin, keyOf(name))
  const isPackage = ({ spec, status }: Plugin) => spec.source !== undefined || (status.history ?? []).length > 0
  if (found._tag === "Some" && isPackage(found.value)) return found.value
  return yield* failed(
    found._tag === "None"
      ? `there is no plugin ${name}: keelson plugin load DIRECTORY`
      : `${name} is a part of the server itself`
  )
})

export const swap = Effect.fnUntraced(function* (name: string, directory: string, how: Asked) {
  yield* known(name)
  yield* point(name, (yield* here(directory)).source, how)
})

export const rollback = Effect.fnUntraced(function* (name: string) {
  const { spec, status } = yield* known(name)
  const { history = [] } = status
  const now = history.findIndex(({ digest }) => digest === spec.source?.digest)
  // Of what never ran there is no trace: then the last that did is meant.
  const before = now < 0 && status.state !== "Running" ? history[0] : history[Math.max(0, now) + 1]
  if (before === undefined) return yield* failed(`${name} has no version before ${status.version ?? "this one"}`)
  yield* point(name, { path: before.path, digest: before.digest }, {})
})

export const list = Effect.fnUntraced(function* (all: boolean) {
  const client = yield* Client
  const plugins = yield* client.list(Plugin, all ? {} : { labelSelector: `${label}!=true` })
  if (plugins.length === 0) return yield* Console.log("no plugins from outside: keelson plugin load DIRECTORY")
  const head = ["NAME", "STATE", "VERSION", "ISOLATION", "RESTARTS", "CALLS/S", "P99", "ERRORS", "REASON"]
  const rows = plugins.map(({ metadata: { name }, status }) => [
    name,
    status.state ?? "Pending",
    status.version ?? "",
    status.isolation ?? "",
    String(status.restarts ?? 0),
    (status.callsPerSecond ?? 0).toFixed(1),
    status.p99Micros === undefined ? "" : `${status.p99Micros}µs`,
    String(status.errors ?? 0),
    status.reason ?? ""
  ])
  yield* Console.log(Columns.table([head, ...rows]))
})

/** What happened to it, and what it has said in the logs of this machine's servers. */
export const logs = Effect.fnUntraced(function* (name: string, directory: string) {
  const [files, paths, client] = [yield* FileSystem.FileSystem, yield* Path.Path, yield* Client]
  const events = yield* client.list(Event, {
    namespace: "default",
    fieldSelector: `involvedObject.kind=Plugin,involvedObject.name=${name}`
  })
  const told = events.map(({ count = 1, lastTimestamp = "", message = "", reason, type }) => {
    return `${lastTimestamp} ${type} ${reason}${count > 1 ? ` (${count} times)` : ""}: ${message}`
  })
  const isThere = (yield* client.find(Plugin, keyOf(name)))._tag === "Some"
  if (told.length > 0) yield* Console.log(told.toSorted().join("\n"))
  const names = yield* Effect.orElseSucceed(files.readDirectory(directory), () => [])
  // The name of another may begin with this one.
  const isIts = new RegExp(`\\bplugin[:=] ?['"]?${name}(?![-\\w])`)
  const lines = yield* Effect.forEach(
    names.filter((file) => file.endsWith(".log")),
    (file) =>
      Effect.map(
        Effect.orElseSucceed(files.readFileString(paths.join(directory, file)), () => ""),
        (text) => text.split("\n").filter((line) => isIts.test(line))
      )
  )
  const said = lines.flat()
  if (said.length > 0) yield* Console.log(said.join("\n"))
  else if (told.length === 0 && !isThere) return yield* failed(`there is no plugin ${name}, and nobody knows of one`)
})
