/** The cluster as it was, through the ordinary door: at a revision or a time, for whoever may read now, and never to be changed. */
import { assert, it } from "@effect/vitest"
import { Context, Effect, Schedule } from "effect"
import { Log } from "../../kernel/store/Log.ts"
import * as Times from "../../kernel/store/Times.ts"
import { start } from "./Cluster.ts"

const configMaps = "/api/v1/namespaces/default/configmaps"
const map = (name: string, data: object = {}) => ({ method: "POST", body: { metadata: { name }, data } })
const names = ({
  json
}: {
  readonly json: { readonly items: ReadonlyArray<{ readonly metadata: { readonly name: string } }> }
}) => json.items.map(({ metadata }) => metadata.name)

/** Three config maps, of which one was changed and one deleted; and the revisions between. */
const story = Effect.gen(function* () {
  const cluster = yield* start()
  const { admin } = cluster
  yield* admin.ask(configMaps, map("a", { x: "1" }))
  const b = yield* admin.ask(configMaps, map("b"))
  const before = Number(b.json.metadata.resourceVersion)
  const patch = { method: "PATCH", type: "application/merge-patch+json", body: { data: { x: "2" } } }
  yield* admin.ask(`${configMaps}/a`, patch)
  yield* admin.ask(`${configMaps}/b`, { method: "DELETE" })
  const c = yield* admin.ask(configMaps, map("c"))
  return { ...cluster, before, after: Number(c.json.metadata.resourceVersion), log: Context.get(cluster.services, Log) }
})

it.live("objects and lists are as they were at a revision", () =>
  Effect.gen(function* () {
    const { admin, after, before } = yield* story
    const then = `/as-of/${before}`
    const list = yield* admin.ask(`${then}${configMaps}`)
    assert.deepStrictEqual(names(list), ["a", "b"])
    assert.strictEqual(list.json.metadata.resourceVersion, `${before}`)
    assert.strictEqual((yield* admin.ask(`${then}${configMaps}/a`)).json.data.x, "1")
    assert.strictEqual((yield* admin.ask(`${then}${configMaps}/c`)).code, 404)
    assert.deepStrictEqual(names(yield* admin.ask(`/as-of/${after}${configMaps}`)), ["a", "c"])
    const first = yield* admin.ask(`${then}${configMaps}?limit=1`)
    assert.deepStrictEqual(names(first), ["a"])
    const rest = yield* admin.ask(`${then}${configMaps}?limit=1&continue=${first.json.metadata.continue}`)
    assert.deepStrictEqual(names(rest), ["b"])
    const table = { headers: { accept: "application/json;as=Table;v=v1;g=meta.k8s.io" } }
    const { json } = yield* admin.ask(`${then}${configMaps}`, table)
    assert.strictEqual(json.kind, "Table")
    assert.deepStrictEqual(
      json.rows.map(({ cells }: { readonly cells: ReadonlyArray<unknown> }) => cells.slice(0, 2)),
      [
        ["a", 1],
        ["b", 0]
      ]
    )
    // A client finds its way as ever.
    assert.strictEqual((yield* admin.ask(`${then}/api/v1`)).json.kind, "APIResourceList")
    assert.strictEqual((yield* admin.ask(`${then}/version`)).code, 200)
    assert.strictEqual((yield* admin.ask(`${then}/metrics`)).code, 404)
  }).pipe(Effect.scoped)
)

it.live("what was is read by whoever may read now, and neither written nor watched", () =>
  Effect.gen(function* () {
    const { admin, as, before, nobody } = yield* story
    const then = `/as-of/${before}`
    const ann = yield* as("ann")
    assert.deepStrictEqual(names(yield* ann.ask(`${then}${configMaps}`)), ["a", "b"])
    assert.strictEqual((yield* ann.ask(`${then}/api/v1/pods`)).code, 403)
    assert.strictEqual((yield* nobody.ask(`${then}${configMaps}`)).code, 403)
    for (const [path, asking] of [
      [configMaps, map("d")],
      [`${configMaps}/a`, { method: "DELETE" }],
      [`${configMaps}?watch=true`, {}],
      ["/api/v1/watch/configmaps", {}],
      ["/api/v1/namespaces/default/pods/p/log", {}]
    ] as const) {
      const { code, json } = yield* admin.ask(`${then}${path}`, asking)
      assert.strictEqual(code, 405)
      assert.include(json.message, "leave /as-of/… out of the address")
    }
    assert.strictEqual((yield* admin.ask(`${configMaps}/a`)).json.data.x, "2")
  }).pipe(Effect.scoped)
)

it.live("what is compacted is 410, what is not there yet 504, and what is no moment 400", () =>
  Effect.gen(function* () {
    const { admin, after, before, log } = yield* story
    yield* log.compact({ log: "objects", seq: after })
    const gone = yield* admin.ask(`/as-of/${before}${configMaps}`)
    assert.deepInclude(gone.json, { code: 410, reason: "Expired" })
    assert.include(gone.json.message, `from revision ${after} on`)
    assert.deepStrictEqual(names(yield* admin.ask(`/as-of/${after}${configMaps}`)), ["a", "c"])
    assert.strictEqual((yield* admin.ask(`/as-of/${after + 1000}${configMaps}`)).code, 504)
    assert.strictEqual((yield* admin.ask(`/as-of/yesterday${configMaps}`)).code, 400)
    assert.strictEqual((yield* admin.ask(`/as-of/2999-01-01T00:00:00Z${configMaps}`)).code, 400)
    assert.strictEqual((yield* admin.ask(`/as-of/%ff${configMaps}`)).code, 404)
  }).pipe(Effect.scoped)
)

it.live("a time is the last revision that was marked by then", () =>
  Effect.gen(function* () {
    const { admin, services } = yield* start()
    const log = Context.get(services, Log)
    yield* Effect.forkScoped(Effect.provide(Times.run, services))
    const marked = (revision: number) =>
      Times.marks(log).pipe(
        Effect.map((marks) => marks.find(({ revisions }) => revisions.objects >= revision)),
        Effect.repeat({ until: (mark) => mark !== undefined, schedule: Schedule.spaced("50 millis") }),
        Effect.timeout("20 seconds")
      )
    const revisionOf = (reply: { readonly json: { readonly metadata: { readonly resourceVersion: string } } }) =>
      Number(reply.json.metadata.resourceVersion)
    const a = yield* marked(revisionOf(yield* admin.ask(configMaps, map("a"))))
    const b = yield* marked(revisionOf(yield* admin.ask(configMaps, map("b"))))
    const at = (time: number) => `/as-of/${new Date(time).toISOString()}${configMaps}`
    assert.deepStrictEqual(names(yield* admin.ask(at(a?.time ?? 0))), ["a"])
    assert.deepStrictEqual(names(yield* admin.ask(at(b?.time ?? 0))), ["a", "b"])
    const early = yield* admin.ask(at(0))
    assert.strictEqual(early.code, 410)
    assert.include(early.json.message, "what is known begins at")
  }).pipe(Effect.scoped)
)
