/** The Deployment controller: rolls out, back and again, within its limits, and says how far it is. */
import { assert, describe, it } from "@effect/vitest"
import { Effect, Stream } from "effect"
import { TestClock } from "effect/testing"
import { Client } from "../../kernel/client/Client.ts"
import { controllerOf } from "../../kernel/resource/Kind.ts"
import * as DeploymentController from "../../plugins/controllers/deployment/Deployment.ts"
import * as ReplicaSetController from "../../plugins/controllers/replicaset/ReplicaSet.ts"
import { Deployment, ReplicaSet } from "../../plugins/resources/contracts/apps/v1.ts"
import { Event, Pod } from "../../plugins/resources/contracts/core/v1.ts"
import { at, cluster, kubelet, when } from "./Cluster.ts"

const labels = { app: "web" }
const template = (image: string) => ({ metadata: { labels }, spec: { containers: [{ name: "web", image }] } })
const draft = (image: string, more: object = {}) => ({
  metadata: at("web"),
  spec: { replicas: 4, selector: { matchLabels: labels }, template: template(image), ...more }
})

const condition = (deployment: Deployment | undefined, type: string) =>
  deployment?.status.conditions?.find((condition) => condition.type === type)

/** What `kubectl rollout status` waits for. */
const isRolledOut = (deployment: Deployment | undefined, replicas: number) =>
  deployment !== undefined &&
  deployment.status.observedGeneration === deployment.metadata.generation &&
  deployment.status.updatedReplicas === replicas &&
  deployment.status.replicas === replicas &&
  deployment.status.availableReplicas === replicas

const edit = Effect.fnUntraced(function* (change: (deployment: Deployment) => Deployment) {
  const client = yield* Client
  const write = Effect.flatMap(client.get(Deployment, at("web")), (read) => client.update(Deployment, change(read)))
  return yield* Effect.retry(write, { times: 10 })
})
const withImage = (image: string) => (deployment: Deployment) => {
  const containers = deployment.spec.template.spec.containers.map((container) => ({ ...container, image }))
  const spec = { ...deployment.spec.template.spec, containers }
  return { ...deployment, spec: { ...deployment.spec, template: { ...deployment.spec.template, spec } } }
}
const images = (pods: ReadonlyArray<Pod>) => pods.map(({ spec }) => spec.containers[0]?.image).toSorted()

const both = cluster(DeploymentController.plugin, ReplicaSetController.plugin)

/** The most Pods that were wanted, and the fewest that were ready. */
const observe = Effect.fnUntraced(function* () {
  const client = yield* Client
  const seen = { most: 0, fewestReady: Number.POSITIVE_INFINITY, counting: false }
  const pods = yield* client.cache(Pod, { indexes: {} })
  const sets = yield* client.cache(ReplicaSet, { indexes: {} })
  yield* Stream.merge(pods.changes, sets.changes).pipe(
    Stream.runForEach(() =>
      Effect.sync(() => {
        if (!seen.counting) return
        const live = pods.all().filter(({ metadata }) => metadata.deletionTimestamp === undefined)
        const wanted = sets.all().reduce((sum, { spec }) => sum + spec.replicas, 0)
        const ready = live.filter(({ status }) => status.conditions?.some(({ status }) => status === "True"))
        seen.most = Math.max(seen.most, wanted)
        seen.fewestReady = Math.min(seen.fewestReady, ready.length)
      })
    ),
    Effect.forkScoped
  )
  return seen
})

