/**
 * Controllers change places, and the same comes of it: upstream's kube-controller-manager on our API server, and ours on upstream's.
 * Nodes are played: what is asked of them is that Pods run, end and go.
 */
import { describe, it } from "@effect/vitest"
import { Effect, Layer, Stream } from "effect"
import * as Program from "../../adapters/Program.ts"
import type { Endpoint } from "../../conformance/stage/Endpoint.ts"
import * as KubeApiservers from "../../conformance/stage/KubeApiservers.ts"
import { Client } from "../../kernel/client/Client.ts"
import * as DeploymentController from "../../plugins/controllers/deployment/Deployment.ts"
import * as GarbageCollector from "../../plugins/controllers/garbage-collector/GarbageCollector.ts"
import * as Autoscaler from "../../plugins/controllers/horizontal-pod-autoscaler/HorizontalPodAutoscaler.ts"
import * as JobController from "../../plugins/controllers/job/Job.ts"
import * as NamespaceController from "../../plugins/controllers/namespace/Namespace.ts"
import * as Binder from "../../plugins/controllers/persistent-volume-binder/PersistentVolumeBinder.ts"
import * as ReplicaSetController from "../../plugins/controllers/replicaset/ReplicaSet.ts"
import * as ServiceAccounts from "../../plugins/controllers/serviceaccount/ServiceAccount.ts"
import * as StatefulSetController from "../../plugins/controllers/statefulset/StatefulSet.ts"
import { Deployment, ReplicaSet, StatefulSet } from "../../plugins/resources/contracts/apps/v1.ts"
import { HorizontalPodAutoscaler } from "../../plugins/resources/contracts/autoscaling/v2.ts"
import { Job } from "../../plugins/resources/contracts/batch/v1.ts"
import { Namespace, PersistentVolume, PersistentVolumeClaim, Pod } from "../../plugins/resources/contracts/core/v1.ts"
import { until } from "../controllers/KilledWorkloads.ts"
import { runs, when } from "../controllers/Cluster.ts"
import * as Beside from "./Beside.ts"

const lacks = ["etcd", "kube-apiserver", "kube-controller-manager"].filter((name) => Program.find(name) === undefined)
const title = lacks.length === 0 ? "" : ` (this machine lacks upstream's ${lacks.join(", ")})`

const namespace = "story"
const at = (name: string) => ({ namespace, name })
const labels = { app: "web" }
const selector = { matchLabels: labels }
const containersOf = (image: string) => [{ name: "c", image }]
const template = (image: string, of = labels) => ({ metadata: { labels: of }, spec: { containers: containersOf(image) } })

/** Pods of Jobs end well, all others run; those that are to go, go. */
const node = Effect.gen(function* () {
  const client = yield* Client
  const pods = yield* client.cache(Pod, { indexes: {} })
  const act = (pod: Pod) => {
    const { deletionTimestamp, name, namespace = "" } = pod.metadata
    if (deletionTimestamp !== undefined) return client.delete(Pod, { name, namespace }, { gracePeriodSeconds: 0 })
    if (pod.status.phase !== "Pending") return Effect.void
    if (pod.spec.restartPolicy !== "Never") return runs(pod)
    return client.update(Pod, { ...pod, status: { ...pod.status, phase: "Succeeded" } }, { subresource: "status" })
  }
  yield* pods.changes.pipe(
    Stream.runForEach(() => Effect.forEach(pods.all(), (pod) => Effect.ignore(act(pod)), { discard: true })),
    Effect.forkScoped
  )
})

