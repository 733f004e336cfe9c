/**
 * The API in memory: what controllers, the scheduler and node agents are tested against. It keeps the laws of `Api` (see
 * `conformance/Api.ts`), fills in the constant defaults, and does what programs rely on: generations, finalizers, grace,
 * the status subresource, binding and eviction. It admits everything, validates nothing, and remembers no owners of fields: an
 * apply merges as a strategic patch does.
 */
import { Clock, Effect, Layer, Result, type Schema, Stream } from "effect"
import { Api, type DeleteOptions, type WatchBatch, type WireObject } from "../../kernel/client/Api.ts"
import * as Complete from "../../kernel/client/Complete.ts"
import * as Errors from "../../kernel/client/Errors.ts"
import * as Selection from "../../kernel/client/Selection.ts"
import * as Stamp from "../../kernel/pipeline/Stamp.ts"
import * as Plugin from "../../kernel/plugin/Plugin.ts"
import * as JsonPatch from "../../kernel/resource/JsonPatch.ts"
import type { Any as Kind, Resource } from "../../kernel/resource/Kind.ts"
import * as MergePatch from "../../kernel/resource/MergePatch.ts"
import * as Shape from "../../kernel/resource/Shape.ts"
import * as StrategicMerge from "../../kernel/resource/StrategicMerge.ts"
import { type Event, Table } from "../../kernel/table/Table.ts"
import { builtIn } from "./MemoryKinds.ts"
import * as Objects from "./MemoryObjects.ts"

/** Every object has the metadata that `created` gave it. */
type Stored = WireObject & Resource
type Service = Api["Service"]
type At = Parameters<Service["get"]>[0]
type Patch = Parameters<Service["patch"]>[0]
type Writing = { readonly dryRun?: boolean }
type Answer<A> = Result.Result<A, Errors.ApiError>

interface Collection {
  readonly kind: Kind
  readonly complete: (wire: WireObject) => WireObject
  readonly table: Table<Stored>
}

const moment = Effect.gen(function* () {
  const millis = yield* Clock.currentTimeMillis
  return { millis, now: Stamp.time(millis), uid: yield* Stamp.uid, suffix: yield* Stamp.letters(5) }
})

const where = ({ group, name, namespace, resource }: At) => ({ group, resource, namespace, name })
const stale = "the object has been modified; please apply your changes to the latest version and try again"
const conflict = (at: At, detail: string) => Result.fail(new Errors.Conflict({ ...where(at), detail }))

/** A precondition of a write, if the writer gave one. */
const expect = (at: At, { metadata }: Stored, given: { readonly uid?: unknown; readonly resourceVersion?: unknown }) => {
  const { resourceVersion = metadata.resourceVersion, uid = metadata.uid } = given
  if (uid !== metadata.uid) {
    return conflict(at, `Precondition failed: UID in precondition: ${uid}, UID in object meta: ${metadata.uid}`)
  }
  return resourceVersion === metadata.resourceVersion ? Result.void : conflict(at, stale)
}

const success: WireObject = { kind: "Status", apiVersion: "v1", metadata: {}, status: "Success", code: 201 }

