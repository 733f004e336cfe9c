/**
 * The only way in for requests on objects: authorize → decode → default → admit → validate → compare-and-swap → respond.
 * The API's door, the in-process client and isolates call it; nobody else touches the log.
 */
import { Context, type Effect, type Schema, type Scope } from "effect"
import type { DeleteOptions, PatchType, WireObject } from "../client/Api.ts"
import type { ApiError } from "../client/Errors.ts"
import type { Unavailable } from "../plugin/Contract.ts"
import type * as Kind from "../resource/Kind.ts"
import type { Served } from "../resource/Kinds.ts"
import type { Row } from "../table/Row.ts"
import type { User } from "./Attributes.ts"

/** What a request is about. `namespace` and `name` are empty where it names none; `subresource` where it is the object itself. */
export interface At {
  readonly user: User
  readonly served: Served
  readonly version: Kind.Version
  readonly namespace: string
  readonly name: string
  readonly subresource: string
}

export interface ReadOptions {
  /** Absent: as of now. `0`: whatever is there. Otherwise: at least (or, with `exact`, exactly) this. */
  readonly resourceVersion?: string
  readonly resourceVersionMatch?: "Exact" | "NotOlderThan"
}
export interface SelectOptions {
  readonly labelSelector?: string
  readonly fieldSelector?: string
}
export interface ListOptions extends ReadOptions, SelectOptions {
  readonly limit?: number
  readonly continue?: string
}
export interface Listed {
  readonly revision: number
  /** In the order of their keys, each with its bytes. */
  readonly rows: ReadonlyArray<Row>
  readonly continue?: string
  readonly remaining?: number
}

export interface WatchOptions extends SelectOptions {
  /** Absent or `0`: begins with what there is (ADDED). */
  readonly resourceVersion?: string
  readonly bookmarks?: boolean
  /** WatchList (KEP-3157): begins with what there is, and, with `bookmarks`, one that says so; `false`: with nothing of it. */
  readonly sendInitialEvents?: boolean
}
export interface WatchEvent {
  readonly type: "ADDED" | "MODIFIED" | "DELETED"
  /** For DELETED the last state, under the revision of the deletion. */
  readonly row: Row
}
/** Where a watch is pushed to: synchronously, once for each batch of the feed. */
export interface WatchSink {
  readonly events: (events: ReadonlyArray<WatchEvent>) => void
  /** The reader knows everything up to `revision`. `initialEnd`: the first state is complete. */
  readonly bookmark: (revision: number, initialEnd: boolean) => void
  /** The watch is over; usually Expired. */
  readonly failed: (error: ApiError) => void
}

export interface WriteOptions {
  readonly dryRun?: boolean
  /** Absent: the first word of the user agent, which the door knows. */
  readonly fieldManager?: string
  readonly fieldValidation?: "Strict" | "Warn" | "Ignore"
  /** `duplicate field "spec.foo"`: what only the text of the body shows, and therefore only the door knows. */
  readonly repeated?: ReadonlyArray<string>
  /** Apply: takes fields that others own. */
  readonly force?: boolean
  /** `fieldManager` was not asked for: it is the caller's program. */
  readonly isProgram?: boolean
}
export interface Written {
  readonly row: Row
  readonly created: boolean
  /** For the `Warning` header: unknown and duplicate fields under fieldValidation Warn, and what admission says. */
  readonly warnings: ReadonlyArray<string>
}
export interface Deleted {
  readonly row: Row
  /** False: it is marked, and goes when its grace is over or its finalizers are done. */
  readonly gone: boolean
  readonly warnings: ReadonlyArray<string>
}

export interface DeletedAll {
  /** Of the list by which they were found. */
  readonly revision: number
  readonly deleted: ReadonlyArray<Deleted>
}

type Answer<A, R = never> = Effect.Effect<A, ApiError | Unavailable, R>

export class Pipeline extends Context.Service<
  Pipeline,
  {
    readonly get: (at: At, options?: ReadOptions) => Answer<Row>
    readonly list: (at: At, options?: ListOptions) => Answer<Listed>
    /** Pushes until the scope closes. The first events are pushed before it returns. */
    readonly watch: (at: At, options: WatchOptions, sink: WatchSink) => Answer<void, Scope.Scope>
    /** `body` in the wire form of `at.version`. */
    readonly create: (at: At, body: WireObject, options?: WriteOptions) => Answer<Written>
    readonly update: (at: At, body: WireObject, options?: WriteOptions) => Answer<Written>
    readonly patch: (at: At, type: PatchType, body: Schema.Json, options?: WriteOptions) => Answer<Written>
    readonly delete: (at: At, options?: DeleteOptions) => Answer<Deleted>
    readonly deleteCollection: (at: At, options: DeleteOptions & SelectOptions) => Answer<DeletedAll>
    /** For subresources that act themselves, such as log: authorizes as the methods above do. */
    readonly authorize: (at: At, verb: string) => Answer<void>
    /** For connections (exec, attach, portforward, proxy): authorizes, and admits `options`, such as PodExecOptions. */
    readonly connect: (at: At, verb: string, options: WireObject) => Answer<void>
  }
>()("kernel/Pipeline") {}
