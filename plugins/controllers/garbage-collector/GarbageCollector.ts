/**
 * Deletes what has lost its owners: in the background after them, in the foreground before them, or not at all where they are
 * orphaned. That an owner is gone is believed only of a fresh read, never of a cache.
 */
import { Effect, Latch, Option, Stream } from "effect"
import { Client } from "../../../kernel/client/Client.ts"
import * as Kind from "../../../kernel/resource/Kind.ts"
import type { OwnerReference } from "../../../kernel/resource/Metadata.ts"
import type { Event } from "../../../kernel/table/Table.ts"
import * as CustomKinds from "../../custom-resources/contracts/CustomKinds.ts"
import { Event as EventKind } from "../../resources/contracts/core/v1.ts"
import * as EventRecorder from "../../resources/contracts/EventRecorder.ts"
import * as BuiltIn from "../contracts/BuiltIn.ts"
import * as Controllers from "../contracts/Controllers.ts"
import { patchMetadata } from "../contracts/Writes.ts"
import * as ForeignOwners from "./ForeignOwners.ts"
import * as Vanished from "./Vanished.ts"
import { Graph, indexes, type Item, keyOf, kindOf } from "./Graph.ts"
import {
  blocks,
  type Fate,
  fateOf,
  foreground,
  letsDependentsGo,
  orphan,
  type Owner,
  ownersOf,
  waitsForDependents,
  without
} from "./References.ts"

export interface Options {
  /** Of all objects that own or are owned; absent, those that are built in. */
  readonly kinds?: ReadonlyArray<Kind.Any>
}

/** A kind that does not come is not waited for any longer. */
const patience = "30 seconds"

/** Its owner lives in another namespace: it does not count there, and whoever wrote it is told. */
const misplaced = (kind: Kind.Any, object: Kind.Resource, owner: OwnerReference): EventRecorder.Occurrence => {
  const { namespace = "" } = object.metadata
  const place = `namespace: ${namespace}, name: ${owner.name}, uid: ${owner.uid}`
  const message = `ownerRef [${owner.apiVersion}/${owner.kind}, ${place}] does not exist in namespace ${JSON.stringify(namespace)}`
  return { kind, object, type: "Warning", reason: "OwnerRefInvalidNamespace", message }
}

