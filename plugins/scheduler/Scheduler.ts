/**
 * Gives Pods their nodes. One loop takes a Pod from the queue and decides, synchronously, on a snapshot that follows the caches; the
 * Pod is assumed to be there at once, and bound beside the loop. What no node takes waits until something changes that may help.
 */
import { Clock, Effect, Latch, Layer, Random, Semaphore } from "effect"
import { same } from "../../kernel/resource/JsonEqual.ts"
import { Client } from "../../kernel/client/Client.ts"
import * as Plugin from "../../kernel/plugin/Plugin.ts"
import { Namespace, Node, Pod } from "../resources/contracts/core/v1.ts"
import * as EventRecorder from "../resources/contracts/EventRecorder.ts"
import * as Attempts from "./Attempts.ts"
import { choose } from "./Chosen.ts"
import * as Configuration from "./Configuration.ts"
import type { Change } from "./contracts/Changes.ts"
import * as Extensions from "./contracts/Extensions.ts"
import * as Defaults from "./Defaults.ts"
import * as Entrance from "./Entrance.ts"
import * as Devices from "./devices/Devices.ts"
import * as Extenders from "./extenders/Extenders.ts"
import { ignoredIn } from "./extenders/Settings.ts"
import { follow, nodeActions, podActions } from "./Follow.ts"
import * as Metrics from "./Metrics.ts"
import { Nominated } from "./Nominated.ts"
import { Profiles } from "./Profiles.ts"
import { Queue } from "./Queue.ts"
import { Snapshot } from "./Snapshot.ts"
import * as Storage from "./storage/Storage.ts"

export interface Options {
  /** The text of a KubeSchedulerConfiguration; without it there is one profile, `default-scheduler`. */
  readonly configuration?: string
  /** What it is called where it is wrong. */
  readonly source?: string
}

const isSameForUs = (a: Pod, b: Pod) =>
  same(a.spec, b.spec) &&
  same(a.metadata.labels, b.metadata.labels) &&
  same(a.status.resourceClaimStatuses, b.status.resourceClaimStatuses)

const isOver = ({ metadata, status: { phase } }: Pod) =>
  metadata.deletionTimestamp !== undefined || phase === "Succeeded" || phase === "Failed"

