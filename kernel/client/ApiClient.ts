/** The typed client made of the contract `Api`, whoever serves that: HTTPS, an isolate's port, or memory. */
import { Effect, Layer, Option, Stream } from "effect"
import type { Unavailable } from "../plugin/Contract.ts"
import {
  apiVersion,
  type Any,
  type Key,
  type Kind,
  keyOf,
  type Resource,
  type ResourceDraft,
  type Version
} from "../resource/Kind.ts"
import type { Event, Table, Viewed } from "../table/Table.ts"
import { Api, type WireObject } from "./Api.ts"
import { Client, type Selection, type WriteOptions } from "./Client.ts"
import * as Complete from "./Complete.ts"
import type { ApiError } from "./Errors.ts"
import * as Informer from "./Informer.ts"

type Answer<A> = Effect.Effect<A, ApiError | Unavailable>

const completions = new WeakMap<Version, (wire: WireObject) => WireObject>()

/** Programs read objects in the first version, whose readers' type `A` is what its schema makes of the wire, hence the cast. */
const read = <A>({ versions: [version] }: Any, wire: WireObject): A => {
  const found = completions.get(version)
  const complete = found ?? Complete.make(version)
  if (found === undefined) completions.set(version, complete)
  return complete(wire) as unknown as A
}

/** An object or a draft is JSON by the types of its kind, hence the cast. */
const wireOf = ({ kind, versions: [version] }: Any, object: object): WireObject =>
  ({ ...object, apiVersion: apiVersion(version), kind }) as WireObject

const collection = ({ plural, versions: [{ group, version }] }: Any, namespace = "") => ({
  group,
  version,
  resource: plural,
  namespace
})
const at = (kind: Any, { name, namespace }: Key) => ({ ...collection(kind, namespace), name })
const selected = (kind: Any, { namespace, ...selectors }: Selection = {}) => ({
  ...collection(kind, namespace),
  ...selectors
})

const revisionOf = ({ metadata }: Resource) => {
  const revision = Number(metadata.resourceVersion)
  return metadata.resourceVersion !== "" && Number.isSafeInteger(revision) ? revision : undefined
}

export const make = Effect.fnUntraced(function* (api: Api["Service"]) {
  const events = <A>(kind: Any, event: Event<WireObject>): Event<A> =>
    event._tag === "Snapshot"
      ? { _tag: "Snapshot", objects: event.objects.map((object) => read<A>(kind, object)) }
      : { _tag: event._tag, object: read<A>(kind, event.object) }

  const watch = <A extends Resource>(kind: Any, selection?: Selection) =>
    Stream.map(api.watch(selected(kind, selection)), (batch) => ({
      revision: batch.revision,
      events: batch.events.map((event) => events<A>(kind, event))
    }))

  const informers = yield* Informer.make(watch)

  /** A write is done when the caches show it. */
  const written = <A extends Resource>(kind: Any, write: Answer<WireObject>): Answer<A> =>
    Effect.flatMap(write, (object) => {
      const answer = read<A>(kind, object)
      const seen = { object, revision: revisionOf(answer), gone: false }
      return Effect.as(informers.settled(kind, keyOf(answer), seen), answer)
    })

  const get = <A>(kind: Any, key: Key): Answer<A> => Effect.map(api.get(at(kind, key)), (object) => read<A>(kind, object))

  return Client.of({
    get,
    find: <A extends Resource, D extends ResourceDraft>(kind: Kind<A, D>, key: Key) =>
      get<A>(kind, key).pipe(
        Effect.map(Option.some),
        Effect.catchTag("NotFound", () => Effect.succeedNone)
      ),
    list: Effect.fnUntraced(function* <A extends Resource, D extends ResourceDraft>(
      kind: Kind<A, D>,
      selection?: Selection
    ) {
      const items: Array<A> = []
      let token = ""
      do {
        const page = yield* api.list({ ...selected(kind, selection), ...(token !== "" && { continue: token }) })
        for (const object of page.items) items.push(read(kind, object))
        token = page.continue ?? ""
      } while (token !== "")
      return items
    }),
    create: (kind, draft, options) =>
      written(kind, api.create({ ...at(kind, nowhere(draft.metadata)), body: wireOf(kind, draft), ...options })),
    update: (kind, object, options) =>
      written(kind, api.update({ ...at(kind, keyOf(object)), body: wireOf(kind, object), ...options })),
    patch: (kind, key, type, body, options: WriteOptions = {}) =>
      written(kind, api.patch({ ...at(kind, key), type, body, ...(type === "apply" && { force: true }), ...options })),
    delete: Effect.fnUntraced(function* (kind, key, options = {}) {
      const { gone, object } = yield* api.delete({ ...at(kind, key), options })
      if (options.dryRun === true) return
      // The answer may be no more than a name and a uid: whatever else it lacks, it is not read here.
      const revision = revisionOf(read<Resource>(kind, object))
      yield* informers.settled(kind, key, { object, revision, gone })
    }),
    post: (kind, key, subresource, body) => api.create({ ...at(kind, key), subresource, body }),
    watch,
    cache: Effect.fnUntraced(function* <A extends Resource, D extends ResourceDraft, Index extends string>(
      kind: Kind<A, D>,
      { selection = {}, ...viewed }: Viewed<A, Index> & { readonly selection?: Selection }
    ) {
      const { table } = yield* informers.get(kind, selection)
      // The informer of a kind holds what `read` made of that kind's objects, hence the cast.
      return yield* (table as unknown as Table<A>).cache(viewed)
    })
  })
})

const nowhere = ({ namespace = "" }: { readonly namespace?: string }): Key => ({ namespace, name: "" })

export const layer = Layer.effect(Client, Effect.flatMap(Api, make))