const workloads = Effect.gen(function* () {
  const client = yield* Client
  yield* client.create(Deployment, { metadata: at("web"), spec: { replicas: 2, selector, template: template("v1") } })
  const isDone = (generation: number, replicas: number) => (one: Deployment) =>
    (one.status.observedGeneration ?? 0) >= generation &&
    [one.status.replicas, one.status.updatedReplicas, one.status.availableReplicas].every((count) => count === replicas)
  yield* until(Deployment, "web", isDone(1, 2))
  yield* client.patch(Deployment, at("web"), "strategic", {
    spec: { template: { spec: { containers: containersOf("v2") } } }
  })
  yield* until(Deployment, "web", isDone(2, 2))
  const sizes = (all: ReadonlyArray<ReplicaSet>) =>
    all
      .filter(({ metadata }) => metadata.namespace === namespace)
      .map(
        ({ metadata: { annotations = {} }, spec }) => `${annotations["deployment.kubernetes.io/revision"]}: ${spec.replicas}`
      )
  yield* when(ReplicaSet, (all) => sizes(all).toSorted().join() === "1: 0,2: 2")
  const scaleTargetRef = { apiVersion: "apps/v1", kind: "Deployment", name: "web" }
  yield* client.create(HorizontalPodAutoscaler, {
    metadata: at("web"),
    spec: { scaleTargetRef, minReplicas: 3, maxReplicas: 5 }
  })
  yield* until(Deployment, "web", isDone(3, 3))

  const of = { app: "db" }
  const spec = { serviceName: "db", replicas: 2, selector: { matchLabels: of }, template: template("v1", of) }
  yield* client.create(StatefulSet, { metadata: at("db"), spec })
  yield* until(StatefulSet, "db", ({ status }) => status.readyReplicas === 2)
  const job = { metadata: { labels: { app: "job" } }, spec: { restartPolicy: "Never", containers: containersOf("v1") } }
  yield* client.create(Job, { metadata: at("work"), spec: { completions: 3, parallelism: 2, template: job } })
  yield* until(Job, "work", ({ status }) => status.succeeded === 3 && status.completionTime !== undefined)
})

const storage = Effect.gen(function* () {
  const client = yield* Client
  const accessModes = ["ReadWriteOnce"]
  const asked = { accessModes, storageClassName: "none", resources: { requests: { storage: "1Gi" } } }
  yield* client.create(PersistentVolumeClaim, { metadata: at("data"), spec: asked })
  const volume = { accessModes, storageClassName: "none", capacity: { storage: "2Gi" }, hostPath: { path: "/nowhere" } }
  yield* client.create(PersistentVolume, { metadata: { name: "disk" }, spec: volume })
  yield* until(PersistentVolumeClaim, "data", ({ spec, status }) => spec.volumeName === "disk" && status?.phase === "Bound")
})

const story = Effect.gen(function* () {
  const client = yield* Client
  yield* node
  yield* client.create(Namespace, { metadata: { name: namespace } })
  yield* workloads
  yield* storage
  yield* client.delete(Deployment, at("web"), { propagationPolicy: "Foreground" })
  yield* when(ReplicaSet, (all) => all.every(({ metadata }) => metadata.namespace !== namespace))
  // Nobody lets claims go that are protected: of the controllers that are told of here, none does.
  yield* client.patch(PersistentVolumeClaim, at("data"), "merge", { metadata: { finalizers: null } })
  yield* client.delete(Namespace, { namespace: "", name: namespace })
  yield* when(Namespace, (all) => all.length > 0 && all.every(({ metadata }) => metadata.name !== namespace))
  yield* until(PersistentVolume, "disk", ({ status }) => status.phase === "Released")
}).pipe(Effect.scoped)

/** Upstream's, until the scope closes. */
const controllerManager = (path: string, endpoint: Endpoint) => Beside.program("kube-controller-manager", path, endpoint)

const ours = Layer.mergeAll(
  DeploymentController.plugin.layer,
  ReplicaSetController.plugin.layer,
  StatefulSetController.plugin.layer,
  JobController.plugin.layer,
  ServiceAccounts.plugin.layer,
  NamespaceController.plugin().layer,
  GarbageCollector.plugin().layer,
  Binder.plugin.layer,
  Autoscaler.plugin.layer
)

describe.skipIf(lacks.length > 0)(`controllers change places${title}`, () => {
  it.live(
    "upstream's kube-controller-manager on our API server",
    () =>
      Effect.gen(function* () {
        const path = yield* Beside.directory
        const endpoint = yield* KubeApiservers.keelson(path)
        yield* controllerManager(path, endpoint)
        yield* story.pipe(Effect.provide(Beside.clientOf(endpoint)))
      }).pipe(Effect.scoped),
    240_000
  )
  it.live(
    "our controllers on upstream's API server",
    () =>
      Effect.gen(function* () {
        const path = yield* Beside.directory
        const endpoint = yield* KubeApiservers.upstream(path)
        yield* story.pipe(Effect.provide(Layer.provideMerge(ours, Beside.clientOf(endpoint))))
      }).pipe(Effect.scoped),
    240_000
  )
})
