/** Migrations of stored objects: what lies in an old version is written anew, once, and what does not is left alone. */
import { assert, describe, it } from "@effect/vitest"
import { Effect, Layer, Schedule } from "effect"
import { TestClock } from "effect/testing"
import { Api } from "../../kernel/client/Api.ts"
import { Client } from "../../kernel/client/Client.ts"
import * as Plugin from "../../kernel/plugin/Plugin.ts"
import { ServiceClient } from "../../plugins/apiserver/contracts/ServiceClient.ts"
import * as Migrator from "../../plugins/controllers/storage-version-migrator/StorageVersionMigrator.ts"
import * as CustomResources from "../../plugins/custom-resources/CustomResources.ts"
import * as Establishing from "../../plugins/custom-resources/Establishing.ts"
import { CustomResourceDefinition } from "../../plugins/resources/contracts/apiextensions/v1.ts"
import { ConfigMap } from "../../plugins/resources/contracts/core/v1.ts"
import { StorageVersionMigration } from "../../plugins/resources/contracts/storagemigration/v1beta1.ts"
import { at, server, when } from "./Cluster.ts"
import { until } from "./KilledWorkloads.ts"

const all = Layer.mergeAll(Plugin.install(CustomResources.plugin), Plugin.install(Establishing.plugin)).pipe(
  Layer.provide(ServiceClient.layer),
  Layer.provide(Plugin.Host.layer),
  Layer.provideMerge(server(Migrator.plugin))
)

const group = "example.com"
const of = (version: string) => ({ group, version, resource: "things", namespace: "default" })
const versions = (stored: string) =>
  ["v1", "v2"].map((name) => ({
    name,
    served: true,
    storage: name === stored,
    schema: { openAPIV3Schema: { type: "object", properties: { size: { type: "integer" } } } }
  }))
const crd = { namespace: "", name: `things.${group}` }

const define = Effect.gen(function* () {
  const client = yield* Client
  const names = { plural: "things", kind: "Thing" }
  const spec = { group, scope: "Namespaced", names, versions: versions("v1") }
  yield* client.create(CustomResourceDefinition, { metadata: { name: crd.name }, spec })
  yield* until(CustomResourceDefinition, crd.name, ({ status }) =>
    (status?.conditions ?? []).some(({ status, type }) => type === "Established" && status === "True")
  )
})

const make = (name: string) =>
  Effect.gen(function* () {
    const api = yield* Api
    const body = { apiVersion: `${group}/v1`, kind: "Thing", metadata: { name }, size: 1 }
    yield* Effect.retry(api.create({ ...of("v1"), name, body }), { schedule: Schedule.spaced("50 millis"), times: 100 })
  })

const revisions = Effect.gen(function* () {
  const { items } = yield* (yield* Api).list(of("v1"))
  return items.map(({ metadata }) => {
    const { name, resourceVersion } = Object(metadata)
    return `${name}@${resourceVersion}`
  })
})

const migrate = (name: string, resource: string, group = "") =>
  Effect.gen(function* () {
    const client = yield* Client
    yield* client.create(StorageVersionMigration, { metadata: { name }, spec: { resource: { group, resource } } })
    yield* until(StorageVersionMigration, name, ({ status }) =>
      (status?.conditions ?? []).some(({ status, type }) => type === "Running" && status === "False")
    )
    return yield* client.get(StorageVersionMigration, { namespace: "", name })
  })
const said = ({ status }: StorageVersionMigration) =>
  (status?.conditions ?? []).map(({ message, reason, status, type }) => `${type} ${status} ${reason} ${message}`.trim())

const happy = ["Running False MigrationCompleted Migration completed", "Succeeded True StorageVersionMigrationSucceeded"]

describe("storage version migration", () => {
  it.live("objects in an old version are written anew; afterwards only the new one is stored", () =>
    Effect.gen(function* () {
      const client = yield* Client
      yield* define
      yield* Effect.forEach(["a", "b", "c"], make)
      const before = yield* revisions
      const old = yield* client.get(CustomResourceDefinition, crd)
      yield* client.update(CustomResourceDefinition, { ...old, spec: { ...old.spec, versions: versions("v2") } })
      const changed = yield* client.get(CustomResourceDefinition, crd)
      assert.deepStrictEqual(changed.status?.storedVersions, ["v1", "v2"])

      const done = yield* migrate("first", "things", group)
      assert.deepStrictEqual(said(done), happy)
      const after = yield* revisions
      assert.strictEqual(after.length, 3)
      assert.deepStrictEqual(
        after.filter((one) => before.includes(one)),
        []
      )
      const { status } = yield* client.get(CustomResourceDefinition, crd)
      assert.deepStrictEqual(status?.storedVersions, ["v2"])
      const condition = status?.conditions?.find(({ type }) => type === "StorageMigrating")
      assert.deepStrictEqual(
        [condition?.status, condition?.reason, condition?.message],
        ["False", "MigrationSucceeded", "The migration has succeeded and the stored versions have been updated"]
      )

      yield* migrate("second", "things", group)
      assert.deepStrictEqual(yield* revisions, after)
    }).pipe(Effect.provide(all))
  )

  it.live("objects that lie as they should are not touched; two migrations of a resource follow one another", () =>
    Effect.gen(function* () {
      const client = yield* Client
      const map = yield* client.create(ConfigMap, { metadata: at("map"), data: { a: "b" } })
      const [first, second] = yield* Effect.all([migrate("one", "configmaps"), migrate("two", "configmaps")], {
        concurrency: "unbounded"
      })
      assert.deepStrictEqual([said(first), said(second)], [happy, happy])
      assert.deepStrictEqual(yield* client.get(ConfigMap, at("map")), map)
    }).pipe(Effect.provide(server(Migrator.plugin)))
  )

  it.effect("what there is not is waited for a minute", () =>
    Effect.gen(function* () {
      const client = yield* Client
      const resource = { group: "example.com", resource: "nothings" }
      yield* client.create(StorageVersionMigration, { metadata: { name: "m" }, spec: { resource } })
      yield* when(StorageVersionMigration, ([one]) => one?.status?.conditions?.length === 1)
      yield* Effect.forEach(Array.from({ length: 14 }), () => TestClock.adjust("5 seconds"))
      const failed = yield* when(StorageVersionMigration, ([one]) => one?.status?.conditions?.length === 2)
      assert.include(failed.flatMap(said), "Failed True StorageVersionMigrationFailed resource does not exist in discovery")
    }).pipe(Effect.provide(server(Migrator.plugin)))
  )
})
