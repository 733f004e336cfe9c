/** The API as data, inside the server: what isolates are given to reach their cluster by, under the identity they have. */
import { Cause, Effect, Layer, Option, Predicate, Queue, Schema, Stream } from "effect"
import type { User } from "../pipeline/Attributes.ts"
import { type At, Pipeline, type WatchEvent } from "../pipeline/Pipeline.ts"
import * as Field from "../resource/Field.ts"
import * as Kind from "../resource/Kind.ts"
import { Kinds } from "../resource/Kinds.ts"
import { ObjectMetaDraft } from "../resource/Metadata.ts"
import * as Aggregated from "./Aggregated.ts"
import { Api, type DeleteOptions, type WatchBatch, WireObject } from "./Api.ts"
import { type ApiError, Expired, NotFound } from "./Errors.ts"
import type { Unavailable } from "../plugin/Contract.ts"

interface Collection {
  readonly group: string
  readonly version: string
  readonly resource: string
  readonly namespace: string
  readonly name?: string
  readonly subresource?: string | undefined
}
type Batch = typeof WatchBatch.Type
type Query = Aggregated.Question["query"]

/** What is served elsewhere, as far as authorization looks at it. */
const foreign = ({ group, namespace, resource, version }: Collection) =>
  Kind.make<Kind.Resource, Kind.ResourceDraft>({
    kind: resource,
    plural: resource,
    singular: resource,
    namespaced: namespace !== "",
    storage: `${resource}.${group}`,
    verbs: [],
    versions: [{ group, version, schema: Field.asJson(ObjectMetaDraft) }]
  })

const isWireObject = Schema.is(WireObject)

/** Batches that may wait for a reader: an isolate in an endless loop must not fill the server's memory. */
const patience = 1000
const slow = new Expired({ detail: "the reader of this watch is too slow: begin anew" })

