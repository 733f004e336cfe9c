/** The StatefulSet controller: Pods that are each themselves, one after another or at once, from one revision to the next. */
import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import { Client } from "../../kernel/client/Client.ts"
import * as StatefulSetController from "../../plugins/controllers/statefulset/StatefulSet.ts"
import * as Claims from "../../plugins/controllers/statefulset/Claims.ts"
import { newPod } from "../../plugins/controllers/statefulset/Identity.ts"
import { plan } from "../../plugins/controllers/statefulset/Rollout.ts"
import * as Complete from "../../kernel/client/Complete.ts"
import { ControllerRevision, StatefulSet, type StatefulSetSpecDraft } from "../../plugins/resources/contracts/apps/v1.ts"
import { Event, PersistentVolumeClaim, Pod } from "../../plugins/resources/contracts/core/v1.ts"
import { at, cluster, kubelet, names, runs, when } from "./Cluster.ts"
import { podOf } from "./Pods.ts"

const labels = { app: "db" }
const template = (image: string) => ({ metadata: { labels }, spec: { containers: [{ name: "c", image }] } })
const draft = (more: Partial<StatefulSetSpecDraft> = {}) => ({
  metadata: at("db"),
  spec: { serviceName: "db", selector: { matchLabels: labels }, template: template("v1"), ...more }
})
const volumeClaimTemplates = [
  {
    metadata: { name: "data" },
    spec: { accessModes: ["ReadWriteOnce"], resources: { requests: { storage: "1Gi" } } }
  }
]
const called = (...expected: ReadonlyArray<string>) => {
  const text = expected.join()
  return (all: ReadonlyArray<Pod>) => names(all).toSorted().join() === text
}

/** Writes against what is there now, as often as others come first. */
const change = (make: (before: StatefulSet) => StatefulSet) =>
  Effect.gen(function* () {
    const client = yield* Client
    const before = yield* client.get(StatefulSet, at("db"))
    return yield* client.update(StatefulSet, make(before))
  }).pipe(Effect.retry({ times: 8 }))
const spec = (more: Partial<StatefulSet["spec"]>) => change((set) => ({ ...set, spec: { ...set.spec, ...more } }))
const image = (image: string) =>
  change((set) => {
    const containers = set.spec.template.spec.containers.map((container) => ({ ...container, image }))
    const { metadata, spec } = set.spec.template
    return { ...set, spec: { ...set.spec, template: { metadata, spec: { ...spec, containers } } } }
  })
const images = (all: ReadonlyArray<Pod>) =>
  all
    .toSorted((a, b) => (a.metadata.name < b.metadata.name ? -1 : 1))
    .map(({ spec }) => spec.containers[0]?.image)
    .join()

const complete = Complete.make(StatefulSet.versions[0])
/** What is complete is a StatefulSet by its schema, hence the casts. */
const setOf = (more: Partial<StatefulSetSpecDraft> = {}) => {
  const metadata = { ...at("db"), uid: "set", resourceVersion: "1", creationTimestamp: "2026-01-01T00:00:00Z" }
  const wire = { ...draft(more), metadata } as unknown as Parameters<typeof complete>[0]
  return complete(wire) as unknown as StatefulSet
}
const now = Date.parse("2026-01-01T00:00:00Z")
type State = "up" | "down" | "old" | "ended" | "going"
const podsOf = (...states: ReadonlyArray<State>) =>
  new Map(
    states.map((state, ordinal) => {
      const revision = state === "old" ? "r1" : "r2"
      const pod = podOf({
        name: `db-${ordinal}`,
        labels: { "controller-revision-hash": revision },
        phase: state === "ended" ? "Failed" : "Running",
        ...(state !== "down" && { ready: "2025-01-01T00:00:00Z" })
      })
      const going = { ...pod.metadata, deletionTimestamp: "2026-01-01T00:00:30Z" }
      return [ordinal, state === "going" ? { ...pod, metadata: going } : pod] as const
    })
  )
const decided = (set: StatefulSet, pods: ReadonlyMap<number, Pod>) => {
  const { create, remove } = plan(set, pods, "r2", now)
  return { create: create.join(), remove: names(remove).join() }
}

