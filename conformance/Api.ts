/** The checks of the laws of `Api`: they make a few small ConfigMaps, which they remove again. */
import { Effect, Random, type Scope, Stream } from "effect"
import assert from "node:assert/strict"
import { Api, type WatchBatch, type WireObject } from "../kernel/client/Api.ts"
import type { ApiError } from "../kernel/client/Errors.ts"
import type { Unavailable } from "../kernel/plugin/Contract.ts"
import * as Suite from "./Suite.ts"

type Service = Api["Service"]
type Watch = Service["watch"]
type Event = (typeof WatchBatch.Type)["events"][number]
type Write = Effect.Effect<unknown, ApiError | Unavailable>

const metaOf = (object: WireObject) => Object(object["metadata"])
const short = (object: WireObject): string => metaOf(object).name.replace(/^law-\w+-/, "")
const lineOf = (event: Event) =>
  event._tag === "Snapshot"
    ? `Snapshot ${event.objects.map(short).toSorted().join(" ")}`
    : `${event._tag} ${short(event.object)}`

/** What a check works with: ConfigMaps under a label of their own. */
const use = Effect.fnUntraced(function* (namespace: string) {
  const api = yield* Api
  const mark = `law-${(yield* Random.nextIntBetween(0, 2 ** 32)).toString(36)}`
  const collection = { group: "", version: "v1", resource: "configmaps", namespace }
  const own = { ...collection, labelSelector: `laws=${mark}` }
  const at = (name: string) => ({ ...collection, name: `${mark}-${name}` })
  const make = (name: string, labels: { readonly [key: string]: string } = { laws: mark }) => {
    const metadata = { name: `${mark}-${name}`, namespace, labels }
    const body = { apiVersion: "v1", kind: "ConfigMap", metadata, data: { value: "1" } }
    return api.create({ ...collection, name: "", body })
  }
  const set = (name: string, patch: WireObject) => api.patch({ ...at(name), type: "merge", body: patch })
  const remove = (name: string) => api.delete({ ...at(name), options: {} })
  yield* Effect.addFinalizer(() => Effect.ignore(api.deleteCollection({ ...own, options: {} })))

  /** What a watch tells of its snapshot, and of what is done as soon as that is there. */
  const told = Effect.fnUntraced(function* (...writes: ReadonlyArray<Write>) {
    const lines: Array<string> = []
    const done = api.watch(own).pipe(
      Stream.flatMap(({ events }) => Stream.fromIterable(events)),
      Stream.tap((event) => {
        lines.push(lineOf(event))
        return lines.length === 1 ? Effect.forkChild(Effect.all(writes)) : Effect.void
      }),
      Stream.take(1 + writes.length),
      Stream.runDrain
    )
    yield* Suite.inTime(done)
    return lines
  })
  return { api, mark, own, at, make, set, remove, told }
})
type Use = Effect.Success<ReturnType<typeof use>>

const stutter =
  (watch: Watch): Watch =>
  (selection) =>
    Stream.map(watch(selection), (batch) => ({ ...batch, events: batch.events.flatMap((event) => [event, event]) }))

export const make = (namespace: string) => {
  const check = (
    holds: (use: Use) => Generator<Effect.Effect<unknown, unknown, Scope.Scope>, void, never>,
    saboteur: (honest: Service) => Partial<Service>
  ) => ({ holds: Effect.scoped(Effect.flatMap(use(namespace), Effect.fnUntraced(holds))), saboteur })

  return Suite.make(Api, {
    "create/reads": check(
      function* ({ api, at, make, own }) {
        const made = yield* make("a")
        assert.deepEqual(yield* api.get(at("a")), made)
        assert.deepEqual((yield* api.list(own)).items, [made])
        const first = yield* Stream.runHead(Stream.filter(api.watch(own), ({ events }) => events.length > 0))
        assert.ok(first._tag === "Some")
        assert.deepEqual(first.value.events, [{ _tag: "Snapshot", objects: [made] }])
      },
      ({ get }) => ({ get: (at) => Effect.map(get(at), ({ data: _, ...object }) => object) })
    ),
    "create/again": check(
      function* ({ make }) {
        yield* make("a")
        assert.equal((yield* Effect.flip(make("a")))._tag, "AlreadyExists")
      },
      ({ create }) => ({
        create: (given) => Effect.catchTag(create(given), "AlreadyExists", () => Effect.succeed(given.body))
      })
    ),
    "update/stale": check(
      function* ({ api, at, make }) {
        const old = yield* make("a")
        const updated = yield* api.update({ ...at("a"), body: { ...old, data: { value: "2" } } })
        const refused = yield* Effect.flip(api.update({ ...at("a"), body: { ...old, data: { value: "3" } } }))
        assert.equal(refused._tag, "Conflict")
        assert.deepEqual(yield* api.get(at("a")), updated)
      },
      ({ update }) => ({
        update: ({ body, ...given }) => {
          const { resourceVersion: _, ...metadata } = metaOf(body)
          return update({ ...given, body: { ...body, metadata } })
        }
      })
    ),
    "delete/gone": check(
      function* ({ api, at, make, remove }) {
        yield* make("a")
        assert.equal((yield* remove("a")).gone, true)
        assert.equal((yield* Effect.flip(api.get(at("a"))))._tag, "NotFound")
      },
      ({ get }) => ({
        delete: ({ options: _, ...at }) => Effect.map(get(at), (object) => ({ object, gone: true }))
      })
    ),
    "watch/first": check(
      function* ({ make, remove, set, told }) {
        yield* make("a")
        const lines = yield* told(make("b"), set("a", { data: { value: "2" } }), remove("b"))
        assert.deepEqual(lines, ["Snapshot a", "Applied b", "Applied a", "Deleted b"])
      },
      ({ watch }) => ({ watch: stutter(watch) })
    ),
    "watch/selector": check(
      function* ({ make, mark, remove, set, told }) {
        yield* make("a", {})
        yield* Effect.addFinalizer(() => Effect.ignore(remove("a")))
        const label = (laws: string | null) => set("a", { metadata: { labels: { laws } } })
        const lines = yield* told(label(mark), label(null))
        assert.deepEqual(lines, ["Snapshot ", "Applied a", "Deleted a"])
      },
      ({ watch }) => ({ watch: ({ labelSelector: _, ...selection }) => watch(selection) })
    )
  })
}

export const suite = make("default")
