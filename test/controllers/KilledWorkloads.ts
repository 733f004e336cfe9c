/** Scenarios of workloads, in which controllers are killed. Each ends when all is as its objects say. */
import { Effect, Stream } from "effect"
import { Client } from "../../kernel/client/Client.ts"
import type { Kind, Resource, ResourceDraft } from "../../kernel/resource/Kind.ts"
import * as CronJobController from "../../plugins/controllers/cronjob/CronJob.ts"
import * as DaemonSetController from "../../plugins/controllers/daemonset/DaemonSet.ts"
import * as DeploymentController from "../../plugins/controllers/deployment/Deployment.ts"
import * as GarbageCollector from "../../plugins/controllers/garbage-collector/GarbageCollector.ts"
import * as JobController from "../../plugins/controllers/job/Job.ts"
import * as ReplicaSetController from "../../plugins/controllers/replicaset/ReplicaSet.ts"
import * as ReplicationControllers from "../../plugins/controllers/replicaset/ReplicationController.ts"
import * as StatefulSetController from "../../plugins/controllers/statefulset/StatefulSet.ts"
import * as TtlAfterFinished from "../../plugins/controllers/ttl-after-finished/TtlAfterFinished.ts"
import {
  ControllerRevision,
  DaemonSet,
  Deployment,
  ReplicaSet,
  StatefulSet
} from "../../plugins/resources/contracts/apps/v1.ts"
import { CronJob, Job } from "../../plugins/resources/contracts/batch/v1.ts"
import { Node, PersistentVolumeClaim, Pod, ReplicationController } from "../../plugins/resources/contracts/core/v1.ts"
import { at, kubelet, when } from "./Cluster.ts"
import type { Scenario } from "./Killing.ts"

const labels = { app: "web" }
const selector = { matchLabels: labels }
const containersOf = (image: string) => [{ name: "c", image }]
const template = (image: string) => ({ metadata: { labels }, spec: { containers: containersOf(image) } })
const jobTemplate = { metadata: { labels }, spec: { restartPolicy: "Never", containers: containersOf("v1") } }

/** As soon as that object is there and as it should be. */
export const until = <A extends Resource, D extends ResourceDraft>(
  kind: Kind<A, D>,
  name: string,
  holds: (one: A) => boolean
) => when(kind, (all) => all.some((one) => one.metadata.name === name && holds(one)))

const image = <A extends Resource, D extends ResourceDraft>(kind: Kind<A, D>, image: string) =>
  Effect.flatMap(Client, (client) =>
    client.patch(kind, at("web"), "strategic", { spec: { template: { spec: { containers: containersOf(image) } } } })
  )
const scale = <A extends Resource, D extends ResourceDraft>(kind: Kind<A, D>, replicas: number) =>
  Effect.flatMap(Client, (client) => client.patch(kind, at("web"), "merge", { spec: { replicas } }))

/** What a node does with Pods that end by themselves: `fails` of them first. */
const endsPods = Effect.fnUntraced(function* (phaseOf: (pod: Pod) => "Succeeded" | "Failed") {
  const client = yield* Client
  const pods = yield* client.cache(Pod, { indexes: {} })
  const end = (pod: Pod) => {
    if (pod.metadata.deletionTimestamp !== undefined)
      return client.delete(Pod, at(pod.metadata.name), { gracePeriodSeconds: 0 })
    if (pod.status.phase !== "Pending") return Effect.void
    return client.update(Pod, { ...pod, status: { ...pod.status, phase: phaseOf(pod) } }, { subresource: "status" })
  }
  yield* pods.changes.pipe(
    Stream.runForEach(() => Effect.forEach(pods.all(), (pod) => Effect.ignore(end(pod)), { discard: true })),
    Effect.forkScoped
  )
})

const deployment: Scenario = {
  name: "a Deployment goes from one template to the next, and to another size",
  controllers: [DeploymentController.plugin, ReplicaSetController.plugin],
  kinds: [Deployment, ReplicaSet, Pod],
  drive: Effect.gen(function* () {
    const client = yield* Client
    yield* kubelet()
    yield* client.create(Deployment, { metadata: at("web"), spec: { replicas: 2, selector, template: template("v1") } })
    const done = (generation: number, replicas: number) =>
      until(Deployment, "web", ({ status }) => {
        const isNew = status.conditions?.some(({ reason }) => reason === "NewReplicaSetAvailable") === true
        const counts = [status.replicas, status.updatedReplicas, status.availableReplicas]
        return isNew && (status.observedGeneration ?? 0) >= generation && counts.every((count) => count === replicas)
      })
    yield* done(1, 2)
    yield* image(Deployment, "v2")
    yield* done(2, 2)
    yield* scale(Deployment, 1)
    yield* done(3, 1)
  })
}

const replicationController: Scenario = {
  name: "a ReplicationController adopts, grows and shrinks",
  controllers: [ReplicationControllers.plugin],
  kinds: [ReplicationController, Pod],
  drive: Effect.gen(function* () {
    const client = yield* Client
    yield* kubelet()
    // Which Pods go is chance but for this one, which is dear.
    const annotations = { "controller.kubernetes.io/pod-deletion-cost": "9" }
    yield* client.create(Pod, {
      metadata: { ...at("orphan"), labels, annotations },
      spec: { containers: containersOf("v0") }
    })
    const spec = { replicas: 3, selector: labels, template: template("v1") }
    yield* client.create(ReplicationController, { metadata: at("web"), spec })
    const has = (count: number) =>
      until(ReplicationController, "web", ({ status }) => status.replicas === count && status.availableReplicas === count)
    yield* has(3)
    yield* scale(ReplicationController, 1)
    yield* has(1)
  })
}

