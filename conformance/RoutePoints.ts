/** The checks of the laws of `RoutePoints`: of any plugin, with requests for the paths that it serves, and below them. */
import { Effect, Stream } from "effect"
import assert from "node:assert/strict"
import { type Piece, type Request, RoutePoints } from "../plugins/apiserver/contracts/RoutePoints.ts"
import * as Suite from "./Suite.ts"

type Points = RoutePoints["Service"]

const asked = (path: string): Request => ({
  method: "GET",
  path,
  query: "",
  headers: { "user-agent": "laws", accept: "*/*" },
  user: { name: "laws", groups: ["system:authenticated"] },
  body: new Uint8Array()
})

/** The beginning is enough: an answer may last. */
const some = 3
const beginning = (points: Points, path: string) =>
  points.handle(asked(path)).pipe(
    Stream.take(some),
    Stream.interruptWhen(Effect.sleep("1 second")),
    Stream.runCollect,
    Effect.map((pieces): ReadonlyArray<Piece> => [...pieces]),
    Suite.inTime
  )

const isWhole = (pieces: ReadonlyArray<Piece>) => {
  assert.equal(pieces[0]?._tag, "Head")
  assert.ok(
    pieces.slice(1).every(({ _tag }) => _tag === "Body"),
    "it has another head"
  )
}

const paths = Effect.map(RoutePoints, (points) => Effect.map(points.describe(), ({ prefixes }) => ({ points, prefixes })))
const each = Effect.flatten(paths)

let turn = 0
const many = 32

export const suite = Suite.make(RoutePoints, {
  "describe/same": {
    holds: Effect.gen(function* () {
      const points = yield* RoutePoints
      const [first, second] = [yield* points.describe(), yield* points.describe()]
      assert.deepEqual(first, second)
      assert.ok(first.prefixes.length > 0, "it has no path")
    }),
    saboteur: () => ({ describe: () => Effect.succeed({ name: "p", prefixes: [] }) })
  },
  "handle/head": {
    holds: Effect.flatMap(each, ({ points, prefixes }) =>
      Effect.forEach(prefixes, (path) => Effect.map(beginning(points, path), isWhole), { discard: true })
    ),
    saboteur: () => ({ handle: () => Stream.succeed<Piece>({ _tag: "Body", bytes: new Uint8Array(1) }) })
  },
  "handle/other": {
    holds: Effect.flatMap(each, ({ points, prefixes }) =>
      Effect.forEach(prefixes, (path) => Effect.map(beginning(points, `${path}/laws/is/not/there`), isWhole), {
        discard: true
      })
    ),
    saboteur: ({ handle }) => ({ handle: (request) => (request.path.includes("laws") ? Stream.empty : handle(request)) })
  },
  "handle/many": {
    holds: Effect.flatMap(each, ({ points, prefixes: [path = "/"] }) =>
      Effect.forEach(
        Array.from({ length: many }, (_, index) => index),
        () => Effect.map(beginning(points, path), isWhole),
        { concurrency: "unbounded", discard: true }
      )
    ),
    saboteur: ({ handle }) => ({ handle: (request) => (turn++ % 2 === 0 ? handle(request) : Stream.never) })
  }
})