const store = (kinds: ReadonlyArray<Kind>) => {
  let revision = 0
  const collections = new Map<string, Collection>()
  for (const kind of kinds) {
    const collection = { kind, complete: Complete.make(kind.versions[0]), table: new Table<Stored>(0) }
    for (const { group, version } of kind.versions) collections.set(`${group}/${version}/${kind.plural}`, collection)
  }

  const find = (at: Pick<At, "group" | "version" | "resource">): Answer<Collection> =>
    Result.fromNullishOr(
      collections.get(`${at.group}/${at.version}/${at.resource}`),
      () => new Errors.NotFound({ group: "", resource: "", namespace: "", name: "" })
    )
  const look = ({ table }: Collection, at: At): Answer<Stored> =>
    Result.fromNullishOr(table.get(at), () => new Errors.NotFound(where(at)))

  const commit = ({ table }: Collection, object: WireObject, { dryRun = false }: Writing = {}): Stored => {
    const isGone = Objects.isFinished(object)
    const resourceVersion = `${dryRun ? revision : ++revision}`
    // `created` has made its metadata whole, hence the cast.
    const stored = { ...object, metadata: { ...Objects.metaOf(object), resourceVersion } } as unknown as Stored
    if (!dryRun) table.apply({ revision, events: [{ _tag: isGone ? "Deleted" : "Applied", object: stored }] })
    return stored
  }

  const create = (at: At & { readonly body: WireObject } & Writing, now: Objects.Moment): Answer<WireObject> =>
    Result.gen(function* () {
      const collection = yield* find(at)
      const { complete, kind, table } = collection
      const namespace = at.namespace || Objects.namespaceOf(at.body) || "default"
      const object = Objects.created(kind, complete(at.body), namespace, now)
      const asked = { ...at, namespace: kind.namespaced ? namespace : "", name: Objects.nameOf(object) }
      if (asked.name === "") {
        const cause = {
          field: "metadata.name",
          type: "FieldValueRequired",
          detail: "Required value: name or generateName is required"
        } as const
        return yield* Result.fail(new Errors.Invalid({ ...where(asked), kind: kind.kind, causes: [cause] }))
      }
      if (table.get(asked) !== undefined) return yield* Result.fail(new Errors.AlreadyExists(where(asked)))
      return commit(collection, complete(object), at)
    })

  const update = (at: At & { readonly body: WireObject } & Writing): Answer<WireObject> =>
    Result.gen(function* () {
      const collection = yield* find(at)
      const before = yield* look(collection, at)
      yield* expect(at, before, Objects.metaOf(at.body))
      const after = Objects.updated(collection.kind, before, collection.complete(at.body), at.subresource ?? "")
      if (after === undefined) return yield* Result.fail(new Errors.NotFound(where(at)))
      return Objects.isSame(before, after) ? before : commit(collection, Objects.counted(before, after), at)
    })

  const merged = ({ kind }: Collection, before: WireObject, { body, type }: Pick<Patch, "body" | "type">) => {
    switch (type) {
      case "json":
        return JsonPatch.patch(before, body)
      case "merge":
        return Result.succeed(MergePatch.apply(before, body))
      default:
        return StrategicMerge.apply(Shape.of(kind.versions[0].schema()), before, body)
    }
  }

  const patch = ({ body, type, ...at }: Patch, now: Objects.Moment): Answer<WireObject> =>
    Result.gen(function* () {
      const collection = yield* find(at)
      const before = collection.table.get(at)
      if (before === undefined && type === "apply") return yield* create({ ...at, body: Objects.fieldsOf(body) }, now)
      const target = before ?? (yield* look(collection, at))
      const after: Answer<Schema.Json> = merged(collection, target, { body, type })
      return yield* update({ ...at, body: Objects.fieldsOf(yield* after) })
    })

  const remove = (at: At & { readonly options: DeleteOptions }, now: Objects.Moment) =>
    Result.gen(function* () {
      const collection = yield* find(at)
      const before = yield* look(collection, at)
      yield* expect(at, before, at.options)
      const after = Objects.deleted(before, at.options, now)
      const gone = Objects.isFinished(after)
      const object = Objects.isSame(before, after) ? before : commit(collection, after, at.options)
      return { object, gone }
    })

  const post = (at: Parameters<Service["create"]>[0], now: Objects.Moment): Answer<WireObject> =>
    Result.gen(function* () {
      const collection = yield* find(at)
      const before = yield* look(collection, at)
      switch (at.subresource) {
        case "eviction":
          yield* remove({ ...at, options: {} }, now)
          return success
        case "binding": {
          const after = Objects.bound(before, at.body, now)
          if (after === undefined) return yield* conflict(at, `pod ${at.name} is already assigned to a node`)
          commit(collection, after, at)
          return success
        }
        default:
          return yield* Result.fail(new Errors.MethodNotAllowed({ ...where(at), verb: "create" }))
      }
    })

  const select = (at: Parameters<Service["list"]>[0]) =>
    Result.gen(function* () {
      const { table } = yield* find(at)
      const matches = yield* Selection.compile(at)
      return { table, matches }
    })

  return { revision: () => revision, find, look, create, update, patch, remove, post, select }
}

/** What a selection sees of what happens: who comes to match appears, who no longer does is deleted. */
const seen = (matches: Selection.Matches) => {
  const known = new Set<string>()
  const see = (event: Event<Stored>): ReadonlyArray<(typeof WatchBatch.Type)["events"][number]> => {
    if (event._tag === "Snapshot") {
      const objects = event.objects.filter(matches)
      known.clear()
      for (const { metadata } of objects) known.add(metadata.uid)
      return [{ _tag: "Snapshot", objects }]
    }
    const { uid } = event.object.metadata
    if (event._tag === "Applied" && matches(event.object)) {
      known.add(uid)
      return [event]
    }
    return known.delete(uid) ? [{ _tag: "Deleted", object: event.object }] : []
  }
  return see
}

export const make = (kinds: ReadonlyArray<Kind> = builtIn): Service => {
  const memory = store(kinds)
  const at = <A>(write: (now: Objects.Moment) => Answer<A>) =>
    Effect.flatMap(moment, (now) => Effect.suspend(() => Effect.fromResult(write(now))))
  return {
    get: (of) => at(() => Result.flatMap(memory.find(of), (collection) => memory.look(collection, of))),
    list: (of) =>
      at(() =>
        Result.map(memory.select(of), ({ matches, table }) => ({
          revision: memory.revision(),
          items: table.all().filter(matches)
        }))
      ),
    watch: (of) =>
      Stream.unwrap(
        at(() =>
          Result.map(memory.select(of), ({ matches, table }) => {
            const see = seen(matches)
            return Stream.map(table.watch, ({ events, revision }) => ({ revision, events: events.flatMap(see) }))
          })
        )
      ),
    create: (of) => at((now) => ((of.subresource ?? "") === "" ? memory.create(of, now) : memory.post(of, now))),
    update: (of) => at(() => memory.update(of)),
    patch: (of) => at((now) => memory.patch(of, now)),
    delete: (of) => at((now) => memory.remove(of, now)),
    deleteCollection: (of) =>
      at((now) =>
        Result.map(memory.select(of), ({ matches, table }) => {
          for (const { metadata } of table.all().filter(matches)) {
            memory.remove({ ...of, namespace: metadata.namespace ?? "", name: metadata.name }, now)
          }
        })
      )
  }
}

/** A cluster of its own, empty, with these kinds; without them, all that are built in. */
export const layer = (kinds?: ReadonlyArray<Kind>) => Layer.sync(Api, () => make(kinds))

export const plugin = Plugin.make({ name: "memory-api", offers: [Api], layer: layer() })
