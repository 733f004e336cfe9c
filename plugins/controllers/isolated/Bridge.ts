/** A controller of another isolate, run like one of the server's own: what it is told of, and when. */
import { Effect, Stream } from "effect"
import type { WireObject } from "../../../kernel/client/Api.ts"
import type { Client } from "../../../kernel/client/Client.ts"
import type { Any, Key, Kind, Resource, ResourceDraft } from "../../../kernel/resource/Kind.ts"
import { controllerOf, keyOf } from "../../../kernel/resource/Kind.ts"
import type { Kinds } from "../../../kernel/resource/Kinds.ts"
import type { Cache } from "../../../kernel/table/Table.ts"
import * as Controllers from "../contracts/Controllers.ts"
import type { Description, Reconciler, Resource as Named } from "../contracts/Reconciler.ts"

/** What they have in common is all that is read of them here. */
type Readable = Kind<Resource, ResourceDraft>
const readable = (kind: Any) => kind as unknown as Readable

interface Found {
  readonly _tag: "Found"
  readonly for: Readable
  readonly owns: ReadonlyArray<Readable>
  readonly watches: ReadonlyArray<readonly [Named, Readable]>
  readonly kinds: ReadonlyArray<Readable>
}
type Kindred = Found | { readonly _tag: "Missing"; readonly why: string }

const words = ({ group, resource, version }: Named) => `${resource}.${group === "" ? "" : `${group}/`}${version}`

/** The kinds by their names, as they are served now. */
export const find = (kinds: Kinds["Service"], described: Description): Kindred => {
  const { owns = [], watches = [] } = described
  const missing: Array<string> = []
  const kindOf = (named: Named): ReadonlyArray<Readable> => {
    const found = kinds.find(named.group, named.version, named.resource)
    if (found !== undefined) return [readable(found.served.kind)]
    missing.push(words(named))
    return []
  }
  const [own] = kindOf(described.for)
  const owned = owns.flatMap(kindOf)
  const watched = watches.flatMap((named) => kindOf(named).map((kind) => [named, kind] as const))
  if (own === undefined || missing.length > 0) return { _tag: "Missing", why: `there is no ${missing.join(", ")}` }
  return {
    _tag: "Found",
    for: own,
    owns: owned,
    watches: watched,
    kinds: [own, ...owned, ...watched.map(([, kind]) => kind)]
  }
}

export const same = (a: Kindred, b: Kindred): boolean => {
  if (a._tag === "Missing" || b._tag === "Missing") return a._tag === b._tag
  return a.kinds.length === b.kinds.length && a.kinds.every((kind, index) => kind === b.kinds[index])
}

/** Whom it concerns that an object was made, changes or is gone. */
const concerned = (reconciler: Reconciler["Service"], watched: Named, cache: Cache<Resource, never>): Controllers.Trigger =>
  Stream.mapEffect(cache.changes, ({ events }) =>
    Effect.map(
      Effect.forEach(events, (event) => {
        const objects = event._tag === "Snapshot" ? event.objects : [event.object]
        return Effect.forEach(objects, (object) => {
          // An object of the API is JSON.
          const asked = { watched, object: object as unknown as WireObject, isGone: event._tag === "Deleted" }
          return Effect.map(reconciler.keys(asked), ({ keys }) => keys)
        })
      }),
      (keys): ReadonlyArray<Key> => keys.flat(2)
    )
  )

/** Of the kind that has the keys; one without a namespace may own what has one. */
const owners = (cache: Cache<Resource, never>, { kind, namespaced }: Readable) =>
  Controllers.on(cache, (object) => {
    const owner = controllerOf(object)
    if (owner?.kind !== kind) return []
    return [{ namespace: namespaced ? keyOf(object).namespace : "", name: owner.name }]
  })

export const run = Effect.fnUntraced(function* (
  reconciler: Reconciler["Service"],
  { concurrency = 1, name }: Description,
  found: Found,
  client: Client["Service"]
) {
  const indexes = {}
  const triggers: Array<Controllers.Trigger> = [Controllers.each(yield* client.cache(found.for, { indexes }))]
  for (const kind of found.owns) triggers.push(owners(yield* client.cache(kind, { indexes }), found.for))
  for (const [named, kind] of found.watches)
    triggers.push(concerned(reconciler, named, yield* client.cache(kind, { indexes })))
  yield* Controllers.run({
    name,
    concurrency,
    triggers,
    reconcile: ({ name, namespace }) =>
      Effect.map(reconciler.reconcile({ namespace, name }), ({ requeueAfterMillis }) =>
        requeueAfterMillis === undefined ? Controllers.done : Controllers.again(requeueAfterMillis)
      )
  })
})
