/** The garbage collector: background, foreground, orphans, and owners that are not what a reference says. */
import { assert, describe, it } from "@effect/vitest"
import { Effect, Layer } from "effect"
import { Aggregated, type Question } from "../../kernel/client/Aggregated.ts"
import { Client } from "../../kernel/client/Client.ts"
import { NotFound } from "../../kernel/client/Errors.ts"
import { type Any, controllerReference, type Resource } from "../../kernel/resource/Kind.ts"
import * as GarbageCollector from "../../plugins/controllers/garbage-collector/GarbageCollector.ts"
import { fateOf } from "../../plugins/controllers/garbage-collector/References.ts"
import * as Vanished from "../../plugins/controllers/garbage-collector/Vanished.ts"
import { Deployment, ReplicaSet } from "../../plugins/resources/contracts/apps/v1.ts"
import { ConfigMap, Event, Pod } from "../../plugins/resources/contracts/core/v1.ts"
import { kernelWith } from "../resources/Kernel.ts"
import { at, cluster, names, when } from "./Cluster.ts"
import { podOf } from "./Pods.ts"

const spec = { containers: [{ name: "c", image: "i" }] }
const selector = { matchLabels: { app: "web" } }
const template = { metadata: { labels: { app: "web" } }, spec }
const owned = (name: string, kind: Any, owner: Resource) => ({
  ...at(name),
  ownerReferences: [controllerReference(kind, owner)]
})

/** A Deployment with a ReplicaSet with a Pod, which nobody but the collector acts on. */
const tree = Effect.gen(function* () {
  const client = yield* Client
  const deployment = yield* client.create(Deployment, { metadata: at("web"), spec: { selector, template } })
  const set = yield* client.create(ReplicaSet, {
    metadata: owned("web-1", Deployment, deployment),
    spec: { selector, template }
  })
  const pod = yield* client.create(Pod, { metadata: owned("web-1-a", ReplicaSet, set), spec: { ...spec, nodeName: "n" } })
  return { deployment, set, pod }
})

const collector = cluster(GarbageCollector.plugin({ kinds: [Deployment, ReplicaSet, Pod, ConfigMap] }))

describe("an owner in another namespace", () => {
  it.live("does not count, and is told of", () =>
    Effect.gen(function* () {
      const client = yield* Client
      const owner = yield* client.create(ConfigMap, { metadata: { name: "owner", namespace: "elsewhere" } })
      yield* client.create(ConfigMap, { metadata: owned("part", ConfigMap, owner) })
      const part = { ...owned("kept", ConfigMap, owner), namespace: "elsewhere" }
      yield* client.create(ConfigMap, { metadata: part })
      assert.deepStrictEqual(names(yield* when(ConfigMap, (all) => all.length === 2)).toSorted(), ["kept", "owner"])
      const [told] = yield* when(Event, (all) => all.length === 1)
      assert.strictEqual(told?.reason, "OwnerRefInvalidNamespace")
      const place = `[v1/ConfigMap, namespace: default, name: owner, uid: ${owner.metadata.uid}]`
      assert.strictEqual(told?.message, `ownerRef ${place} does not exist in namespace "default"`)
    }).pipe(Effect.provide(collector))
  )
})

describe("an owner that another server answers for", () => {
  it.live("keeps what it owns while it is there", () => {
    const group = "moons.example.com"
    const foreign = { group, version: "v1", resource: "moons", kind: "Moon", namespaced: true, verbs: ["get"] }
    const ask = ({ name, namespace, resource }: Question) =>
      name === "there"
        ? Effect.succeed({ kind: "Moon", apiVersion: `${group}/v1`, metadata: { name, uid: "1" } })
        : Effect.fail(new NotFound({ group, resource, namespace, name }))
    const aggregated = Layer.effectDiscard(
      Effect.flatMap(Aggregated, ({ add }) =>
        add(
          (asked) => (asked === group ? { ask } : undefined),
          () => [foreign]
        )
      )
    )
    const layer = Layer.merge(GarbageCollector.plugin({ kinds: [ConfigMap] }).layer, aggregated).pipe(
      Layer.provideMerge(kernelWith(Aggregated.layer))
    )
    return Effect.gen(function* () {
      const client = yield* Client
      const owner = { apiVersion: `${group}/v1`, kind: "Moon", uid: "1" }
      const make = (name: string, reference: object) =>
        client.create(ConfigMap, { metadata: { ...at(name), ownerReferences: [{ ...owner, name: "there", ...reference }] } })
      yield* make("kept", {})
      yield* make("gone", { name: "gone" })
      yield* make("other", { uid: "2" })
      yield* make("unknown", { kind: "Sun" })
      yield* when(ConfigMap, (all) => names(all).toSorted().join() === "kept,unknown")
    }).pipe(Effect.provide(layer))
  })
})