const start = Effect.fnUntraced(function* ({ kinds = BuiltIn.kinds }: Options) {
  const client = yield* Client
  const record = yield* EventRecorder.make({ component: "garbage-collector-controller" })
  const graph = new Graph()
  const followed = BuiltIn.kept(kinds).filter(({ storage }) => storage !== EventKind.storage)
  const custom = yield* CustomKinds.follow
  const complete = Latch.makeUnsafe()
  let missing = followed.length + custom.all().length

  const foreign = yield* ForeignOwners.make

  /** A live owner by the cache, or what a fresh read says. An owner of a kind that is not known is left in peace. */
  const ownerOf = Effect.fnUntraced(function* ({ kind: ofItem, object }: Item, reference: OwnerReference) {
    const known = graph.byUid(reference.uid)
    const isElsewhere = known?.kind.namespaced === true && known.object.metadata.namespace !== object.metadata.namespace
    if (isElsewhere) yield* record(misplaced(ofItem, object, reference))
    if (known !== undefined && !isElsewhere)
      return { reference, found: waitsForDependents(known.object) ? "waiting" : "solid" } as const
    const kind = kindOf(kinds, reference) ?? kindOf(custom.all(), reference)
    const { namespace = "" } = object.metadata
    const elsewhere = kind === undefined ? foreign(reference, namespace) : undefined
    if (elsewhere !== undefined) return { reference, found: yield* elsewhere, isForeign: true } as const
    // What lives in no namespace has no owner in one.
    if (kind === undefined || (kind.namespaced && namespace === "")) return { reference, found: "solid" } as const
    const key = { namespace: kind.namespaced ? namespace : "", name: reference.name }
    const read: Option.Option<Kind.Resource> = yield* client.find(kind, key)
    if (Option.isNone(read) || read.value.metadata.uid !== reference.uid) return { reference, found: "absent" } as const
    return { reference, found: waitsForDependents(read.value) ? "waiting" : "solid" } as const
  })

  const patch = ({ kind, object }: Item, metadata: Parameters<typeof patchMetadata>[3]) =>
    patchMetadata(client, kind, object, metadata)

  const forget = (item: Item, uids: ReadonlySet<string>) =>
    patch(item, { ownerReferences: ownersOf(item.object).filter(({ uid }) => !uids.has(uid)) })

  const remove = ({ kind, object }: Item, propagationPolicy: "Foreground" | "Background" | "Orphan") =>
    client
      .delete(kind, Kind.keyOf(object), { uid: object.metadata.uid, propagationPolicy })
      .pipe(Effect.catchTag("NotFound", () => Effect.void))

  const meet = Effect.fnUntraced(function* (item: Item, fate: Fate) {
    if (fate._tag === "Forget") yield* forget(item, fate.uids)
    if (fate._tag === "Delete") yield* remove(item, fate.propagationPolicy)
  })

  /** Two that wait for each other would wait for ever: a dependent that is deleted in the foreground too no longer holds. */
  const unblock = (item: Item, uid: string) =>
    patch(item, {
      ownerReferences: ownersOf(item.object).map((reference) =>
        reference.uid === uid ? { ...reference, blockOwnerDeletion: false } : reference
      )
    })

  const finish = Effect.fnUntraced(function* (item: Item) {
    const { uid } = item.object.metadata
    const dependents = graph.dependents(uid)
    if (letsDependentsGo(item.object)) {
      yield* Effect.forEach(dependents, (dependent) => forget(dependent, new Set([uid])), { concurrency: 8, discard: true })
      yield* patch(item, { finalizers: without(item.object, orphan) })
      return
    }
    if (!waitsForDependents(item.object)) return
    if (!dependents.some(({ object }) => blocks(object, uid)))
      yield* patch(item, { finalizers: without(item.object, foreground) })
  })

  const reconcile = Effect.fn("GarbageCollector.reconcile")(function* (key: Kind.Key) {
    yield* complete.await
    const item = graph.find(key)
    if (item === undefined) return Controllers.done
    if (item.object.metadata.deletionTimestamp !== undefined) {
      yield* finish(item)
      return Controllers.done
    }
    const references = ownersOf(item.object)
    if (references.length === 0) return Controllers.done
    const owners: ReadonlyArray<Owner> = yield* Effect.forEach(references, (reference) => ownerOf(item, reference))
    const { uid } = item.object.metadata
    const fate = fateOf(item.object, owners, graph.hasDependents(uid))
    if (fate._tag === "Delete" && fate.propagationPolicy === "Foreground") {
      const cyclic = graph.dependents(uid).filter(({ object }) => waitsForDependents(object))
      yield* Effect.forEach(cyclic, (dependent) => unblock(dependent, uid), { discard: true })
    }
    yield* meet(item, fate)
    return owners.some(({ isForeign }) => isForeign === true) ? Controllers.again(ForeignOwners.again) : Controllers.done
  })

  /** An object, those that it owns if it goes, and those that wait for it to go. */
  const concerned = (kind: Kind.Any) => (event: Event<Kind.Resource>) => {
    const objects = event._tag === "Snapshot" ? event.objects : [event.object]
    return objects.flatMap((object) => {
      const goes = event._tag === "Deleted" || object.metadata.deletionTimestamp !== undefined
      const owned = goes ? graph.dependents(object.metadata.uid) : []
      const owners = ownersOf(object).flatMap(({ uid }) => graph.byUid(uid) ?? [])
      const waiting = owners.filter((owner) => waitsForDependents(owner.object))
      const self = goes || ownersOf(object).length > 0 ? [{ kind, object }] : []
      return [...self, ...owned, ...waiting].map(keyOf)
    })
  }

  const arrived = () => {
    if (--missing === 0) complete.openUnsafe()
  }
  const follow = (kind: Kind.Any): Controllers.Trigger =>
    Stream.unwrap(
      Effect.gen(function* () {
        const cache = yield* client.cache(kind, { indexes })
        yield* Effect.acquireRelease(
          Effect.sync(() => graph.add(kind, cache)),
          () => Effect.sync(() => graph.remove(kind))
        )
        arrived()
        const vanished = Vanished.make()
        const related = (uid: string) => [graph.byUid(uid) ?? [], graph.dependents(uid)].flat().map(keyOf)
        const keys = (event: Event<Kind.Resource>) => [...vanished(event).flatMap(related), ...concerned(kind)(event)]
        return Stream.map(cache.changes, ({ events }) => events.flatMap(keys))
      }).pipe(
        // It is not served: nobody can have made one.
        Effect.catchTag(["NotFound", "MethodNotAllowed"], () => Effect.as(Effect.sync(arrived), Stream.never))
      )
    )

  yield* Effect.forkScoped(Effect.delay(complete.open, patience))
  const triggers = [...followed.map(follow), custom.each(follow)]
  yield* Controllers.run({ name: "garbage_collector", triggers, concurrency: 20, reconcile })
})

export const plugin = (options: Options = {}) => Controllers.plugin("garbage-collector", start(options))
