/** Reads, writes and watches objects: the only way in which a plugin touches the cluster. */
import { Context, type Effect, type Option, type Schema, type Scope, type Stream } from "effect"
import type { Unavailable } from "../plugin/Contract.ts"
import type { Key, Kind, Resource, ResourceDraft } from "../resource/Kind.ts"
import type { Batch, Cache, Viewed } from "../table/Table.ts"
import type { DeleteOptions, PatchType, WireObject } from "./Api.ts"
import type { ApiError } from "./Errors.ts"

export interface Selection {
  /** Empty or absent: all namespaces. */
  readonly namespace?: string
  /** As in the API: `app=web,tier!=db`. */
  readonly labelSelector?: string
  readonly fieldSelector?: string
}
export interface WriteOptions {
  /** The subresource that is written: `status` changes the status alone. */
  readonly subresource?: string
  readonly fieldManager?: string
}

/** A write resolves when every cache that the client has open has seen it: who writes and then reads, reads the write. */
export class Client extends Context.Service<
  Client,
  {
    /** For callers to whom absence is an ordinary answer, such as a reconciler. */
    find<A extends Resource, D extends ResourceDraft>(
      kind: Kind<A, D>,
      key: Key
    ): Effect.Effect<Option.Option<A>, ApiError | Unavailable>
    /** For callers to whom absence is a failure: NotFound. */
    get<A extends Resource, D extends ResourceDraft>(kind: Kind<A, D>, key: Key): Effect.Effect<A, ApiError | Unavailable>
    list<A extends Resource, D extends ResourceDraft>(
      kind: Kind<A, D>,
      selection?: Selection
    ): Effect.Effect<ReadonlyArray<A>, ApiError | Unavailable>
    /** `metadata.namespace` says where; `name` or `generateName` what it is called. */
    create<A extends Resource, D extends ResourceDraft>(
      kind: Kind<A, D>,
      draft: D,
      options?: WriteOptions
    ): Effect.Effect<A, ApiError | Unavailable>
    /** Replaces the object read before (its resourceVersion is the precondition). Without a subresource the status stays as it is. */
    update<A extends Resource, D extends ResourceDraft>(
      kind: Kind<A, D>,
      object: A,
      options?: WriteOptions
    ): Effect.Effect<A, ApiError | Unavailable>
    /** `apply` wants `fieldManager`, takes what it owns by force, and creates what is not there. */
    patch<A extends Resource, D extends ResourceDraft>(
      kind: Kind<A, D>,
      key: Key,
      type: PatchType,
      body: Schema.Json,
      options?: WriteOptions
    ): Effect.Effect<A, ApiError | Unavailable>
    /** Succeeds also when it only marks the object; NotFound when it is gone already. */
    delete<A extends Resource, D extends ResourceDraft>(
      kind: Kind<A, D>,
      key: Key,
      options?: DeleteOptions
    ): Effect.Effect<void, ApiError | Unavailable>
    /** Posts to a subresource that is no part of the object: `binding`, `eviction`, `token`. */
    post<A extends Resource, D extends ResourceDraft>(
      kind: Kind<A, D>,
      key: Key,
      subresource: string,
      body: WireObject
    ): Effect.Effect<WireObject, ApiError | Unavailable>
    watch<A extends Resource, D extends ResourceDraft>(
      kind: Kind<A, D>,
      selection?: Selection
    ): Stream.Stream<Batch<A>, ApiError | Unavailable>
    /** The objects of a kind, read synchronously: in process the server's own table, over HTTPS an informer. */
    cache<A extends Resource, D extends ResourceDraft, Index extends string>(
      kind: Kind<A, D>,
      options: Viewed<A, Index> & { readonly selection?: Selection }
    ): Effect.Effect<Cache<A, Index>, ApiError | Unavailable, Scope.Scope>
  }
>()("kernel/Client") {}