describe("StatefulSet", () => {
  it.live("makes its Pods one after another, with names and claims of their own, and gives them up from the last", () =>
    Effect.gen(function* () {
      const client = yield* Client
      yield* client.create(StatefulSet, draft({ replicas: 3, volumeClaimTemplates, ordinals: { start: 4 } }))
      const [first] = yield* when(Pod, called("db-4"))
      assert.strictEqual(first?.spec.hostname, "db-4")
      assert.strictEqual(first?.spec.subdomain, "db")
      const revision = first?.metadata.labels?.["controller-revision-hash"]
      assert.deepStrictEqual(first?.metadata.labels, {
        app: "db",
        "statefulset.kubernetes.io/pod-name": "db-4",
        "apps.kubernetes.io/pod-index": "4",
        "controller-revision-hash": `${revision}`
      })
      const [volume] = first?.spec.volumes ?? []
      assert.strictEqual(volume?.persistentVolumeClaim?.claimName, "data-db-4")
      if (first) yield* runs(first)
      yield* when(Pod, called("db-4", "db-5"))
      yield* kubelet()
      yield* when(Pod, called("db-4", "db-5", "db-6"))
      const [set] = yield* when(StatefulSet, ([one]) => one?.status.availableReplicas === 3)
      assert.deepStrictEqual(set?.status, {
        replicas: 3,
        readyReplicas: 3,
        availableReplicas: 3,
        currentReplicas: 3,
        updatedReplicas: 3,
        currentRevision: `${revision}`,
        updateRevision: `${revision}`,
        observedGeneration: 1,
        ...(set?.status.collisionCount !== undefined && { collisionCount: 0 })
      })
      yield* spec({ replicas: 1 })
      yield* when(Pod, called("db-4"))
      const claims = yield* client.list(PersistentVolumeClaim)
      assert.deepStrictEqual(names(claims).toSorted(), ["data-db-4", "data-db-5", "data-db-6"])
      const events = yield* when(Event, (all) => all.some(({ reason }) => reason === "SuccessfulDelete"))
      const messages = events.map(({ message }) => message)
      assert.include(messages, "create Pod db-4 in StatefulSet db successful")
      assert.include(messages, "create Claim data-db-4 Pod db-4 in StatefulSet db success")
    }).pipe(Effect.scoped, Effect.provide(cluster(StatefulSetController.plugin)))
  )

  it.live("comes to a new template from the last Pod down to the partition, and back to one it had", () =>
    Effect.gen(function* () {
      const client = yield* Client
      yield* kubelet()
      const updateStrategy = { type: "RollingUpdate", rollingUpdate: { partition: 2 } }
      yield* client.create(StatefulSet, draft({ replicas: 3, podManagementPolicy: "Parallel", updateStrategy }))
      const [before] = yield* when(StatefulSet, ([one]) => one?.status.availableReplicas === 3)
      yield* image("v2")
      yield* when(Pod, (all) => images(all) === "v1,v1,v2")
      const [partly] = yield* when(
        StatefulSet,
        ([one]) => one?.status.updatedReplicas === 1 && one.status.availableReplicas === 3
      )
      assert.strictEqual(partly?.status.currentRevision, before?.status.currentRevision)
      assert.notStrictEqual(partly?.status.updateRevision, before?.status.currentRevision)
      assert.strictEqual(partly?.status.currentReplicas, 2)
      yield* client.delete(Pod, at("db-0"))
      yield* when(Pod, (all) => images(all) === "v1,v1,v2" && all.every(({ metadata }) => !metadata.deletionTimestamp))
      yield* spec({ updateStrategy: { type: "RollingUpdate", rollingUpdate: { partition: 0 } } })
      yield* when(Pod, (all) => images(all) === "v2,v2,v2")
      const [after] = yield* when(StatefulSet, ([one]) => one?.status.currentRevision === partly?.status.updateRevision)
      assert.strictEqual(after?.status.updatedReplicas, 3)
      yield* image("v1")
      yield* when(Pod, (all) => images(all) === "v1,v1,v1")
      yield* when(StatefulSet, ([one]) => one?.status.currentRevision === before?.status.currentRevision)
      const history = yield* client.list(ControllerRevision)
      assert.deepStrictEqual(history.map(({ revision }) => revision).toSorted(), [2, 3])
    }).pipe(Effect.scoped, Effect.provide(cluster(StatefulSetController.plugin)))
  )

  it.live("replaces no Pod with OnDelete, and makes a failed one anew", () =>
    Effect.gen(function* () {
      const client = yield* Client
      yield* client.create(StatefulSet, draft({ updateStrategy: { type: "OnDelete" } }))
      const [pod] = yield* when(Pod, called("db-0"))
      if (pod) yield* runs(pod)
      yield* when(StatefulSet, ([one]) => one?.status.readyReplicas === 1)
      const { metadata } = yield* image("v2")
      yield* when(StatefulSet, ([one]) => one?.status.observedGeneration === metadata.generation)
      assert.strictEqual(images(yield* client.list(Pod)), "v1")
      const running = yield* client.get(Pod, at("db-0"))
      const status = { ...running.status, phase: "Failed" }
      yield* client.update(Pod, { ...running, status }, { subresource: "status" })
      yield* when(Pod, ([one]) => one !== undefined && one.metadata.uid !== pod?.metadata.uid && images([one]) === "v2")
      yield* when(Event, (all) => all.some(({ reason }) => reason === "RecreatingFailedPod"))
    }).pipe(Effect.scoped, Effect.provide(cluster(StatefulSetController.plugin)))
  )

  it.live("gives claims to what they go with", () =>
    Effect.gen(function* () {
      const client = yield* Client
      yield* kubelet()
      const persistentVolumeClaimRetentionPolicy = { whenDeleted: "Delete", whenScaled: "Delete" }
      yield* client.create(StatefulSet, draft({ replicas: 2, volumeClaimTemplates, persistentVolumeClaimRetentionPolicy }))
      const owners = ({ metadata }: PersistentVolumeClaim) => metadata.ownerReferences?.map(({ kind }) => kind).join()
      const are = (wanted: string) => (all: ReadonlyArray<PersistentVolumeClaim>) =>
        all
          .toSorted((a, b) => (a.metadata.name < b.metadata.name ? -1 : 1))
          .map(owners)
          .join() === wanted
      yield* when(PersistentVolumeClaim, are("StatefulSet,StatefulSet"))
      yield* when(StatefulSet, ([one]) => one?.status.availableReplicas === 2)
      yield* spec({ replicas: 1 })
      yield* when(PersistentVolumeClaim, are("StatefulSet,Pod"))
      yield* when(Pod, called("db-0"))
      yield* spec({ replicas: 2 })
      yield* when(StatefulSet, ([one]) => one?.status.observedGeneration === 3)
      assert.deepStrictEqual(names(yield* client.list(Pod)), ["db-0"], "the old claim has to go first")
      yield* client.delete(PersistentVolumeClaim, at("data-db-1"))
      yield* when(Pod, called("db-0", "db-1"))
      yield* when(PersistentVolumeClaim, are("StatefulSet,StatefulSet"))
    }).pipe(Effect.scoped, Effect.provide(cluster(StatefulSetController.plugin)))
  )

  const rolling = (maxUnavailable?: number | string) => ({
    updateStrategy: { type: "RollingUpdate", rollingUpdate: { ...(maxUnavailable && { maxUnavailable }) } }
  })
  const parallel = { podManagementPolicy: "Parallel" }
  const cases: ReadonlyArray<
    readonly [why: string, more: Partial<StatefulSetSpecDraft>, pods: ReadonlyArray<State>, create: string, remove: string]
  > = [
    ["begins with the first", { replicas: 3 }, [], "0", ""],
    ["waits for one that is not up", { replicas: 3 }, ["down"], "", ""],
    ["begins with all at once", { replicas: 3, ...parallel }, [], "0,1,2", ""],
    ["waits until one that is going is gone", { replicas: 2 }, ["up", "going"], "", ""],
    ["waits for it also if all come at once", { replicas: 2, ...parallel }, ["up", "going"], "", ""],
    ["makes a failed one anew", { replicas: 2 }, ["ended", "up"], "", "db-0"],
    ["shrinks from the last", { replicas: 1 }, ["up", "up", "up"], "", "db-2"],
    ["shrinks one at a time", { replicas: 1 }, ["up", "up", "going"], "", ""],
    ["shrinks when what stays is up", { replicas: 1 }, ["down", "up", "up"], "", ""],
    ["gives up the last although it is down", { replicas: 1 }, ["up", "up", "down"], "", "db-2"],
    ["waits for what is down below it", { replicas: 1 }, ["up", "down", "up"], "", ""],
    ["shrinks at once", { replicas: 1, ...parallel }, ["up", "up", "up"], "", "db-2,db-1"],
    ["replaces from the last", { replicas: 3 }, ["old", "old", "old"], "", "db-2"],
    ["waits for the one it replaced", { replicas: 3, ...parallel }, ["old", "old", "down"], "", ""],
    ["replaces the next", { replicas: 3 }, ["old", "old", "up"], "", "db-1"],
    ["replaces several", { replicas: 4, ...rolling(2) }, ["old", "old", "old", "old"], "", "db-3,db-2"],
    ["counts what is down", { replicas: 4, ...parallel, ...rolling("50%") }, ["old", "old", "old", "down"], "", "db-2"]
  ]
  for (const [why, more, states, create, remove] of cases) {
    it(why, () => assert.deepStrictEqual(decided(setOf(more), podsOf(...states)), { create, remove }))
  }

  it("a volume of the template gives way to the claim of its name", () => {
    const set = setOf({ volumeClaimTemplates })
    const volumes = [
      { name: "data", emptyDir: {} },
      { name: "tmp", emptyDir: {} }
    ]
    const { spec } = newPod(set, 0, { ...set.spec.template, spec: { ...set.spec.template.spec, volumes } }, "r")
    assert.deepStrictEqual(spec?.volumes, [
      { name: "data", persistentVolumeClaim: { claimName: "data-db-0" } },
      { name: "tmp", emptyDir: {} }
    ])
    assert.deepStrictEqual(Claims.claimsOf(set, 0)[0]?.metadata.labels, labels)
  })
})
