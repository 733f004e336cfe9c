/** How an author serves paths of the API's port: the same value in every isolate. */
import { Effect, Layer, Stream } from "effect"
import type { Client } from "../../../kernel/client/Client.ts"
import * as Plugin from "../../../kernel/plugin/Plugin.ts"
import { type Piece, type Request, RoutePoints } from "./RoutePoints.ts"

export type { Request } from "./RoutePoints.ts"

export interface Answer<R = never> {
  /** 200 if it is not said. */
  readonly code?: number
  /** `text/plain; charset=utf-8` for a text, `application/octet-stream` for bytes. */
  readonly type?: string
  readonly headers?: Readonly<Record<string, string>>
  readonly body: string | Uint8Array | Stream.Stream<Uint8Array, unknown, R>
}

export interface Routes<R = never> {
  readonly name: string
  readonly isLong?: boolean
  /** By path: `/plugins/NAME` and all below it. */
  readonly routes: Readonly<Record<string, (request: Request) => Effect.Effect<Answer<R>, never, R>>>
}

/** What is JSON, and as such. */
export const json = (value: unknown, code = 200): Answer => ({ code, type: "application/json", body: JSON.stringify(value) })

const none: Answer = { code: 404, body: "404 page not found\n" }
const utf8 = new TextEncoder()

const pieces = <R>({ body, code = 200, headers = {}, type }: Answer<R>): Stream.Stream<Piece, never, R> => {
  const natural = typeof body === "string" ? "text/plain; charset=utf-8" : "application/octet-stream"
  const head: Piece = { _tag: "Head", code, type: type ?? natural, headers }
  const bytes = typeof body === "string" ? utf8.encode(body) : body
  const rest = bytes instanceof Uint8Array ? Stream.succeed(bytes) : Stream.orDie(bytes)
  return Stream.concat(
    Stream.succeed(head),
    Stream.map(rest, (bytes): Piece => ({ _tag: "Body", bytes }))
  )
}

export const make = ({ isLong, name, routes }: Routes<Client>): Plugin.Plugin<RoutePoints, Client> => {
  const prefixes = Object.keys(routes).toSorted((a, b) => b.length - a.length)
  const serve = (request: Request) => {
    const prefix = prefixes.find((one) => request.path === one || request.path.startsWith(`${one}/`))
    return prefix === undefined ? Effect.succeed(none) : (routes[prefix]?.(request) ?? Effect.succeed(none))
  }
  return Plugin.make({
    name,
    offers: [RoutePoints],
    layer: Layer.effect(
      RoutePoints,
      Effect.map(Effect.context<Client>(), (context) =>
        RoutePoints.of({
          describe: () => Effect.succeed({ name, prefixes, ...(isLong !== undefined && { isLong }) }),
          handle: (request) =>
            Stream.unwrap(Effect.map(serve(request), (answer) => pieces(answer))).pipe(Stream.provideContext(context))
        })
      )
    )
  })
}
