/** Keeps the status of ResourceQuotas: what there is to take, and what is taken. */
import { Clock, Effect, Queue, Scope, Stream } from "effect"
import { same } from "../../../kernel/resource/JsonEqual.ts"
import { Client } from "../../../kernel/client/Client.ts"
import { type Any, type Key, type Kind, keyOf, type Resource, type ResourceDraft } from "../../../kernel/resource/Kind.ts"
import * as CustomKinds from "../../custom-resources/contracts/CustomKinds.ts"
import { ResourceQuota } from "../../resources/contracts/core/v1.ts"
import { kinds } from "../contracts/BuiltIn.ts"
import * as Controllers from "../contracts/Controllers.ts"
import * as Count from "./Count.ts"

/** How long nobody may have charged a quota before less is believed, in milliseconds. */
const quiet = 1000

/** Nothing is written of such a kind, so that its drafts do not matter; hence the cast. */
const readable = (kind: Any) => kind as unknown as Kind<Resource, ResourceDraft>

const start = Effect.gen(function* () {
  const client = yield* Client
  const scope = yield* Effect.scope
  const quotas = yield* client.cache(ResourceQuota, { indexes: Controllers.byNamespace })
  const custom = yield* CustomKinds.follow
  const namespaced = () => [...kinds, ...custom.all()].filter((kind) => kind.namespaced)
  const changed = yield* Queue.unbounded<ReadonlyArray<Key>>()
  /** Only kinds that some quota counts are listened to. */
  const caches = new Map<string, (namespace: string) => ReadonlyArray<Resource>>()
  /** Which version of a quota was seen since when. */
  const versions = new Map<string, { readonly version: string; readonly since: number }>()

  const open = Effect.fnUntraced(function* (kind: Any) {
    const found = caches.get(kind.storage)
    if (found !== undefined) return found
    const cache = yield* Scope.provide(client.cache(readable(kind), { indexes: Controllers.byNamespace }), scope)
    const read = (namespace: string) => cache.by("namespace", namespace)
    caches.set(kind.storage, read)
    const concerned = (object: Resource) => quotas.by("namespace", keyOf(object).namespace).map(keyOf)
    yield* Controllers.on(cache, concerned).pipe(
      Stream.runForEach((keys) => Queue.offer(changed, keys)),
      Effect.forkIn(scope)
    )
    return read
  })

  const sinceOf = ({ metadata }: ResourceQuota, now: number) => {
    const before = versions.get(metadata.uid)
    if (before?.version === metadata.resourceVersion) return before.since
    versions.set(metadata.uid, { version: metadata.resourceVersion, since: now })
    return now
  }

  const reconcile = Effect.fn("ResourceQuota.reconcile")(function* (key: Key) {
    const quota = quotas.get(key)
    if (quota === undefined) return Controllers.done
    const now = yield* Clock.currentTimeMillis
    const counted = yield* Effect.forEach(Count.counted(quota, namespaced()), (kind) =>
      Effect.map(open(kind), (read) => ({ kind, objects: read(key.namespace) }))
    )
    const left = sinceOf(quota, now) + quiet - now
    const { isLess, status } = Count.statusOf(quota, counted, left <= 0)
    if (!same(status, quota.status)) {
      yield* client.update(ResourceQuota, { ...quota, status }, { subresource: "status" })
    }
    return isLess && left > 0 ? Controllers.again(left) : Controllers.done
  })

  const forget = ({ metadata }: ResourceQuota) => Effect.sync(() => versions.delete(metadata.uid))
  yield* quotas.changes.pipe(
    Stream.runForEach(({ events }) =>
      Effect.forEach(events, (event) => (event._tag === "Deleted" ? forget(event.object) : Effect.void), { discard: true })
    ),
    Effect.forkIn(scope)
  )
  const arrived = custom.each(() => Stream.succeed(quotas.all().map(keyOf)))
  const triggers = [Controllers.each(quotas), Stream.fromQueue(changed), arrived]
  yield* Controllers.run({ name: "resourcequota", triggers, reconcile })
})

export const plugin = Controllers.plugin("resourcequota", start)
