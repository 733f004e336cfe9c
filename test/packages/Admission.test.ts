/**
 * An admission plugin of a package is swapped, handed over, broken and rolled back while objects are written without a pause: no write
 * fails, and each is seen by one of its versions.
 */
import * as NodeServices from "@effect/platform-node/NodeServices"
import { assert, describe, it } from "@effect/vitest"
import { Effect, Fiber, FileSystem, Schedule } from "effect"
import { join } from "node:path"
import { Plugin, PluginConfiguration, type PluginStatus } from "../../plugins/packages/contracts/v1alpha1.ts"
import { ConfigMap, Event } from "../../plugins/resources/contracts/core/v1.ts"
import { cluster } from "./Cluster.ts"

const manifest = {
  name: "stamp",
  module: "plugin.ts",
  offers: [
    { contract: "admission/AdmissionPoints", version: "^1.0.0" },
    { contract: "kernel/Handover", version: "^1.0.0" }
  ],
  life: { deaths: 2, withinSeconds: 30, restSeconds: 600 }
}
/** Counts what it stamps with its version, and hands its count over. `first` is said before it answers. */
const stamps = (version: string, first = "") => `
import { Effect } from "effect"
import * as AdmissionPlugin from "keelson/admission/AdmissionPlugin"
import * as Handover from "keelson/kernel/plugin/Handover"
let count = 0
const stamp = ({ object }) => {
  const { labels = {} } = object.metadata
  if ("stamp" in labels) return Effect.void
  ${first}
  return Effect.succeed({
    object: { ...object, metadata: { ...object.metadata, labels: { ...labels, stamp: "${version}", count: String(++count) } } }
  })
}
const rules = [{ operations: ["CREATE"], apiGroups: [""], apiVersions: ["v1"], resources: ["configmaps"] }]
export const plugin = Handover.keeping(AdmissionPlugin.make({ name: "stamp", rules, mutate: stamp }), {
  state: () => count,
  restore: (state) => { count = state }
})
`
const key = { namespace: "", name: "stamp" }

const story = Effect.gen(function* () {
  const { client, home } = yield* cluster
  const files = yield* FileSystem.FileSystem
  const written = Effect.fnUntraced(function* (version: string, first?: string, more: object = {}) {
    const directory = join(home, version)
    yield* files.makeDirectory(directory)
    yield* files.writeFileString(join(directory, "keelson.json"), JSON.stringify({ ...manifest, version, ...more }))
    yield* files.writeFileString(join(directory, "plugin.ts"), stamps(version, first))
    yield* files.writeFileString(join(directory, "plain.ts"), stamps("plain"))
    return directory
  })
  const becomes = (what: string, holds: (status: PluginStatus) => boolean) =>
    Effect.retry(
      Effect.flatMap(client.get(Plugin, key), ({ status }) =>
        holds(status) ? Effect.succeed(status) : Effect.fail(new Error(`it is not ${what}: ${JSON.stringify(status)}`))
      ),
      { schedule: Schedule.spaced("50 millis"), times: 1200 }
    )
  const runs = (version: string, isolation: string) =>
    becomes(`${version} as ${isolation}`, (status) => {
      return status.state === "Running" && status.version === version && status.isolation === isolation
    })
  const point = (path: string, spec: Readonly<Record<string, string | number>> = {}) =>
    client.patch(Plugin, key, "merge", { spec: { source: { path }, ...spec } })

  const failed: Array<string> = []
  const seen: Array<readonly [version: string, count: number]> = []
  let number = 0
  const write = Effect.gen(function* () {
    const metadata = { namespace: "default", name: `load-${++number}` }
    const { labels = {} } = (yield* client.create(ConfigMap, { metadata })).metadata
    seen.push([labels["stamp"] ?? "none", Number(labels["count"])])
  }).pipe(Effect.catch((error) => Effect.sync(() => failed.push(error.message))))
  /** As soon as one of this version was written. */
  const stamped = (version: string) => {
    const before = seen.length
    const look = Effect.suspend(() =>
      seen.slice(before).some(([by]) => by === version)
        ? Effect.void
        : Effect.fail(new Error(`nothing is stamped ${version}`))
    )
    return Effect.retry(look, { schedule: Schedule.spaced("20 millis"), times: 3000 })
  }

  const [first, second] = [yield* written("1.0.0"), yield* written("2.0.0")]
  // However busy this machine is: what is started again has this time to be there.
  yield* client.create(PluginConfiguration, { metadata: { name: "stamp" }, spec: { callTimeoutMillis: 60_000 } })
  yield* client.create(Plugin, { metadata: { name: "stamp" }, spec: { source: { path: first } } })
  yield* runs("1.0.0", "worker")
  const load = yield* Effect.forkScoped(
    Effect.all(
      [1, 2, 3, 4].map(() => Effect.forever(write)),
      { concurrency: 4 }
    )
  )
  yield* stamped("1.0.0")

  // Two versions, at two levels, there and back.
  yield* point(second, { isolation: "process" })
  yield* runs("2.0.0", "process")
  yield* stamped("2.0.0")
  yield* point(first, { isolation: "worker" })
  yield* runs("1.0.0", "worker")
  yield* stamped("1.0.0")
  const counts = seen.map(([, count]) => count)
  assert.isAbove(counts.at(-1) ?? 0, counts.length / 2, "the count goes on from version to version")

  // One that throws on every call, and one that ends at the first: what ran before comes back.
  for (const [version, fault, reason] of [
    ["3.0.0", 'throw new Error("ouch")', /calls (without|in a row)/],
    ["4.0.0", "process.exit(3)", /its thread has ended with code 3/]
  ] as const) {
    yield* point(yield* written(version, fault))
    const back = yield* becomes("rolled back", ({ conditions = [], reason: said = "", version: runs }) => {
      const isBack = conditions.some(({ status, type }) => type === "RolledBack" && status === "True")
      return isBack && runs === "1.0.0" && reason.test(said)
    })
    assert.match(back.reason ?? "", /^rolled back: /)
    yield* stamped("1.0.0")
  }
  assert.deepStrictEqual(failed, [])
  assert.deepStrictEqual(
    seen.filter(([by]) => by !== "1.0.0" && by !== "2.0.0"),
    []
  )

  // Without anything to go back to it is left alone after a while, and its package's own fallback serves.
  const ends = "if (count === 0) { count++; setTimeout(() => process.exit(1), 200) }"
  yield* point(yield* written("5.0.0", ends, { fallbackModule: "plain.ts", offers: manifest.offers.slice(0, 1) }), {
    rollbackWindowSeconds: 0
  })
  const words = /^the circuit is open: it died 2 times in a row, .*; stamp-fallback serves in its place$/
  yield* becomes("left alone", ({ reason = "", state }) => state === "CircuitOpen" && words.test(reason))
  yield* stamped("plain")
  yield* Fiber.interrupt(load)
  assert.deepStrictEqual(failed, [])

  const events = yield* client.list(Event, { fieldSelector: "involvedObject.name=stamp" })
  const told = new Set(events.map(({ reason }) => reason))
  for (const reason of ["Started", "Swapped", "RolledBack", "CircuitOpen"])
    assert.isTrue(told.has(reason), `no Event ${reason}`)
  assert.isAbove(seen.length, 100)
  yield* Effect.log(`${seen.length} writes through seven changes of the plugin, ${failed.length} failed`)
})

describe("an admission plugin under load", () => {
  it.live(
    "is swapped, handed over, rolled back and replaced by its fallback, and no write fails",
    () => story.pipe(Effect.scoped, Effect.provide(NodeServices.layer)),
    240_000
  )
})