const statefulSet: Scenario = {
  name: "a StatefulSet goes from one template to the next, and gives up claims",
  controllers: [StatefulSetController.plugin],
  kinds: [StatefulSet, ControllerRevision, Pod, PersistentVolumeClaim],
  drive: Effect.gen(function* () {
    const client = yield* Client
    yield* kubelet()
    const claim = { accessModes: ["ReadWriteOnce"], resources: { requests: { storage: "1Gi" } } }
    yield* client.create(StatefulSet, {
      metadata: at("web"),
      spec: {
        serviceName: "web",
        replicas: 2,
        selector,
        template: template("v1"),
        volumeClaimTemplates: [{ metadata: { name: "data" }, spec: claim }],
        persistentVolumeClaimRetentionPolicy: { whenDeleted: "Delete", whenScaled: "Delete" }
      }
    })
    const done = (replicas: number, generation: number) =>
      until(StatefulSet, "web", ({ status }) => {
        const isCurrent = status.currentRevision === status.updateRevision && (status.observedGeneration ?? 0) >= generation
        return (
          isCurrent && [status.replicas, status.readyReplicas, status.currentReplicas].every((count) => count === replicas)
        )
      })
    yield* done(2, 1)
    yield* image(StatefulSet, "v2")
    yield* done(2, 2)
    yield* scale(StatefulSet, 1)
    yield* done(1, 3)
  })
}

const daemonSet: Scenario = {
  name: "a DaemonSet goes from one template to the next, on nodes that come",
  controllers: [DaemonSetController.plugin],
  kinds: [DaemonSet, ControllerRevision, Pod],
  drive: Effect.gen(function* () {
    const client = yield* Client
    yield* kubelet()
    yield* client.create(Node, { metadata: { name: "n1" } })
    yield* client.create(DaemonSet, { metadata: at("web"), spec: { selector, template: template("v1") } })
    const done = (nodes: number, generation: number) =>
      until(DaemonSet, "web", ({ status }) => {
        const counts = [status.desiredNumberScheduled, status.updatedNumberScheduled, status.numberAvailable]
        return (status.observedGeneration ?? 0) >= generation && counts.every((count) => count === nodes)
      })
    yield* done(1, 1)
    yield* client.create(Node, { metadata: { name: "n2" } })
    yield* done(2, 1)
    yield* image(DaemonSet, "v2")
    yield* done(2, 2)
  })
}

const has = (type: string) => (job: Job) =>
  job.status.conditions?.some((one) => one.type === type && one.status === "True") === true

const job: Scenario = {
  name: "a Job counts each of its Pods once",
  controllers: [JobController.plugin],
  kinds: [Job, Pod],
  drive: Effect.gen(function* () {
    const client = yield* Client
    yield* endsPods(() => "Succeeded")
    const spec = { completions: 4, parallelism: 2, completionMode: "Indexed", template: jobTemplate }
    yield* client.create(Job, { metadata: at("web"), spec })
    yield* until(Job, "web", has("Complete"))
    yield* when(Pod, (all) => all.every(({ metadata }) => (metadata.finalizers ?? []).length === 0))
  })
}

const failing: Scenario = {
  name: "a Job fails when a Pod has",
  controllers: [JobController.plugin],
  kinds: [Job],
  drive: Effect.gen(function* () {
    const client = yield* Client
    yield* endsPods(() => "Failed")
    const spec = { completions: 2, parallelism: 1, backoffLimit: 0, template: jobTemplate }
    yield* client.create(Job, { metadata: at("web"), spec })
    yield* until(Job, "web", has("Failed"))
  })
}

const ttl: Scenario = {
  name: "a Job that is over goes when its time is over",
  controllers: [JobController.plugin, TtlAfterFinished.plugin, GarbageCollector.plugin({ kinds: [Job, Pod] })],
  kinds: [Job, Pod],
  drive: Effect.gen(function* () {
    const client = yield* Client
    yield* endsPods(() => "Succeeded")
    yield* client.create(Job, { metadata: at("kept"), spec: { template: jobTemplate } })
    yield* client.create(Job, { metadata: at("web"), spec: { template: jobTemplate, ttlSecondsAfterFinished: 0 } })
    yield* until(Job, "kept", has("Complete"))
    yield* when(Job, (all) => all.length === 1)
    yield* when(Pod, (all) => all.every(({ metadata }) => (metadata.finalizers ?? []).length === 0))
  })
}

const cronJob: Scenario = {
  name: "a CronJob makes one Job for a time",
  controllers: [CronJobController.plugin],
  kinds: [CronJob, Job],
  drive: Effect.gen(function* () {
    const client = yield* Client
    // Once a year, and last two years ago: it is due, and will not be again while this runs.
    const spec = { schedule: "0 0 1 1 *", jobTemplate: { spec: { template: jobTemplate } } }
    const made = yield* client.create(CronJob, { metadata: at("web"), spec: { ...spec, suspend: true } })
    const year = new Date().getUTCFullYear() - 2
    const lastScheduleTime = `${year}-01-01T00:00:00Z`
    const seen = yield* client.update(CronJob, { ...made, status: { lastScheduleTime } }, { subresource: "status" })
    yield* client.update(CronJob, { ...seen, spec: { ...seen.spec, suspend: false } })
    yield* until(
      CronJob,
      "web",
      ({ status }) => status?.lastScheduleTime !== lastScheduleTime && status?.active?.length === 1
    )
  })
}

export const scenarios = [deployment, replicationController, statefulSet, daemonSet, job, failing, ttl, cronJob]
