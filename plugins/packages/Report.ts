/** The status of Plugin objects: of packages, and of the parts of this server itself, which have objects to be seen by. */
import { Clock, Effect, Schedule, Stream, SubscriptionRef } from "effect"
import { same } from "../../kernel/resource/JsonEqual.ts"
import { Client } from "../../kernel/client/Client.ts"
import type { Reason } from "../../kernel/plugin/Meter.ts"
import * as KernelPlugin from "../../kernel/plugin/Plugin.ts"
import type { Cache } from "../../kernel/table/Table.ts"
import { withCondition } from "../controllers/contracts/Statuses.ts"
import { time } from "../resources/contracts/Time.ts"
import * as Agreement from "./Agreement.ts"
import { Plugin, type PluginRevision, type PluginStatus } from "./contracts/v1alpha1.ts"
import type { EarlySwaps } from "./EarlySwaps.ts"
import * as NodeReport from "./node/NodeReport.ts"
import type { Running } from "./Running.ts"
import * as Words from "./Words.ts"

/** By which the objects of the server's own parts are known. */
export const label = "plugins.keelson.io/built-in"

export interface About {
  /** What nodes say of a package that runs on them; absent: it runs on servers. */
  readonly placed: (plugin: Plugin) => NodeReport.Placed | undefined
  readonly running: Running
  readonly early: EarlySwaps
  readonly plugins: Cache<Plugin, never>
  /** Why what an object says cannot be done, by name. */
  readonly failures: ReadonlyMap<string, string>
  /** Which generation of its object what is known of a package is about. */
  readonly seen: ReadonlyMap<string, number>
  readonly wishOf: (plugin: Plugin) => string
  readonly server: string
  readonly version: string
  /** Where the server leads. */
  readonly say: Say
  /** Wherever it is. */
  readonly announce: Say
}
export type Say = (object: Plugin, type: "Normal" | "Warning", reason: string, message: string) => Effect.Effect<void>

/** How many versions can be gone back to. */
const kept = 5
/** How often numbers are brought up to date that change all the time. */
const interval = "10 seconds"

const words: { readonly [_ in KernelPlugin.State["state"]]: string } = {
  running: "Running",
  restarting: "Restarting",
  open: "CircuitOpen",
  failed: "Failed"
}

/** Two digits are as much as is known of them. */
const rounded = (value: number) => Number(value.toPrecision(2))

