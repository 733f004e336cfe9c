/** A client on tables and nothing else: for tests of plugins that read the cluster, without a server around them. */
import { Effect, Layer, Option, type Schema } from "effect"
import { Client } from "../../kernel/client/Client.ts"
import * as Complete from "../../kernel/client/Complete.ts"
import { AlreadyExists, MethodNotAllowed, NotFound } from "../../kernel/client/Errors.ts"
import { apiVersion, type Any, type Key, type Kind, type Resource, type ResourceDraft } from "../../kernel/resource/Kind.ts"
import { Table } from "../../kernel/table/Table.ts"

export class Objects {
  private revision = 0
  private readonly tables = new Map<string, Table<Resource>>()

  /** A table only ever holds objects of its kind, hence the casts in this class. */
  table<A extends Resource>(kind: Kind<A, never>): Table<A> {
    const found = this.tables.get(kind.storage) ?? new Table<Resource>(0)
    this.tables.set(kind.storage, found)
    return found as unknown as Table<A>
  }

  put<A extends Resource, D extends ResourceDraft>(kind: Kind<A, D>, draft: D): A {
    const revision = ++this.revision
    const before = this.table(kind).get({ namespace: draft.metadata.namespace ?? "", name: draft.metadata.name ?? "" })
    const metadata = {
      uid: before?.metadata.uid ?? `uid-${revision}`,
      creationTimestamp: "2026-01-01T00:00:00Z",
      ...draft.metadata,
      resourceVersion: String(revision)
    }
    const wire = { apiVersion: apiVersion(kind.versions[0]), kind: kind.kind, ...draft, metadata }
    const object = Complete.make(kind.versions[0])(wire as unknown as Schema.JsonObject) as unknown as A
    this.table(kind).apply({ revision, events: [{ _tag: "Applied", object }] })
    return object
  }

  remove<A extends Resource, D extends ResourceDraft>(kind: Kind<A, D>, key: Key) {
    const object = this.table(kind).get(key)
    const revision = ++this.revision
    if (object !== undefined) this.table(kind).apply({ revision, events: [{ _tag: "Deleted", object }] })
  }
}

const about = (kind: Any, { name, namespace }: Key) => ({
  group: kind.versions[0].group,
  resource: kind.plural,
  namespace,
  name
})
const unsupported = (kind: Any, key: Key, verb: string) => Effect.fail(new MethodNotAllowed({ ...about(kind, key), verb }))

export const make = (objects: Objects) =>
  Client.of({
    find: (kind, key) => Effect.sync(() => Option.fromUndefinedOr(objects.table(kind).get(key))),
    get: (kind, key) =>
      Effect.suspend(() => {
        const found = objects.table(kind).get(key)
        return found === undefined ? Effect.fail(new NotFound(about(kind, key))) : Effect.succeed(found)
      }),
    list: (kind) =>
      Effect.gen(function* () {
        const all = yield* Effect.scoped(objects.table(kind).cache({ indexes: { all: () => [""] } }))
        return all.by("all", "")
      }),
    create: (kind, draft) =>
      Effect.suspend(() => {
        const key = { namespace: draft.metadata.namespace ?? "", name: draft.metadata.name ?? "" }
        if (objects.table(kind).get(key) !== undefined) return Effect.fail(new AlreadyExists(about(kind, key)))
        return Effect.sync(() => objects.put(kind, draft))
      }),
    // What is read may be written: drafts ask for less than readers find.
    update: (kind, object) => Effect.sync(() => objects.put(kind as unknown as Kind<typeof object, ResourceDraft>, object)),
    patch: (kind, key) => unsupported(kind, key, "patch"),
    delete: (kind, key) => Effect.sync(() => objects.remove(kind, key)),
    post: (kind, key) => unsupported(kind, key, "create"),
    watch: (kind) => objects.table(kind).watch,
    cache: (kind, viewed) => objects.table(kind).cache(viewed)
  })

export const layer = (objects: Objects) => Layer.sync(Client, () => make(objects))