/** Decides until its scope closes, or it is told to be quiet. */
export const start = Effect.fnUntraced(function* ({ configuration: text, source = "configuration" }: Options) {
  const configuration: Partial<Configuration.Configuration> =
    text === undefined ? {} : yield* Configuration.read(text, source)
  const client = yield* Client
  const clock = yield* Clock.Clock
  const random = yield* Random.Random
  const extensions = yield* Extensions.Plugins

  const namespaces = yield* client.cache(Namespace, { indexes: {} })
  const nodes = yield* client.cache(Node, { indexes: {} })
  const pods = yield* client.cache(Pod, { indexes: {} })
  const spaces = (namespace: string) => namespaces.get({ namespace: "", name: namespace })?.metadata.labels ?? {}
  const storage = yield* Storage.make
  const devices = yield* Devices.make
  const extenders = yield* Extenders.make(configuration.extenders)
  const ignored = ignoredIn(configuration.extenders ?? [])
  const snapshot = new Snapshot(spaces)
  const nominated = new Nominated()
  const news = Latch.makeUnsafe()
  const waiting = new Map<string, Pod>()
  const now = () => clock.currentTimeMillisUnsafe()

  const awake = () => news.openUnsafe()

  const finished = (uid: string, again: boolean) => {
    queue.recheck(uid, again, now())
    news.openUnsafe()
  }
  const happened = (change: Change) => {
    if (change.actions.length === 0) return
    queue.happened(change, now())
    news.openUnsafe()
  }
  const make = Effect.fnUntraced(function* (profile: NonNullable<Configuration.Configuration["profiles"]>[number]) {
    const { schedulerName = "default-scheduler" } = profile
    const percentage = profile.percentageOfNodesToScore ?? configuration.percentageOfNodesToScore ?? 0
    const record = yield* EventRecorder.make({ component: schedulerName })
    const metrics = yield* Metrics.make(schedulerName)
    const handle = { schedulerName, record, finished, extenders, metrics }
    const given = yield* Configuration.argumentsOf(profile.pluginConfig)
    const args = ignored.length === 0 ? given : Configuration.ignoring(given, ignored)
    const made = yield* Defaults.make(handle, { devices, spaces, storage }, args)
    const chosen = choose(made, profile.plugins ?? {})
    if (chosen instanceof Configuration.BadConfiguration) return yield* chosen
    const all = [...extenders.extensions, ...chosen]
    return [schedulerName, { extensions: all, percentage, record, metrics }] as const
  })
  const own = new Map(yield* Effect.forEach(configuration.profiles ?? [{}], make))
  const profiles = new Profiles(own, extensions.all())
  const entered = Latch.makeUnsafe()
  const queue = new Queue({
    ...profiles.rules,
    entered: () => entered.openUnsafe(),
    came: yield* Metrics.incoming,
    initialBackoff: 1000 * (configuration.podInitialBackoffSeconds ?? 1),
    maxBackoff: 1000 * (configuration.podMaxBackoffSeconds ?? 10)
  })
  const pick = (count: number) => Math.floor(random.nextDoubleUnsafe() * count)

  const forget = (uid: string) => {
    waiting.delete(uid)
    queue.remove(uid)
    nominated.remove(uid)
  }

  /** A Pod that waits for a node, or did. */
  const seeWaiting = (pod: Pod) => {
    const { uid } = pod.metadata
    if (pod.spec.nodeName || isOver(pod) || profiles.of(pod) === undefined) return forget(uid)
    const before = waiting.get(uid)
    const { nominatedNodeName = "" } = pod.status
    // What was decided a moment ago the status does not say yet.
    if (nominatedNodeName !== (before?.status.nominatedNodeName ?? ""))
      nominated.set(snapshot.infoOf(pod), nominatedNodeName)
    if (snapshot.holds(uid)) return
    waiting.set(uid, pod)
    if (before !== undefined && isSameForUs(before, pod)) return queue.refresh(pod)
    queue.add(pod, now())
    news.openUnsafe()
  }
  const seePod = (before: Pod | undefined, after: Pod | undefined, last = before) => {
    if (after === undefined) {
      if (last === undefined) return
      forget(last.metadata.uid)
      snapshot.losePod(last)
    } else {
      snapshot.setPod(after)
      seeWaiting(after)
    }
    happened({ kind: "Pod", actions: podActions(before, after), ...(before && { before }), ...(after && { after }) })
  }
  const seeNode = (before: Node | undefined, after: Node | undefined) => {
    if (after !== undefined) snapshot.setNode(after)
    else if (before !== undefined) snapshot.removeNode(before.metadata.name)
    happened({ kind: "Node", actions: nodeActions(before, after), ...(before && { before }), ...(after && { after }) })
  }
  const seeNamespace = (before: Namespace | undefined, after: Namespace | undefined) => {
    if (!same(before?.metadata.labels, after?.metadata.labels)) snapshot.namespacesChanged()
  }

  const attempts = yield* Attempts.make({
    client,
    now,
    pick,
    snapshot,
    nominated,
    profiles,
    queue,
    extenders,
    own,
    current: (uid) => waiting.get(uid),
    forget,
    happened,
    isSameForUs,
    awake
  })
  const next = Effect.gen(function* () {
    const due = queue.flush(now())
    const tried = queue.pop()
    attempts.waiting()
    if (tried !== undefined) return yield* attempts.run(tried)
    news.closeUnsafe()
    return yield* due === undefined ? news.await : Effect.raceFirst(news.await, Effect.sleep(due - now()))
  })

  yield* Plugin.background(follow(namespaces, seeNamespace))
  yield* Plugin.background(follow(nodes, seeNode))
  yield* Plugin.background(follow(pods, seePod))
  yield* Plugin.background(Storage.told(storage, happened))
  yield* Plugin.background(Devices.told(devices, happened))
  yield* Entrance.make({ queue, profiles, extensions, view: snapshot, now, entered, awake, tell: attempts.tell })
  const deciding = yield* Semaphore.make(1)
  let isQuiet = false
  const decide = deciding.withPermit(Effect.suspend(() => (isQuiet ? Effect.void : next)))
  yield* Plugin.background(Effect.forever(Effect.suspend(() => (isQuiet ? Effect.never : decide))))
  const quiet = Effect.suspend(() => {
    isQuiet = true
    news.openUnsafe()
    return deciding.withPermit(attempts.quiet)
  })
  return { quiet }
})

/** With a registry that others can add plugins to. */
export const layer = (options: Options = {}) => Layer.effectDiscard(start(options))

export const plugin = (options: Options = {}) =>
  Plugin.make({ name: "scheduler", layer: Layer.provide(layer(options), Extensions.inherited) })