export const layer = (user: User): Layer.Layer<Api, never, Pipeline | Kinds> =>
  Layer.effect(
    Api,
    Effect.gen(function* () {
      const pipeline = yield* Pipeline
      const kinds = yield* Kinds
      const aggregated = yield* Effect.serviceOption(Aggregated.Aggregated)
      const at = ({
        group,
        name = "",
        namespace,
        resource,
        subresource = "",
        version
      }: Collection): Effect.Effect<At, NotFound> => {
        const found = kinds.find(group, version, resource)
        if (found === undefined) return Effect.fail(new NotFound({ group, resource, namespace, name }))
        return Effect.succeed({ user, ...found, namespace, name, subresource })
      }

      /** From the server that answers for the group, if this one does not. */
      const elsewhere = (
        payload: Collection,
        verb: "get" | "list" | "delete",
        query: Query,
        body?: WireObject
      ): Effect.Effect<WireObject, ApiError | Unavailable> | undefined => {
        const { group, name = "", namespace, resource, subresource = "", version } = payload
        if (Option.isNone(aggregated) || kinds.find(group, version, resource) !== undefined) return undefined
        const remote = aggregated.value.find(group, version)
        if (remote === undefined) return undefined
        const kind = foreign(payload)
        const place = { user, served: { kind, strategy: {} }, version: kind.versions[0], namespace, name, subresource }
        const method = verb === "delete" ? "DELETE" : "GET"
        const where = { user, group, version, namespace, resource, name, subresource, query }
        const question: Aggregated.Question = { ...where, method, ...(body !== undefined && { body }) }
        return Effect.andThen(pipeline.authorize(place, verb), remote.ask(question))
      }

      const watch = Effect.fnUntraced(function* (
        payload: Collection & { readonly labelSelector?: string; readonly fieldSelector?: string }
      ) {
        const place = yield* at(payload)
        const batches = yield* Queue.unbounded<Batch, ApiError>()
        let initial: Array<WatchEvent> | undefined = []
        yield* pipeline.watch(
          place,
          { ...selectors(payload), sendInitialEvents: true, bookmarks: true },
          {
            events: (events) => {
              if (initial !== undefined) initial.push(...events)
              else if (Queue.sizeUnsafe(batches) >= patience) Queue.failCauseUnsafe(batches, Cause.fail(slow))
              else Queue.offerUnsafe(batches, { revision: events.at(-1)?.row.revision ?? 0, events: events.map(changed) })
            },
            bookmark: (revision) => {
              const events: Batch["events"] =
                initial === undefined ? [] : [{ _tag: "Snapshot", objects: initial.map(({ row }) => row.wire) }]
              initial = undefined
              Queue.offerUnsafe(batches, { revision, events })
            },
            failed: (error) => Queue.failCauseUnsafe(batches, Cause.fail(error))
          }
        )
        return Stream.fromQueue(batches)
      })

      return Api.of({
        get: ({ query = {}, ...payload }) =>
          elsewhere(payload, "get", query) ??
          Effect.flatMap(at(payload), (place) => Effect.map(pipeline.get(place), ({ wire }) => wire)),
        list: ({ continue: token, limit, ...payload }) => {
          const remote = elsewhere(payload, "list", selectors(payload))
          if (remote !== undefined) return Effect.map(remote, listed)
          return Effect.flatMap(at(payload), (place) =>
            Effect.map(
              pipeline.list(place, {
                ...selectors(payload),
                ...(limit === undefined ? {} : { limit }),
                ...(token === undefined ? {} : { continue: token })
              }),
              ({ continue: next, revision, rows }) => ({
                revision,
                items: rows.map(({ wire }) => wire),
                ...(next === undefined ? {} : { continue: next })
              })
            )
          )
        },
        watch: (payload) => Stream.unwrap(watch(payload)),
        create: ({ body, ...payload }) =>
          Effect.flatMap(at(payload), (place) => Effect.map(pipeline.create(place, body, payload), ({ row }) => row.wire)),
        update: ({ body, ...payload }) =>
          Effect.flatMap(at(payload), (place) => Effect.map(pipeline.update(place, body, payload), ({ row }) => row.wire)),
        patch: ({ body, type, ...payload }) =>
          Effect.flatMap(at(payload), (place) =>
            Effect.map(pipeline.patch(place, type, body, payload), ({ row }) => row.wire)
          ),
        delete: ({ options, ...payload }) => {
          const remote = elsewhere(payload, "delete", {}, deleteOptions(options))
          if (remote !== undefined) return Effect.map(remote, (object) => ({ gone: object["kind"] === "Status", object }))
          return Effect.flatMap(at(payload), (place) =>
            Effect.map(pipeline.delete(place, options), ({ gone, row }) => ({ gone, object: row.wire }))
          )
        },
        deleteCollection: ({ options, ...payload }) =>
          Effect.flatMap(at(payload), (place) =>
            Effect.asVoid(pipeline.deleteCollection(place, { ...options, ...selectors(payload) }))
          )
      })
    })
  )

/** As on the wire. */
const deleteOptions = ({ dryRun, resourceVersion, uid, ...options }: DeleteOptions): WireObject => ({
  ...{ kind: "DeleteOptions", apiVersion: "v1", ...options },
  preconditions: { ...(uid !== undefined && { uid }), ...(resourceVersion !== undefined && { resourceVersion }) },
  ...(dryRun === true && { dryRun: ["All"] })
})

const selectors = ({
  fieldSelector,
  labelSelector
}: {
  readonly fieldSelector?: string
  readonly labelSelector?: string
}) => ({
  ...(fieldSelector === undefined ? {} : { fieldSelector }),
  ...(labelSelector === undefined ? {} : { labelSelector })
})

const changed = ({ row, type }: WatchEvent): Batch["events"][number] => ({
  _tag: type === "DELETED" ? "Deleted" : "Applied",
  object: row.wire
})

/** The answer of another server is what it says, so no more of it is taken for granted than that its items are objects. */
const listed = ({ items, metadata }: WireObject) => {
  const revision = Predicate.hasProperty(metadata, "resourceVersion") ? Number(metadata.resourceVersion) : 0
  return {
    revision: Number.isSafeInteger(revision) ? revision : 0,
    items: Array.isArray(items) ? items.filter(isWireObject) : []
  }
}
