/**
 * Runs reconcilers: a queue for each controller, in which a key is once, one run for a key at a time, back-off after a
 * failure. A reconciler is given a key and never an event: it reads what there is, so a change that is missed or told twice
 * does no harm. The runner takes functions, so it is local to an isolate; a controller reaches the cluster by the client alone.
 */
import {
  Cause,
  Clock,
  Duration,
  Effect,
  FiberHandle,
  FiberMap,
  FiberSet,
  Layer,
  Predicate,
  Queue,
  Schedule,
  type Scope,
  Stream
} from "effect"
import type { Api } from "../../../kernel/client/Api.ts"
import type { Client } from "../../../kernel/client/Client.ts"
import * as Plugin from "../../../kernel/plugin/Plugin.ts"
import { controllerOf, type Key, keyOf, type Resource } from "../../../kernel/resource/Kind.ts"
import type { Cache } from "../../../kernel/table/Table.ts"
import * as Metrics from "./Metrics.ts"

/** Nothing: wait for the next change. */
export type Outcome = void | {
  /** Also look again then. */
  readonly againAfter?: Duration.Input
  /** And not before then, whatever happens meanwhile. */
  readonly notBefore?: Duration.Input
}

export const again = (againAfter: Duration.Input): Outcome => ({ againAfter })
export const done: Outcome = undefined

/** Milliseconds of rest for each object that a run has looked through; few are none. */
const rest = { each: 0.05, many: 500 }

/**
 * The outcome of a run that has looked through so many objects: what happens in the next moments is gathered. Without it a set of
 * thousands is looked through for each Pod that becomes ready, and nothing else gets done.
 */
export const after = (objects: number, outcome: Outcome = done): Outcome =>
  objects < rest.many ? outcome : { ...outcome, notBefore: objects * rest.each }

/** The keys to look at. */
export type Trigger = Stream.Stream<ReadonlyArray<Key>, unknown>

export interface Controller<E, R> {
  readonly name: string
  readonly triggers: ReadonlyArray<Trigger>
  /** How many keys at once. */
  readonly concurrency?: number
  readonly reconcile: (key: Key) => Effect.Effect<Outcome, E, R>
}

/** What a trigger needs of a cache: it hears of a change when the cache shows it. */
type Changes<A> = Pick<Cache<A, never>, "changes">

const pathOf = ({ name, namespace }: Key) => `${namespace}/${name}`

/** The keys that an object concerns, and those that it concerned before it changed. */
export const on = <A extends Resource>({ changes }: Changes<A>, keys: (object: A) => ReadonlyArray<Key>): Trigger =>
  Stream.suspend(() => {
    const concerned = new Map<string, ReadonlyArray<Key>>()
    const note = (path: string, now: ReadonlyArray<Key>, stays: boolean) => {
      const before = concerned.get(path) ?? []
      if (stays && now.length > 0) concerned.set(path, now)
      else concerned.delete(path)
      return before.concat(now)
    }
    const gone = (objects: ReadonlyArray<A>) => {
      const here = new Set(objects.map((object) => pathOf(keyOf(object))))
      return [...concerned.keys()].filter((path) => !here.has(path)).flatMap((path) => note(path, [], false))
    }
    return Stream.map(changes, ({ events }) =>
      events.flatMap((event) =>
        event._tag === "Snapshot"
          ? gone(event.objects).concat(event.objects.flatMap((object) => note(pathOf(keyOf(object)), keys(object), true)))
          : note(pathOf(keyOf(event.object)), keys(event.object), event._tag === "Applied")
      )
    )
  })

/** The objects themselves. */
export const each = <A extends Resource>(cache: Changes<A>) => on(cache, (object) => [keyOf(object)])

/** The owners, of one kind, that control the objects. */
export const ownerOf = <A extends Resource>(owned: Changes<A>, { kind }: { readonly kind: string }) =>
  on(owned, (object) => {
    const owner = controllerOf(object)
    return owner?.kind === kind ? [{ ...keyOf(object), name: owner.name }] : []
  })

/** All keys again, from time to time. */
export const every = (interval: Duration.Input, keys: () => ReadonlyArray<Key>): Trigger =>
  Stream.map(Stream.fromSchedule(Schedule.spaced(interval)), keys)

export const byNamespace = { namespace: (object: Resource) => [object.metadata.namespace ?? ""] }
export const byOne = { all: () => [""] }

/** What a stale read leads to: not worth a warning, the next run reads what there is now. */
const ordinary = new Set(["Conflict", "NotFound", "AlreadyExists"])
export const isOrdinary = (cause: Cause.Cause<unknown>) =>
  cause.reasons.every(
    (reason) =>
      Cause.isFailReason(reason) && Predicate.hasProperty(reason.error, "_tag") && ordinary.has(String(reason.error._tag))
  )

