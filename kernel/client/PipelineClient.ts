/**
 * The client inside the server: reads come from the tables, writes pass the pipeline like anybody's, and nothing is serialised.
 * A cache is the server's own table; a write has been seen by every cache when it resolves.
 */
import { Effect, Layer, Option, Result, Scope, Stream } from "effect"
import type { User } from "../pipeline/Attributes.ts"
import { type At, Pipeline } from "../pipeline/Pipeline.ts"
import * as Select from "../pipeline/Select.ts"
import { eventOf } from "../pipeline/Watch.ts"
import { Kinds, type Served } from "../resource/Kinds.ts"
import { type Any, apiVersion, type Key, type Kind, type Resource } from "../resource/Kind.ts"
import { type News, Table } from "../table/Table.ts"
import { Tables } from "../table/Tables.ts"
import type { Watcher } from "../table/Watchers.ts"
import type { WireObject } from "./Api.ts"
import { Client, type Selection } from "./Client.ts"
import type { BadRequest } from "./Errors.ts"

const nobody: Selection = {}

/** A table of what a selection chooses, kept while somebody uses it. */
interface Shared {
  readonly table: Table<Resource>
  readonly close: () => void
  users: number
}

/** All clients of a server share them: whether somebody may see what is in one is asked before he is led to it. */
const sharedOf = new WeakMap<Tables["Service"], Map<string, Shared>>()

export const layer = (user: User): Layer.Layer<Client, never, Pipeline | Tables | Kinds> =>
  Layer.effect(
    Client,
    Effect.gen(function* () {
      const pipeline = yield* Pipeline
      const tables = yield* Tables
      const kinds = yield* Kinds
      const shared = sharedOf.get(tables) ?? new Map<string, Shared>()
      sharedOf.set(tables, shared)

      const servedOf = (kind: Any): Served => kinds.byStorage(kind.storage) ?? { kind, strategy: {} }
      const at = (kind: Any, { name, namespace }: Key, subresource = ""): At => ({
        user,
        served: servedOf(kind),
        version: kind.versions[0],
        namespace: kind.namespaced ? namespace : "",
        name,
        subresource
      })
      /** What lies in a kind's storage is of that kind, hence the casts. */
      const typed = <A extends Resource>({ object }: { readonly object: Resource }) => object as unknown as A
      const draftOf = <D>(kind: Any, draft: D): WireObject => ({
        apiVersion: apiVersion(kind.versions[0]),
        kind: kind.kind,
        ...(draft as unknown as WireObject)
      })

      const open = (kind: Any, selection: Selection): Effect.Effect<Shared, BadRequest> =>
        Effect.fromResult(
          Result.map(
            Select.compile({ served: servedOf(kind), namespace: selection.namespace ?? "", name: "" }, selection),
            ({ interest, matches }) => {
              const rows = tables.of(kind)
              const table = new Table<Resource>()
              const begin = () =>
                table.take(tables.revision(kind.log), [
                  { _tag: "Snapshot", held: [...rows.list(selection.namespace ?? "")].filter(matches) }
                ])
              begin()
              const watcher: Watcher = {
                changed: (changes, revision) => {
                  const news = changes.flatMap((change): ReadonlyArray<News<Resource>> => {
                    const event = eventOf(change, matches)
                    if (event === undefined) return []
                    return [{ _tag: event.type === "DELETED" ? "Deleted" : "Applied", held: event.row }]
                  })
                  if (news.length > 0) table.take(revision, news)
                },
                reset: begin
              }
              const close = rows.watch(watcher, interest)
              return { table, close, users: 0 }
            }
          )
        )

      const tableOf = Effect.fnUntraced(function* <A extends Resource>(kind: Kind<A, never>, selection: Selection) {
        const scope = yield* Scope.Scope
        const place = at(kind, { namespace: selection.namespace ?? "", name: "" })
        yield* pipeline.authorize(place, "list")
        yield* pipeline.authorize(place, "watch")
        const key = JSON.stringify([kind.storage, selection])
        const found = shared.get(key) ?? (yield* open(kind, selection))
        shared.set(key, found)
        found.users++
        const leave = Effect.sync(() => {
          found.users--
          if (found.users > 0) return
          found.close()
          shared.delete(key)
        })
        yield* Scope.addFinalizer(scope, leave)
        return found.table as unknown as Table<A>
      })

      const get = <A extends Resource>(kind: Kind<A, never>, key: Key) =>
        Effect.map(pipeline.get(at(kind, key)), (row) => typed<A>(row))

      return Client.of({
        find: (kind, key) =>
          get(kind, key).pipe(
            Effect.map(Option.some),
            Effect.catchTag("NotFound", () => Effect.succeedNone)
          ),
        get: (kind, key) => get(kind, key),
        list: (kind, { namespace = "", ...selectors } = nobody) =>
          Effect.map(pipeline.list(at(kind, { namespace, name: "" }), selectors), ({ rows }) =>
            rows.map((row) => typed(row))
          ),
        create: (kind, draft, { subresource = "", ...options } = {}) =>
          Effect.map(
            pipeline.create(
              at(kind, { namespace: draft.metadata.namespace ?? "", name: "" }, subresource),
              draftOf(kind, draft),
              managed(user, options)
            ),
            ({ row }) => typed(row)
          ),
        update: (kind, object, { subresource = "", ...options } = {}) =>
          Effect.map(
            pipeline.update(
              at(kind, { namespace: object.metadata.namespace ?? "", name: object.metadata.name }, subresource),
              draftOf(kind, object),
              managed(user, options)
            ),
            ({ row }) => typed(row)
          ),
        patch: (kind, key, type, body, { subresource = "", ...options } = {}) =>
          Effect.map(
            pipeline.patch(at(kind, key, subresource), type, body, {
              ...managed(user, options),
              ...(type === "apply" ? { force: true } : {})
            }),
            ({ row }) => typed(row)
          ),
        delete: (kind, key, options) => Effect.asVoid(pipeline.delete(at(kind, key), options)),
        post: (kind, key, subresource, body) =>
          Effect.map(pipeline.create(at(kind, key, subresource), body, managed(user, {})), ({ row }) => row.wire),
        watch: (kind, selection = nobody) => Stream.unwrap(Effect.map(tableOf(kind, selection), ({ watch }) => watch)),
        cache: (kind, { selection = nobody, ...viewed }) =>
          Effect.flatMap(tableOf(kind, selection), (table) => table.cache(viewed))
      })
    })
  )

/** Programs are told apart by the last part of their name, as managers of fields; the server is called as its program is. */
const managed = <O extends { readonly fieldManager?: string }>({ name }: User, options: O) => ({
  fieldManager: name === "system:apiserver" ? "kube-apiserver" : name.slice(name.lastIndexOf(":") + 1),
  fieldValidation: "Ignore" as const,
  ...options
})