export const make = Effect.fnUntraced(function* (about: About) {
  const { announce, early, failures, placed, plugins, running, say, seen, server, version, wishOf } = about
  const client = yield* Client
  const host = yield* KernelPlugin.Host

  /** By name: what was told of its calls. */
  const blamed = new Map<string, ReadonlyMap<string, Reason>>()

  const stateOf = (name: string) => SubscriptionRef.getUnsafe(host.states).find((state) => state.name === name)

  const measured = (name: string): Pick<PluginStatus, "callsPerSecond" | "p99Micros" | "errors" | "lastError"> => {
    const reading = host.meter(name)
    if (reading === undefined || reading.calls === 0) return {}
    const { callsPerSecond, errors, lastError, p99 } = reading
    return {
      ...{ callsPerSecond: rounded(callsPerSecond), p99Micros: rounded(p99 * 1000), errors },
      ...(lastError !== undefined && { lastError: Words.of(lastError) })
    }
  }
  const lastDeathOf = (state: KernelPlugin.State | undefined): Pick<PluginStatus, "lastDeath"> =>
    state?.lastDeath === undefined
      ? {}
      : { lastDeath: { reason: Words.of(state.lastDeath.reason), finishedAt: time(state.lastDeath.at) } }

  const historyOf = (name: string, before: ReadonlyArray<PluginRevision> = []): ReadonlyArray<PluginRevision> => {
    const run = running.get(name)
    if (run === undefined) return before
    const { digest, manifest, source } = run.ready.kept
    if (before[0]?.digest === digest) return before
    const now = { version: manifest.version, path: source, digest, startedAt: time(run.startedAt) }
    return [now, ...before.filter((one) => one.digest !== digest)].slice(0, kept)
  }

  const ofPackage = (plugin: Plugin, now: string): PluginStatus => {
    const { metadata, spec, status } = plugin
    const { name } = metadata
    const observedGeneration = seen.get(name) ?? status.observedGeneration
    const run = running.get(name)
    const state = run && stateOf(name)
    const failure = failures.get(name)
    const own = running.rolledBack(name)
    // What another server went back to stays said until this one has followed.
    const others = own === undefined ? Agreement.returnTo(plugin, wishOf(plugin)) : undefined
    const back = own ?? (others && { wish: wishOf(plugin), reason: others.reason })
    const asIs = spec.suspend === true ? "Suspended" : failure === undefined ? "Pending" : "Failed"
    const said = state === undefined ? asIs : words[state.state]
    const reason = failure ?? (back === undefined ? state?.reason : `rolled back: ${back.reason}`)
    const isReady = said === "Running"
    const ready = withCondition(
      status.conditions,
      { type: "Ready", status: isReady ? "True" : "False", reason: said, ...(reason !== undefined && { message: reason }) },
      now
    )
    return {
      state: said,
      ...(reason !== undefined && { reason }),
      ...(run !== undefined && {
        version: run.ready.kept.manifest.version,
        isolation: run.ready.plugin.isolation,
        offers: run.ready.attachments.map(({ contract: { key, version } }) => `${key} ${version}`)
      }),
      restarts: state?.restarts ?? 0,
      ...lastDeathOf(state),
      ...measured(name),
      host: server,
      ...(observedGeneration !== undefined && { observedGeneration }),
      history: others === undefined ? historyOf(name, status.history) : (status.history ?? []),
      ...Agreement.told({ ...status, conditions: ready }, back, now)
    }
  }

  const ofPart = (state: KernelPlugin.State): PluginStatus => ({
    state: words[state.state],
    ...(state.reason !== undefined && { reason: state.reason }),
    version,
    isolation: state.isolation,
    restarts: state.restarts,
    ...lastDeathOf(state),
    ...measured(state.name),
    ...(state.offers.length > 0 && { offers: state.offers }),
    host: server
  })

  /** How many calls were left without an answer since that was told last, by reasons: each is seen, however few calls it has. */
  const unanswered = (name: string) => {
    const before = blamed.get(name)
    const reasons = host.meter(name)?.reasons ?? new Map<string, Reason>()
    blamed.set(name, reasons)
    return Array.from(reasons, ([words, { count, why }]) => {
      const known = before?.get(words)?.count ?? 0
      return { why, count: count < known ? count : count - known }
    }).filter(({ count }) => count > 0)
  }

  const told = Effect.fnUntraced(function* (object: Plugin, before: PluginStatus, after: PluginStatus) {
    const { lastDeath, nodes, reason = "", restarts = 0, state = "" } = after
    // Of those on servers the loader has said it.
    if (state === "Failed" && nodes !== undefined && reason !== before.reason)
      yield* say(object, "Warning", "Failed", reason)
    if (lastDeath !== undefined && !same(lastDeath, before.lastDeath))
      yield* say(object, "Warning", "Died", lastDeath.reason)
    if (state === "CircuitOpen" && reason !== before.reason) yield* say(object, "Warning", "CircuitOpen", reason)
    if (state === "Running" && restarts > (before.restarts ?? 0))
      yield* say(object, "Normal", "Restarted", `it was started again (${restarts} times so far)`)
    const lost = unanswered(object.metadata.name)
    // Of what has died the death was told already.
    if (!same(lastDeath, before.lastDeath)) return
    for (const { count, why } of lost)
      yield* say(object, "Warning", "CallsFailed", `calls were left without an answer (${count}): ${Words.of(why)}`)
  })

  const write = Effect.fnUntraced(function* (object: Plugin, after: PluginStatus) {
    const { status: before } = object
    if (same(before, after)) return
    const isNews = Agreement.isBack(after) && !Agreement.isBack(before)
    yield* client.update(Plugin, { ...object, status: after }, { subresource: "status" })
    yield* told(object, before, after)
    const back = after.conditions?.find(({ type }) => type === "RolledBack")?.message
    if (isNews) yield* announce(object, "Warning", "RolledBack", `rolled back: ${back ?? "it did not do well"}`)
  })

  /** Whoever else writes the object meanwhile brings it here again. */
  const settled = <E extends { readonly _tag: string }>(writing: Effect.Effect<unknown, E>) =>
    Effect.catch(writing, (error) =>
      error._tag === "Conflict" || error._tag === "NotFound" || error._tag === "AlreadyExists"
        ? Effect.void
        : Effect.logDebug("the status of a plugin cannot be written", error)
    )

  const one = Effect.fnUntraced(function* (name: string) {
    const plugin = plugins.get({ namespace: "", name })
    if (plugin === undefined) return
    const isPart = plugin.metadata.labels?.[label] === "true"
    if (isPart && plugin.spec.source === undefined && plugin.spec.remote === undefined && running.get(name) === undefined)
      return
    const now = time(yield* Clock.currentTimeMillis)
    const onNodes = placed(plugin)
    const after = onNodes === undefined ? ofPackage(plugin, now) : NodeReport.status(plugin, onNodes, now)
    yield* settled(write(plugin, after))
  })

  /** What a server says that does not lead: others run what it had to leave. */
  const rolledBack = Effect.fnUntraced(function* (name: string) {
    const [plugin, back] = [plugins.get({ namespace: "", name }), running.rolledBack(name)]
    if (plugin === undefined || back === undefined || plugin.status.rolledBackFrom === back.wish) return
    const now = time(yield* Clock.currentTimeMillis)
    const { status } = plugin
    const after = { ...status, history: historyOf(name, status.history), ...Agreement.told(status, back, now) }
    yield* settled(write(plugin, { ...after, reason: `rolled back: ${back.reason}` }))
  })

  const created = (name: string) => client.create(Plugin, { metadata: { name, labels: { [label]: "true" } } })
  /** A package that a setting names has an object to be seen and swapped by, as parts have. */
  const isWithout = (name: string) => early.find(name) !== undefined && plugins.get({ namespace: "", name }) === undefined

  const part = Effect.fnUntraced(function* (state: KernelPlugin.State) {
    const { name } = state
    const found = plugins.get({ namespace: "", name })
    if (found !== undefined && found.metadata.labels?.[label] !== "true") return
    const object = found ?? (yield* created(name))
    yield* write(object, ofPart(state))
  })

  const all = Effect.gen(function* () {
    yield* early.adopt
    const states = SubscriptionRef.getUnsafe(host.states)
    const packages = new Set(running.names())
    yield* Effect.forEach(packages, one, { discard: true })
    yield* Effect.forEach([...packages].filter(isWithout), (name) => settled(created(name)), { discard: true })
    const parts = states.filter(({ name }) => !packages.has(name) && !running.isEnding(name))
    yield* Effect.forEach(parts, (state) => settled(part(state)), { discard: true })
    const here = new Set([...parts.map(({ name }) => name), ...packages])
    const gone = plugins
      .all()
      .filter(({ metadata: { labels, name }, spec }) => labels?.[label] === "true" && !here.has(name) && !spec.source)
    yield* Effect.forEach(gone, ({ metadata: { name } }) => settled(client.delete(Plugin, { namespace: "", name })), {
      discard: true
    })
  })

  /** Changes come in numbers when a server starts: they are looked at together. */
  const changes = Stream.merge(
    Stream.map(SubscriptionRef.changes(host.states), () => undefined),
    Stream.map(SubscriptionRef.changes(running.news), () => undefined)
  ).pipe(
    Stream.debounce("200 millis"),
    Stream.merge(Stream.map(Stream.fromSchedule(Schedule.spaced(interval)), () => undefined))
  )

  return { one, rolledBack, run: KernelPlugin.background(Stream.runForEach(changes, () => all)) }
})