describe("GarbageCollector", () => {
  it.live("in the background: the owner goes at once, and all that it owned after it", () =>
    Effect.gen(function* () {
      const client = yield* Client
      yield* tree
      yield* client.delete(Deployment, at("web"), { propagationPolicy: "Background" })
      assert.deepStrictEqual(yield* client.list(Deployment), [])
      yield* when(ReplicaSet, (all) => all.length === 0)
      yield* when(Pod, ([pod]) => pod?.metadata.deletionTimestamp !== undefined)
    }).pipe(Effect.provide(collector))
  )

  it.live("in the foreground: the owner waits for all that it owns", () =>
    Effect.gen(function* () {
      const client = yield* Client
      yield* tree
      yield* client.delete(Deployment, at("web"), { propagationPolicy: "Foreground" })
      yield* when(Pod, ([pod]) => pod?.metadata.deletionTimestamp !== undefined)
      assert.deepStrictEqual((yield* client.get(ReplicaSet, at("web-1"))).metadata.finalizers, ["foregroundDeletion"])
      assert.strictEqual((yield* client.list(Deployment)).length, 1)
      yield* client.delete(Pod, at("web-1-a"), { gracePeriodSeconds: 0 })
      yield* when(ReplicaSet, (all) => all.length === 0)
      yield* when(Deployment, (all) => all.length === 0)
    }).pipe(Effect.provide(collector))
  )

  it.live("orphans: what was owned stays, without its owner", () =>
    Effect.gen(function* () {
      const client = yield* Client
      yield* tree
      yield* client.delete(Deployment, at("web"), { propagationPolicy: "Orphan" })
      yield* when(Deployment, (all) => all.length === 0)
      const [set] = yield* client.list(ReplicaSet)
      assert.deepStrictEqual([set?.metadata.name, set?.metadata.ownerReferences ?? []], ["web-1", []])
      assert.strictEqual((yield* client.list(Pod)).length, 1)
    }).pipe(Effect.provide(collector))
  )

  it.live("an owner of the same name is not the owner, and one of two owners is enough", () =>
    Effect.gen(function* () {
      const client = yield* Client
      const first = yield* client.create(ConfigMap, { metadata: at("first") })
      const second = yield* client.create(ConfigMap, { metadata: at("second") })
      const other = { ...first, metadata: { ...first.metadata, uid: "another" } }
      yield* client.create(ConfigMap, { metadata: owned("stranger", ConfigMap, other) })
      const both = [first, second].map((owner) => ({ ...controllerReference(ConfigMap, owner), controller: false }))
      yield* client.create(ConfigMap, { metadata: { ...at("both"), ownerReferences: both } })
      yield* when(ConfigMap, (all) => !names(all).includes("stranger"))
      yield* client.delete(ConfigMap, at("first"))
      const all = yield* when(ConfigMap, (all) => all.some(({ metadata }) => metadata.ownerReferences?.length === 1))
      assert.deepStrictEqual(names(all).toSorted(), ["both", "second"])
    }).pipe(Effect.provide(collector))
  )

  it("learns of what a lost watch has not told", () => {
    const events = Vanished.make()
    const owner = podOf({ name: "owner" })
    const reference = { apiVersion: "v1", kind: "Pod", name: "owner", uid: "owner" }
    const pod = podOf({ name: "p" })
    const dependent = { ...pod, metadata: { ...pod.metadata, ownerReferences: [reference] } }
    assert.deepStrictEqual(events({ _tag: "Snapshot", objects: [owner, podOf({ name: "stays" })] }), [])
    assert.deepStrictEqual(events({ _tag: "Applied", object: dependent }), [])
    assert.deepStrictEqual(events({ _tag: "Applied", object: podOf({ name: "told" }) }), [])
    assert.deepStrictEqual(events({ _tag: "Deleted", object: podOf({ name: "told" }) }), [])
    assert.deepStrictEqual(events({ _tag: "Snapshot", objects: [podOf({ name: "stays" })] }), ["owner", "p", "owner"])
    assert.deepStrictEqual(events({ _tag: "Snapshot", objects: [podOf({ name: "stays" })] }), [])
  })

  it("leaves what has an owner, and what is going already", () => {
    const reference = { apiVersion: "v1", kind: "Pod", name: "o", uid: "o" }
    const pod = podOf({ name: "p" })
    assert.strictEqual(fateOf(pod, [], false)._tag, "Stay")
    assert.strictEqual(fateOf(pod, [{ reference, found: "solid" }], true)._tag, "Stay")
    const going = { ...pod, metadata: { ...pod.metadata, deletionTimestamp: "2026-01-01T00:00:00Z" } }
    assert.strictEqual(fateOf(going, [{ reference, found: "absent" }], true)._tag, "Stay")
    const awaited = [{ reference, found: "waiting" }] as const
    assert.deepStrictEqual(fateOf(pod, awaited, true), { _tag: "Delete", propagationPolicy: "Foreground" })
    assert.deepStrictEqual(fateOf(pod, awaited, false), { _tag: "Delete", propagationPolicy: "Background" })
  })
})