describe("Deployment", () => {
  it.live("rolls out a template, another, and goes back", () =>
    Effect.gen(function* () {
      const client = yield* Client
      const seen = yield* observe()
      yield* kubelet()
      yield* client.create(Deployment, draft("v1", { strategy: { rollingUpdate: { maxSurge: 1, maxUnavailable: "25%" } } }))
      const [first] = yield* when(
        Deployment,
        ([one]) => isRolledOut(one, 4) && condition(one, "Progressing")?.reason === "NewReplicaSetAvailable"
      )
      assert.strictEqual(condition(first, "Available")?.status, "True")
      assert.match(
        condition(first, "Progressing")?.message ?? "",
        /^ReplicaSet "web-[a-z0-9]+" has successfully progressed\.$/
      )
      assert.strictEqual(first?.metadata.annotations?.["deployment.kubernetes.io/revision"], "1")

      seen.counting = true
      yield* edit(withImage("v2"))
      yield* when(Deployment, ([one]) => isRolledOut(one, 4) && one?.metadata.generation === 2)
      seen.counting = false
      assert.deepStrictEqual(images(yield* when(Pod, (all) => all.length === 4)), ["v2", "v2", "v2", "v2"])
      assert.isAtMost(seen.most, 5, "no more than maxSurge too many")
      assert.isAtLeast(seen.fewestReady, 3, "no more than maxUnavailable too few")

      yield* edit(withImage("v1"))
      const [back] = yield* when(Deployment, ([one]) => isRolledOut(one, 4) && one?.metadata.generation === 3)
      assert.strictEqual(back?.metadata.annotations?.["deployment.kubernetes.io/revision"], "3")
      const sets = yield* client.list(ReplicaSet)
      assert.strictEqual(sets.length, 2, "the set of the first template is used again")
      const again = sets.find(({ spec }) => spec.replicas === 4)
      assert.strictEqual(again?.metadata.annotations?.["deployment.kubernetes.io/revision-history"], "1")
      const told = yield* when(Event, (all) => all.some(({ reason }) => reason === "ScalingReplicaSet"))
      assert.isTrue(told.some(({ message }) => /^Scaled up replica set web-[a-z0-9]+ from 0 to 4$/.test(message ?? "")))
    }).pipe(Effect.scoped, Effect.provide(both))
  )

  it.live("changes its size, and keeps no more old revisions than it may", () =>
    Effect.gen(function* () {
      const client = yield* Client
      yield* kubelet()
      yield* client.create(Deployment, draft("v1", { revisionHistoryLimit: 1 }))
      yield* when(Deployment, ([one]) => isRolledOut(one, 4))
      yield* edit((one) => ({ ...one, spec: { ...one.spec, replicas: 2 } }))
      yield* when(Deployment, ([one]) => isRolledOut(one, 2))
      for (const image of ["v2", "v3", "v4"]) {
        const { metadata } = yield* edit(withImage(image))
        yield* when(Deployment, ([one]) => isRolledOut(one, 2) && one?.metadata.generation === metadata.generation)
      }
      const sets = yield* when(ReplicaSet, (all) => all.length === 2)
      assert.deepStrictEqual(sets.map(({ spec }) => spec.template?.spec.containers[0]?.image).toSorted(), ["v3", "v4"])
    }).pipe(Effect.scoped, Effect.provide(both))
  )

  it.live("waits for the end of the old ones when it recreates", () =>
    Effect.gen(function* () {
      const client = yield* Client
      yield* kubelet()
      const mixed: Array<ReadonlyArray<string | undefined>> = []
      const pods = yield* client.cache(Pod, { indexes: {} })
      yield* pods.changes.pipe(
        Stream.runForEach(() => Effect.sync(() => mixed.push([...new Set(images(pods.all()))]))),
        Effect.forkScoped
      )
      yield* client.create(Deployment, draft("v1", { strategy: { type: "Recreate" } }))
      yield* when(Deployment, ([one]) => isRolledOut(one, 4))
      yield* edit(withImage("v2"))
      yield* when(Deployment, ([one]) => isRolledOut(one, 4) && one?.metadata.generation === 2)
      assert.isTrue(
        mixed.every((images) => images.length < 2),
        "never two templates at once"
      )
    }).pipe(Effect.scoped, Effect.provide(both))
  )

  it.live("does nothing about its template while it is paused", () =>
    Effect.gen(function* () {
      const client = yield* Client
      yield* kubelet()
      yield* client.create(Deployment, draft("v1"))
      yield* when(Deployment, ([one]) => isRolledOut(one, 4))
      yield* edit((one) => ({ ...withImage("v2")(one), spec: { ...withImage("v2")(one).spec, paused: true } }))
      yield* when(Deployment, ([one]) => condition(one, "Progressing")?.reason === "DeploymentPaused")
      assert.strictEqual((yield* client.list(ReplicaSet)).length, 1)
      yield* edit((one) => ({ ...one, spec: { ...one.spec, paused: false } }))
      yield* when(Deployment, ([one]) => isRolledOut(one, 4) && one?.spec.paused === false)
      assert.deepStrictEqual(images(yield* when(Pod, (all) => all.length === 4)), ["v2", "v2", "v2", "v2"])
    }).pipe(Effect.scoped, Effect.provide(both))
  )

  it.effect("says that it is late", () =>
    Effect.gen(function* () {
      const client = yield* Client
      yield* client.create(Deployment, draft("v1", { progressDeadlineSeconds: 60 }))
      const reason = Effect.map(client.get(Deployment, at("web")), (one) => condition(one, "Progressing")?.reason)
      yield* when(Deployment, ([one]) => condition(one, "Progressing")?.reason === "ReplicaSetUpdated")
      yield* TestClock.adjust("50 seconds")
      assert.strictEqual(yield* reason, "ReplicaSetUpdated")
      yield* TestClock.adjust("20 seconds")
      yield* when(Deployment, ([one]) => condition(one, "Progressing")?.reason === "ProgressDeadlineExceeded")
    }).pipe(Effect.provide(both))
  )

  it.live("adopts a set that nobody owns", () =>
    Effect.gen(function* () {
      const client = yield* Client
      yield* kubelet()
      yield* client.create(ReplicaSet, {
        metadata: { ...at("found"), labels },
        spec: { replicas: 4, selector: { matchLabels: labels }, template: template("v1") }
      })
      const { metadata } = yield* client.create(Deployment, draft("v1"))
      yield* when(Deployment, ([one]) => isRolledOut(one, 4))
      const [set] = yield* when(ReplicaSet, (all) => all.length === 1)
      assert.strictEqual(set && controllerOf(set)?.uid, metadata.uid)
    }).pipe(Effect.scoped, Effect.provide(both))
  )
})
