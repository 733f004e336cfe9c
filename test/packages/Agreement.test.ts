/** Of several servers one sees that a new version does badly: all go back to the version before, and the one that starts later, too. */
import * as NodeServices from "@effect/platform-node/NodeServices"
import { assert, it } from "@effect/vitest"
import { Effect, FileSystem, Layer, Schedule } from "effect"
import { join } from "node:path"
import type { Client } from "../../kernel/client/Client.ts"
import * as MemoryLog from "../../kernel/store/memory/MemoryLog.ts"
import { Plugin } from "../../plugins/packages/contracts/v1alpha1.ts"
import { ConfigMap, Event } from "../../plugins/resources/contracts/core/v1.ts"
import { server } from "./Servers.ts"

const name = "stamp"
/** Writes its version on ConfigMaps; the second one does not survive to be told of a bomb. */
const module = (version: string, last: string) => `
import { Effect } from "effect"
import * as AdmissionPlugin from "keelson/admission/AdmissionPlugin"
export const plugin = AdmissionPlugin.make({
  name: "${name}",
  rules: [{ operations: ["CREATE"], apiGroups: [""], apiVersions: ["v1"], resources: ["configmaps"] }],
  mutate: ({ object }) => Effect.sync(() => {
    if (object.metadata.name === "bomb") ${last}
    return { object: { ...object, data: { version: "${version}" } } }
  })
})
`
const offers = [{ contract: "admission/AdmissionPoints", version: "^1.0.0" }]

const packaged = Effect.fnUntraced(function* (directory: string, version: string, last: string) {
  const files = yield* FileSystem.FileSystem
  yield* files.makeDirectory(directory)
  yield* files.writeFileString(
    join(directory, "keelson.json"),
    JSON.stringify({ name, version, module: "plugin.ts", offers })
  )
  yield* files.writeFileString(join(directory, "plugin.ts"), module(version, last))
  return directory
})

/** Which version a server asks. */
const becomes = (client: Client["Service"], wanted: string) =>
  client.create(ConfigMap, { metadata: { namespace: "default", generateName: "asked-" } }).pipe(
    Effect.flatMap(({ data }) =>
      data?.["version"] === wanted ? Effect.void : Effect.fail(new Error(`${data?.["version"]} runs, not ${wanted}`))
    ),
    Effect.retry({ schedule: Schedule.spaced("100 millis"), times: 600 })
  )

const story = Effect.gen(function* () {
  const home = yield* (yield* FileSystem.FileSystem).makeTempDirectoryScoped({ prefix: "keelson-agreement-" })
  const good = yield* packaged(join(home, "good"), "1.0.0", "void 0")
  const bad = yield* packaged(join(home, "bad"), "2.0.0", "setTimeout(() => process.exit(1))")
  const log = Layer.succeedContext(yield* Layer.build(MemoryLog.layer))
  const leading = yield* server(home, "a", log)
  const beside = yield* server(home, "b", log)
  const all = [leading.client, beside.client]
  const { client } = leading
  yield* client.create(Plugin, { metadata: { name }, spec: { source: { path: good } } })
  yield* Effect.forEach(all, (one) => becomes(one, "1.0.0"))
  yield* client.patch(Plugin, { namespace: "", name }, "merge", { spec: { source: { path: bad } } })
  yield* Effect.forEach(all, (one) => becomes(one, "2.0.0"))

  // Only the one that does not lead is asked for it.
  const bomb = { metadata: { namespace: "default", name: "bomb" } }
  yield* Effect.exit(beside.client.create(ConfigMap, bomb))
  yield* Effect.forEach(all, (one) => becomes(one, "1.0.0"))
  const { status } = yield* client.get(Plugin, { namespace: "", name })
  const condition = status.conditions?.find(({ type }) => type === "RolledBack")
  assert.deepInclude(condition, { status: "True", reason: "Died" })
  const later = yield* server(home, "c", log)
  yield* becomes(later.client, "1.0.0")

  const reasons = Effect.map(client.list(Event, { namespace: "default" }), (events) =>
    events.filter(({ involvedObject }) => involvedObject.name === name).map(({ reason }) => reason)
  )
  yield* Effect.repeat(reasons, { schedule: Schedule.spaced("100 millis"), until: (all) => all.includes("RolledBack") })
  assert.strictEqual((yield* reasons).filter((reason) => reason === "RolledBack").length, 1)

  // Another wish is tried again, everywhere.
  const mended = yield* packaged(join(home, "mended"), "3.0.0", "void 0")
  yield* client.patch(Plugin, { namespace: "", name }, "merge", { spec: { source: { path: mended } } })
  yield* Effect.forEach([...all, later.client], (one) => becomes(one, "3.0.0"))
  yield* Effect.forEach([later, beside, leading], ({ end }) => end, { discard: true })
})

it.live(
  "what one of three servers has rolled back, none of them runs",
  () => story.pipe(Effect.scoped, Effect.provide(NodeServices.layer)),
  300_000
)
