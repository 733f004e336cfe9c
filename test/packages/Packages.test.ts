/** What Plugin objects do: packages start, are refused with a reason, replaced, rolled back when they die, and end. */
import * as NodeServices from "@effect/platform-node/NodeServices"
import { assert, describe, it } from "@effect/vitest"
import { Effect, FileSystem, Schedule } from "effect"
import { join } from "node:path"
import type { Client } from "../../kernel/client/Client.ts"
import { Plugin, PluginConfiguration, type PluginStatus } from "../../plugins/packages/contracts/v1alpha1.ts"
import { Event, Pod } from "../../plugins/resources/contracts/core/v1.ts"
import { SchedulerPoints } from "../../plugins/scheduler/contracts/SchedulerPoints.ts"
import { cluster } from "./Cluster.ts"

const manifest = {
  name: "likes",
  version: "1.0.0",
  module: "plugin.ts",
  offers: [{ contract: "scheduler/SchedulerPoints", version: "^1.0.0" }],
  permissions: {
    rules: [{ apiGroups: [""], resources: ["nodes", "pods", "namespaces"], verbs: ["get", "list", "watch"] }]
  },
  configuration: { type: "object", properties: { node: { type: "string" } }, additionalProperties: false }
}
/** Likes one node, which its configuration names. */
const likes = `
import * as SchedulerPlugin from "keelson/scheduler/SchedulerPlugin"
export const plugin = ({ node = "n1" } = {}) =>
  SchedulerPlugin.make({ name: "Likes", preScore: () => ({ score: ({ name }) => (name === node ? 100 : 0) }) }, { weight: 1000 })
`
const dies = `${likes}
setTimeout(() => process.exit(1), 1500)
`

const key = { namespace: "", name: "likes" }
const written = Effect.fnUntraced(function* (directory: string, about: object, code: string) {
  const files = yield* FileSystem.FileSystem
  yield* files.makeDirectory(directory, { recursive: true })
  yield* files.writeFileString(join(directory, "keelson.json"), JSON.stringify({ ...manifest, ...about }))
  yield* files.writeFileString(join(directory, "plugin.ts"), code)
  return directory
})

/** As soon as its status is as it should be. */
const becomes = (client: Client["Service"], what: string, holds: (status: PluginStatus) => boolean) => {
  const look = Effect.flatMap(client.get(Plugin, key), ({ status }) =>
    holds(status) ? Effect.succeed(status) : Effect.fail(new Error(`it does not become ${what}: ${JSON.stringify(status)}`))
  )
  return Effect.retry(look, { schedule: Schedule.spaced("100 millis"), times: 900 })
}
const placed = Effect.fnUntraced(function* (client: Client["Service"], name: string) {
  const at = { namespace: "default", name }
  yield* client.create(Pod, { metadata: at, spec: { containers: [{ name: "c", image: "i" }] } })
  const look = Effect.flatMap(client.get(Pod, at), ({ spec }) =>
    spec.nodeName ? Effect.succeed(spec.nodeName) : Effect.fail(new Error(`${name} gets no node`))
  )
  return yield* Effect.retry(look, { schedule: Schedule.spaced("100 millis"), times: 600 })
})

const story = Effect.gen(function* () {
  const { client, home } = yield* cluster
  const first = yield* written(join(home, "first"), {}, likes)
  const point = (path: string) => client.patch(Plugin, key, "merge", { spec: { source: { path } } })

  yield* client.create(Plugin, { metadata: { name: "likes" }, spec: { source: { path: first } } })
  const running = yield* becomes(client, "running", ({ state }) => state === "Running")
  assert.deepStrictEqual(
    [running.version, running.isolation, running.offers],
    ["1.0.0", "worker", [`${SchedulerPoints.key} ${SchedulerPoints.version}`]]
  )
  assert.strictEqual(yield* placed(client, "a"), "n1")

  yield* client.create(PluginConfiguration, { metadata: { name: "likes" }, spec: { values: { node: "n2" } } })
  yield* Effect.retry(
    Effect.flatMap(client.list(Event, { fieldSelector: "involvedObject.name=likes,reason=Swapped" }), (events) =>
      events.length > 0 ? Effect.void : Effect.fail(new Error("its configuration changes nothing"))
    ),
    { schedule: Schedule.spaced("100 millis"), times: 600 }
  )
  assert.strictEqual(yield* placed(client, "b"), "n2")

  // What cannot be done says why, and what runs goes on.
  const contract = SchedulerPoints.key
  yield* point(yield* written(join(home, "newer"), { offers: [{ contract, version: "^2.0.0" }] }, likes))
  const skewed = yield* becomes(client, "refused", ({ reason }) => reason !== undefined)
  assert.strictEqual(skewed.reason, `likes offers ${contract} ^2.0.0, and this cluster has ${SchedulerPoints.version}`)
  assert.deepStrictEqual([skewed.state, skewed.version], ["Running", "1.0.0"])

  const capabilities = ["scheduling.k8s.io/v1", "kites.example.com/v1"]
  yield* point(yield* written(join(home, "ahead"), { capabilities }, likes))
  const ahead = yield* becomes(client, "waiting", ({ reason = "" }) => reason.includes("kites"))
  assert.strictEqual(ahead.reason, "likes wants the cluster to serve kites.example.com/v1, which it does not")

  yield* point(yield* written(join(home, "second"), { version: "2.0.0" }, likes))
  yield* becomes(client, "2.0.0", ({ reason, version }) => version === "2.0.0" && reason === undefined)

  yield* point(yield* written(join(home, "third"), { version: "3.0.0" }, dies))
  const back = yield* becomes(client, "rolled back", ({ conditions = [] }) =>
    conditions.some(({ status, type }) => type === "RolledBack" && status === "True")
  )
  assert.strictEqual(back.version, "2.0.0")
  yield* becomes(client, "running again", ({ state, version }) => state === "Running" && version === "2.0.0")
  assert.strictEqual(yield* placed(client, "c"), "n2")

  yield* client.patch(Plugin, key, "merge", { spec: { suspend: true } })
  yield* becomes(client, "suspended", ({ state }) => state === "Suspended")
  const parts = yield* client.list(Plugin, { labelSelector: "plugins.keelson.io/built-in=true" })
  assert.isTrue(parts.some(({ metadata, status }) => metadata.name === "scheduler" && status.state === "Running"))
})

describe("packages in a cluster", () => {
  it.live(
    "start, are refused, replaced, rolled back and ended as their objects say",
    () => story.pipe(Effect.scoped, Effect.provide(NodeServices.layer)),
    240_000
  )
})