const backOff = (failures: number) => Duration.min(Duration.millis(5 * 2 ** failures), Duration.minutes(5))

/** Runs a controller while the scope is open. */
export const run = Effect.fnUntraced(function* <E, R>({ concurrency = 4, name, reconcile, triggers }: Controller<E, R>) {
  const queue = yield* Queue.unbounded<Key>()
  /** Since when a key waits. */
  const waiting = new Map<string, number>()
  /** Since when a key is in hand. */
  const running = new Map<string, number>()
  /** Those that are not to be looked at yet. */
  const resting = new Set<string>()
  const failures = new Map<string, number>()
  const timers = yield* FiberMap.make<string>()
  const due = new Map<string, number>()
  const rests = yield* FiberSet.make()
  const metrics = yield* Metrics.workqueue(name)
  const measuring = yield* FiberHandle.make<void, never>()
  const clock = yield* Clock.Clock

  /** A key that is in hand waits until that run is over, and its rest. */
  const enqueue = (key: Key) => {
    const path = pathOf(key)
    if (waiting.has(path)) return
    waiting.set(path, clock.currentTimeMillisUnsafe())
    metrics.added(waiting.size)
    if (!running.has(path) && !resting.has(path)) Queue.offerUnsafe(queue, key)
  }

  const restFor = (key: Key, delay: Duration.Input) => {
    const path = pathOf(key)
    resting.add(path)
    const end = Effect.sync(() => {
      resting.delete(path)
      if (waiting.has(path)) Queue.offerUnsafe(queue, key)
    })
    return FiberSet.run(rests, Effect.delay(end, delay))
  }

  const enqueueAfter = Effect.fnUntraced(function* (key: Key, delay: Duration.Duration) {
    const path = pathOf(key)
    const at = clock.currentTimeMillisUnsafe() + Duration.toMillis(delay)
    if ((due.get(path) ?? Number.POSITIVE_INFINITY) <= at) return
    due.set(path, at)
    const ring = Effect.sync(() => {
      due.delete(path)
      enqueue(key)
    })
    yield* FiberMap.run(timers, path, Effect.delay(ring, delay))
  })

  const failed = (path: string, cause: Cause.Cause<E>) => {
    const count = 1 + (failures.get(path) ?? 0)
    failures.set(path, count)
    metrics.retried()
    const log = isOrdinary(cause) ? Effect.logDebug : Effect.logWarning
    return Effect.as(log(`${path} failed ${count} times`, cause), backOff(count))
  }

  /** As long as something is in hand. */
  const measured = Effect.gen(function* () {
    do {
      yield* Effect.sleep("5 seconds")
      const now = clock.currentTimeMillisUnsafe()
      metrics.inHand([...running.values()].map((since) => now - since))
    } while (running.size > 0)
  })

  const work = Effect.fnUntraced(function* (key: Key) {
    const path = pathOf(key)
    yield* FiberHandle.run(measuring, measured, { onlyIfMissing: true })
    const start = clock.currentTimeMillisUnsafe()
    metrics.started(start - (waiting.get(path) ?? start))
    waiting.delete(path)
    running.set(path, start)
    const outcome = yield* Effect.suspend(() => reconcile(key)).pipe(
      Effect.tap(() => Effect.sync(() => failures.delete(path))),
      Effect.catchCause((cause) =>
        Cause.hasInterruptsOnly(cause) ? Effect.failCause(cause) : Effect.map(failed(path, cause), again)
      )
    )
    running.delete(path)
    metrics.done(clock.currentTimeMillisUnsafe() - start, waiting.size)
    const { againAfter, notBefore } = outcome ?? {}
    if (notBefore !== undefined) yield* restFor(key, notBefore)
    else if (waiting.has(path)) Queue.offerUnsafe(queue, key)
    if (againAfter !== undefined) yield* enqueueAfter(key, Duration.fromInputUnsafe(againAfter))
  })

  const watching = triggers.map((trigger) =>
    trigger.pipe(
      Stream.runForEach((keys) => Effect.sync(() => keys.forEach(enqueue))),
      Effect.tapCause((cause) => Effect.logWarning("a watch ended", cause)),
      Effect.retry(Schedule.spaced("1 second"))
    )
  )
  const working = Array.from({ length: concurrency }, () => Effect.forever(Effect.flatMap(Queue.take(queue), work)))
  yield* Effect.all([...watching, ...working], { concurrency: "unbounded", discard: true }).pipe(
    Effect.annotateLogs({ controller: name }),
    Plugin.background
  )
})

/** A controller as a plugin that needs the API alone, by the client or as it is: `start` opens its caches and runs it. */
export const plugin = <E, R extends Client | Api = never>(name: string, start: Effect.Effect<void, E, R | Scope.Scope>) =>
  Plugin.make({ name, layer: Layer.effectDiscard(start) })
