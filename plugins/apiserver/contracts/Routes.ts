/**
 * Paths of the API's port that are no objects: a registry in which a plugin puts a path of its own (`/metrics/resource`, the door
 * to a dashboard). Whoever asks has been authenticated, and authorized for the path, before the handler is called.
 */
import { Context, Effect, Layer, type Scope, type Stream } from "effect"
import type { ApiError } from "../../../kernel/client/Errors.ts"
import type { User } from "../../../kernel/pipeline/Attributes.ts"
import type { Unavailable } from "../../../kernel/plugin/Contract.ts"
import { Backends } from "./Backends.ts"

export interface RouteRequest {
  readonly method: string
  /** Decoded no further than the URL's path. */
  readonly path: string
  readonly query: URLSearchParams
  readonly headers: { readonly [name: string]: string | ReadonlyArray<string> | undefined }
  readonly user: User
  /** Up to the limit of all request bodies. */
  readonly body: Effect.Effect<Uint8Array, ApiError>
}

export interface RouteAnswer {
  readonly code: number
  readonly type: string
  readonly body: string | Uint8Array | Stream.Stream<Uint8Array, ApiError | Unavailable>
  readonly headers?: { readonly [name: string]: string }
}

export interface Route {
  /** `/dashboard` serves that path and all below it. The longest prefix wins. */
  readonly prefix: string
  /** Its answers last as long as somebody reads them: the end of a server does not wait for them. */
  readonly isLong?: boolean
  readonly handle: (request: RouteRequest) => Effect.Effect<RouteAnswer, ApiError | Unavailable>
}

export class Routes extends Context.Service<
  Routes,
  {
    /** Serves a prefix until the scope closes. */
    readonly add: (route: Route) => Effect.Effect<void, never, Scope.Scope>
    readonly find: (path: string) => Route | undefined
    readonly prefixes: () => ReadonlyArray<string>
  }
>()("apiserver/Routes") {
  static readonly add = (route: Route) => Layer.effectDiscard(Effect.flatMap(Routes, (routes) => routes.add(route)))
  static readonly layer: Layer.Layer<Routes | Backends> = Layer.suspend(() => Layer.merge(registry, Backends.layer))
}

const registry = Layer.sync(Routes, () => {
  let routes: ReadonlyArray<Route> = []
  const serves = (path: string) => (route: Route) => path === route.prefix || path.startsWith(`${route.prefix}/`)
  return Routes.of({
    add: (route) =>
      Effect.asVoid(
        Effect.acquireRelease(
          Effect.sync(() => {
            routes = [...routes, route].toSorted((a, b) => b.prefix.length - a.prefix.length)
          }),
          () =>
            Effect.sync(() => {
              routes = routes.filter((other) => other !== route)
            })
        )
      ),
    find: (path) => routes.find(serves(path)),
    prefixes: () => routes.map(({ prefix }) => prefix)
  })
})
