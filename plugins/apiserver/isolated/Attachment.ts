/** How paths of plugins from outside are served in this process. */
import { Effect, Exit, Layer, Schema, Scope, Stream } from "effect"
import { internalError } from "../../../kernel/client/Errors.ts"
import type { Unavailable } from "../../../kernel/plugin/Contract.ts"
import { Kinds } from "../../../kernel/resource/Kinds.ts"
import * as Asking from "../../packages/contracts/Asking.ts"
import { Attachments } from "../../packages/contracts/Attachments.ts"
import { type Piece, RoutePoints } from "../contracts/RoutePoints.ts"
import { type RouteAnswer, type RouteRequest, Routes } from "../contracts/Routes.ts"

export class PathRefused extends Schema.TaggedError<PathRefused>()("PathRefused", { message: Schema.String }) {}

type Points = RoutePoints["Service"]

/** Its own corner, or a version of a group that nobody has here. */
const mistake = (prefix: string, name: string, kinds: Kinds["Service"]) => {
  const own = `/plugins/${name}`
  if (prefix === own || prefix.startsWith(`${own}/`)) return undefined
  const [, group = "", version = ""] = /^\/apis\/([a-z0-9.-]+)\/(v[a-z0-9]+)$/.exec(prefix) ?? []
  if (group === "") return `it may serve ${own}, what is below it, and /apis/GROUP/VERSION`
  const isOurs = kinds.all().some(({ kind }) => kind.versions.some((one) => one.group === group && one.version === version))
  return isOurs ? `${group}/${version} is served already` : undefined
}

const textOf = (headers: RouteRequest["headers"]) =>
  Object.fromEntries(
    Object.entries(headers).flatMap(([name, value]): ReadonlyArray<readonly [string, string]> => {
      // What proves who asks stays here, and so does what HTTP/2 has beside its headers.
      if (value === undefined || name === "authorization" || name.startsWith(":")) return []
      return [[name, typeof value === "string" ? value : value.join(", ")]]
    })
  )

const bodyOf = (piece: Piece): ReadonlyArray<Uint8Array> => (piece._tag === "Body" ? [piece.bytes] : [])

type Patiently = ReturnType<typeof Asking.make>

/** The head is waited for; the rest comes as it is read. */
const answer = Effect.fnUntraced(function* (
  points: Points,
  name: string,
  patiently: Patiently,
  { body, headers, method, path, query, user }: RouteRequest
): Effect.fn.Return<RouteAnswer, Unavailable | ReturnType<typeof internalError> | Effect.Error<typeof body>> {
  const asked = { method, path, query: query.toString(), headers: textOf(headers), user, body: yield* body }
  const scope = yield* Scope.make()
  const end = Scope.close(scope, Exit.void)
  const opened = Effect.gen(function* () {
    const pull = yield* Scope.provide(Stream.toPull(points.handle(asked)), scope)
    return { pull, first: yield* pull }
  })
  const {
    first: [head, ...rest],
    pull
  } = yield* patiently(opened, method === "GET" || method === "HEAD").pipe(
    Effect.catchTag("Done", () => Effect.fail(internalError(`the plugin ${name} has said nothing`))),
    Effect.onExit((exit) => (exit._tag === "Failure" ? end : Effect.void))
  )
  if (head._tag !== "Head")
    return yield* Effect.andThen(end, Effect.fail(internalError(`the plugin ${name} has said no head`)))
  const following = Stream.fromPull(Effect.succeed(pull))
  const all = Stream.concat(Stream.fromIterable(rest), following)
  return {
    code: head.code,
    type: head.type,
    headers: head.headers,
    body: Stream.ensuring(
      Stream.flatMap(all, (piece) => Stream.fromIterable(bodyOf(piece))),
      end
    )
  }
})

export const layer = Layer.effectDiscard(
  Effect.gen(function* () {
    const attachments = yield* Attachments
    const routes = yield* Routes
    const kinds = yield* Kinds
    yield* attachments.add({
      contract: RoutePoints,
      attach: Effect.fnUntraced(function* (points, about) {
        const { name } = about
        const patiently = Asking.make(RoutePoints, about)
        const { isLong = false, prefixes } = yield* points.describe()
        for (const prefix of prefixes) {
          const why = mistake(prefix, name, kinds)
          if (why !== undefined) return yield* new PathRefused({ message: `${name} wants to serve ${prefix}: ${why}` })
        }
        for (const prefix of prefixes)
          yield* routes.add({ prefix, isLong, handle: (request) => answer(points, name, patiently, request) })
      })
    })
  })
)
