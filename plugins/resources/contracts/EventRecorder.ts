/**
 * Tells people what a component did with an object: Events as `kubectl describe` shows them. Recording never fails and never
 * waits: what does not fit into the queue is dropped. An equal event within ten minutes only counts up the one before.
 * The limits (queue, tokens, tries) are those of upstream's recorder.
 */
import { Clock, Effect, Queue, Schedule } from "effect"
import { Client } from "../../../kernel/client/Client.ts"
import * as Kind from "../../../kernel/resource/Kind.ts"
import { Event, type EventDraft, type ObjectReference } from "./core/v1.ts"
import { time } from "./Time.ts"

export interface Occurrence {
  readonly kind: Kind.Any
  readonly object: Kind.Resource
  /** The part of the object, such as `spec.containers{web}`. */
  readonly fieldPath?: string
  readonly type: "Normal" | "Warning"
  readonly reason: string
  readonly message: string
  /** What the component was doing, such as `Binding`. */
  readonly action?: string
}

export type Record = (occurrence: Occurrence) => Effect.Effect<void>

const queued = 1000
const remembered = 4096
const window = 10 * 60_000
/** An object may have this many events at once, and then one in `refill`. */
const burst = 25
const refill = 5 * 60_000

/** Insertion order is order of use: what was not used for longest goes first. */
const remember = <A>(map: Map<string, A>, key: string, value: A) => {
  map.delete(key)
  map.set(key, value)
  if (map.size > remembered) for (const [oldest] of map.entries().take(1)) map.delete(oldest)
}

export const referenceTo = ({ fieldPath, kind, object: { metadata } }: Occurrence): ObjectReference => ({
  kind: kind.kind,
  apiVersion: Kind.apiVersion(kind.versions[0]),
  name: metadata.name,
  uid: metadata.uid,
  resourceVersion: metadata.resourceVersion,
  ...(metadata.namespace && { namespace: metadata.namespace }),
  ...(fieldPath && { fieldPath })
})

/** Objects of the cluster have their events in `default`. */
const namespaceOf = ({ object }: Occurrence) => object.metadata.namespace || "default"

const sameness = ({ fieldPath = "", kind, message, object: { metadata }, reason, type }: Occurrence) =>
  [kind.kind, metadata.namespace, metadata.name, metadata.uid, fieldPath, type, reason, message].join("\0")

export const draftOf = (
  occurrence: Occurrence,
  at: { readonly component: string; readonly host: string; readonly millis: number; readonly suffix: string }
): EventDraft => {
  const { action, message, object, reason, type } = occurrence
  const when = time(at.millis)
  return {
    metadata: { name: `${object.metadata.name}.${at.suffix}`, namespace: namespaceOf(occurrence) },
    involvedObject: referenceTo(occurrence),
    reason,
    message,
    type,
    source: { component: at.component, ...(at.host && { host: at.host }) },
    firstTimestamp: when,
    lastTimestamp: when,
    count: 1,
    ...(action !== undefined && { action }),
    reportingComponent: at.component,
    reportingInstance: at.host
  }
}

/** Tokens that an object has left; those of a component fill up again with time. */
class Budget {
  private readonly left = new Map<string, { readonly tokens: number; readonly at: number }>()
  take(key: string, now: number) {
    const before = this.left.get(key) ?? { tokens: burst, at: now }
    const tokens = Math.min(burst, before.tokens + (now - before.at) / refill)
    remember(this.left, key, { tokens: tokens < 1 ? tokens : tokens - 1, at: now })
    return tokens >= 1
  }
}

const tries = 12

/** The function by which a component records; what it recorded is written while the scope is open. */
export const make = Effect.fnUntraced(function* ({
  component,
  host = ""
}: {
  readonly component: string
  readonly host?: string
}) {
  const client = yield* Client
  const queue = yield* Queue.dropping<Occurrence & { readonly millis: number }>(queued)
  const known = new Map<string, { readonly name: string; readonly count: number; readonly millis: number }>()
  const budget = new Budget()
  let lastName = 0n

  const create = Effect.fnUntraced(function* (occurrence: Occurrence, millis: number) {
    const nanos = yield* Clock.currentTimeNanos
    lastName = nanos > lastName ? nanos : lastName + 1n
    const draft = draftOf(occurrence, { component, host, millis, suffix: lastName.toString(16) })
    const { metadata } = yield* client.create(Event, draft)
    remember(known, sameness(occurrence), { name: metadata.name, count: 1, millis })
  })

  const write = Effect.fnUntraced(function* (occurrence: Occurrence & { readonly millis: number }) {
    const { millis, object } = occurrence
    if (!budget.take(object.metadata.uid || object.metadata.name, millis)) return
    const before = known.get(sameness(occurrence))
    if (before === undefined || millis - before.millis > window) return yield* create(occurrence, millis)
    const count = before.count + 1
    const key = { namespace: namespaceOf(occurrence), name: before.name }
    yield* client.patch(Event, key, "strategic", { count, lastTimestamp: time(millis) }).pipe(
      Effect.map(() => remember(known, sameness(occurrence), { name: before.name, count, millis })),
      Effect.catchTag("NotFound", () => create(occurrence, millis))
    )
  })

  const writing = Effect.flatMap(Queue.take(queue), (occurrence) =>
    write(occurrence).pipe(
      Effect.retry({ while: ({ _tag }) => _tag === "Unavailable", schedule: Schedule.spaced("10 seconds"), times: tries }),
      Effect.catchCause((cause) => Effect.logDebug(`event ${occurrence.reason} is lost`, cause))
    )
  )
  yield* Effect.forkScoped(Effect.forever(writing))

  const record: Record = (occurrence) =>
    Effect.flatMap(Clock.currentTimeMillis, (millis) => Effect.asVoid(Queue.offer(queue, { ...occurrence, millis })))
  return record
})
