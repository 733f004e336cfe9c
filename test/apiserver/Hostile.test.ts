/** Requests that mean no good, or are broken: each is refused at once and in words, and the server goes on. */
import { describe, expect, it } from "@effect/vitest"
import { Effect, Fiber } from "effect"
import { TestClock } from "effect/testing"
import { PassThrough } from "node:stream"
import * as Hostile from "../../bench/hostile/Run.ts"
import * as Body from "../../plugins/apiserver/Body.ts"
import { type Asking, start } from "./Cluster.ts"

const configMaps = "/api/v1/namespaces/default/configmaps"
const text = (body: string, more: Asking = {}): Asking => ({ method: "POST", body, ...more })
const deep = (depth: number, open: string, close: string) => open.repeat(depth) + close.repeat(depth)
const depth = 400_000

/** What is sent, and what is answered. */
const cases: ReadonlyArray<readonly [what: string, path: string, asking: Asking, code: number]> = [
  ["a body of more than 3 MiB", configMaps, text(`{"data":{"a":"${"x".repeat(4 << 20)}"}}`), 413],
  ["deep lists", configMaps, text(`{"metadata":{"name":"a"},"data":${deep(depth, "[", "]")}}`), 400],
  [
    "deep objects",
    configMaps,
    text(`{"metadata":{"name":"a"},"data":${deep(depth, '{"a":', "}").replace(":}", ":1}")}}`),
    400
  ],
  ["deep unknown fields", configMaps, text(`{"metadata":{"name":"a"},"x":${deep(depth, "[", "]")}}`), 400],
  ["deep YAML", configMaps, text(`metadata: ${deep(20_000, "[", "]")}`, { type: "application/yaml" }), 400],
  [
    "YAML that grows",
    configMaps,
    text(
      `a: &a [x,x,x,x,x,x,x,x,x]\nb: &b [*a,*a,*a,*a,*a,*a,*a]\nc: &c [*b,*b,*b,*b,*b,*b,*b]\nd: &d [*c,*c,*c,*c,*c,*c]\nmetadata: [*d,*d,*d,*d,*d,*d,*d]`,
      { type: "application/yaml" }
    ),
    400
  ],
  ["__proto__ as a key", configMaps, text('{"metadata":{"name":"p"},"data":{"__proto__":"x"}}'), 422],
  ["__proto__ as a field", configMaps, text('{"metadata":{"name":"q"},"__proto__":{"data":{"a":"b"}}}'), 201],
  [
    "a patch with __proto__",
    `${configMaps}/q`,
    text('{"__proto__":{"polluted":"x"}}', { method: "PATCH", type: "application/merge-patch+json" }),
    200
  ],
  [
    "a deep patch",
    `${configMaps}/q`,
    text(`{"data":${deep(depth, '{"a":', "}").replace(":}", ":1}")}}`, {
      method: "PATCH",
      type: "application/merge-patch+json"
    }),
    400
  ],
  ["a revision that JavaScript cannot count to", `${configMaps}?resourceVersion=9007199254740993`, {}, 504],
  ["a revision that does not fit into 64 bits", `${configMaps}?resourceVersion=${2n ** 64n}`, {}, 400],
  ["a huge header", configMaps, { headers: { "x-large": "x".repeat(1 << 15) } }, 431],
  ["a huge URL", `${configMaps}?labelSelector=${"x".repeat(1 << 15)}`, {}, 431]
]

describe("a hostile request", () => {
  it.live("is refused cleanly and quickly", () =>
    Effect.scoped(
      Effect.gen(function* () {
        const { admin } = yield* start()
        for (const [what, path, asking, code] of cases) {
          const began = performance.now()
          const reply = yield* admin.ask(path, asking)
          expect([what, reply.code, reply.text.slice(0, 200)]).toEqual([what, code, expect.anything()])
          expect([what, performance.now() - began < 10_000]).toEqual([what, true])
        }
        expect(Object.hasOwn(Object.prototype, "polluted")).toBe(false)
        expect((yield* admin.ask(`${configMaps}/q`)).json).not.toHaveProperty("data")
      })
    )
  )

  // The first of those that `npm run soak -- hostile` sends.
  it.live("of any kind is refused, and the server goes on", () =>
    Effect.scoped(
      Effect.gen(function* () {
        const { admin, port } = yield* start()
        const options = { host: "127.0.0.1", port, seed: 1, first: 0, count: 300, atOnce: 4, token: "good" }
        const { faults, refused } = yield* Effect.promise(() => Hostile.run(options))
        expect(faults).toEqual([])
        expect(refused).toBeGreaterThan(250)
        expect(Object.hasOwn(Object.prototype, "polluted")).toBe(false)
        expect((yield* admin.ask(`${configMaps}/there`)).json.data).toEqual({ a: "b" })
      })
    )
  )

  it.effect("whose body does not come is given up", () =>
    Effect.gen(function* () {
      const incoming = Object.assign(new PassThrough(), { headers: {} })
      const reading = yield* Effect.forkChild(Effect.flip(Body.read(incoming)))
      incoming.write("{")
      yield* TestClock.adjust("61 seconds")
      expect((yield* Fiber.join(reading)).message).toContain("did not come within")
    })
  )
})
