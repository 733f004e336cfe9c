/** When nothing happens for a while, all is as its objects say: nothing is missing, nothing is left over, and every status is true. */
import { Effect } from "effect"
import { controllerOf, type Resource } from "../../../kernel/resource/Kind.ts"
import {
  ControllerRevision,
  DaemonSet,
  Deployment,
  ReplicaSet,
  StatefulSet
} from "../../../plugins/resources/contracts/apps/v1.ts"
import { CronJob, Job } from "../../../plugins/resources/contracts/batch/v1.ts"
import { Namespace, Node, Service } from "../../../plugins/resources/contracts/core/v1.ts"
import { EndpointSlice } from "../../../plugins/resources/contracts/discovery/v1.ts"
import { PodDisruptionBudget } from "../../../plugins/resources/contracts/policy/v1.ts"
import type { Machines } from "./Nodes.ts"
import { isLive, type Seen, type World } from "./World.ts"

const pathOf = ({ metadata: { name, namespace = "" } }: Resource) => `${namespace}/${name}`
const serves = (pod: Seen) => isLive(pod) && pod.ready > 0

/** A Pod that ends takes a few seconds, and one that nobody makes end an eternity. */
const patience = 120_000

const workloads = (world: World, machines: Machines): ReadonlyArray<string> => {
  const wrong: Array<string> = []
  const expect = (what: string, found: ReadonlyArray<number | undefined>, wanted: number) => {
    if (found.some((count) => (count ?? 0) !== wanted)) wrong.push(`${what}: ${found.join("/")} of ${wanted}`)
  }
  const sets = Map.groupBy(world.all(ReplicaSet), (set) => controllerOf(set)?.uid ?? "")
  for (const one of world.all(Deployment)) {
    const { availableReplicas, readyReplicas, replicas, updatedReplicas } = one.status
    const own = sets.get(one.metadata.uid) ?? []
    const real = own.flatMap(({ metadata }) => world.owned(metadata.uid)).filter(serves).length
    const what = `Deployment ${pathOf(one)}`
    expect(what, [replicas, updatedReplicas, readyReplicas, availableReplicas, real], one.spec.replicas)
    if (own.length > one.spec.revisionHistoryLimit + 1) wrong.push(`${what}: ${own.length} ReplicaSets are kept`)
  }
  for (const one of world.all(StatefulSet)) {
    const { availableReplicas, currentReplicas, readyReplicas, replicas, updatedReplicas } = one.status
    const real = world.owned(one.metadata.uid).filter(serves).length
    const what = `StatefulSet ${pathOf(one)}`
    expect(what, [replicas, readyReplicas, availableReplicas, currentReplicas, updatedReplicas, real], one.spec.replicas)
  }
  const down = world.all(Node).filter(({ metadata }) => !machines.isUp(metadata.name)).length
  for (const one of world.all(DaemonSet)) {
    const { desiredNumberScheduled, numberAvailable = 0, updatedNumberScheduled = 0 } = one.status
    const all = world.all(Node).length
    if (desiredNumberScheduled !== all || numberAvailable < all - down || updatedNumberScheduled < all - down)
      wrong.push(`DaemonSet ${pathOf(one)}: ${numberAvailable} of ${desiredNumberScheduled} on ${all} nodes`)
  }
  return wrong
}

const pods = (world: World, machines: Machines, now: number): ReadonlyArray<string> => {
  const nodes = new Set(world.all(Node).map(({ metadata }) => metadata.name))
  const jobs = new Map(world.all(Job).map((job) => [job.metadata.uid, job]))
  return [...world.pods()].flatMap((pod) => {
    const path = `${pod.namespace}/${pod.name}`
    const what = `Pod ${path} of ${pod.owner?.kind} ${pod.owner?.name} on ${pod.node}`
    if (pod.node === "") return now - pod.created > patience ? [`${what}: has no node`] : []
    if (!nodes.has(pod.node)) return [`${what}: the node is not there`]
    const isOld = pod.going > 0 && now - pod.going > patience
    if (isOld && machines.isUp(pod.node)) return [`${what}: should be gone, phase ${pod.phase}`]
    return pod.owner?.kind === "Job" && !jobs.has(pod.owner.uid) ? [`${what}: its Job is gone`] : []
  })
}

/** Whoever owns is there. */
const orphans = (world: World): ReadonlyArray<string> => {
  const kinds = [Deployment, ReplicaSet, StatefulSet, DaemonSet, CronJob, Job, Service]
  const uids = new Set(kinds.flatMap((kind) => world.all<Resource, never>(kind).map(({ metadata }) => metadata.uid)))
  const owned = [ReplicaSet, Job, ControllerRevision, EndpointSlice].flatMap((kind) => world.all<Resource, never>(kind))
  const lost = (owner: { readonly uid: string } | undefined) => owner !== undefined && !uids.has(owner.uid)
  return [
    ...owned.filter((object) => lost(controllerOf(object))).map((object) => `${pathOf(object)} has lost its owner`),
    ...[...world.pods()]
      .filter(({ owner }) => lost(owner))
      .map((pod) => `Pod ${pod.namespace}/${pod.name} has lost its owner`)
  ]
}

/** What is said of Pods elsewhere is so. */
const told = (world: World): ReadonlyArray<string> => {
  const serving = [...world.pods()].filter(serves)
  const byApp = Map.groupBy(serving, ({ labels, namespace }) => `${namespace}/${labels["app"]}`)
  const slices = Map.groupBy(world.all(EndpointSlice), (slice) => `${slice.metadata.namespace}/${controllerOf(slice)?.name}`)
  const budgets = world.all(PodDisruptionBudget).flatMap((budget) => {
    const healthy = byApp.get(pathOf(budget))?.length ?? 0
    const { currentHealthy } = budget.status
    return currentHealthy === healthy
      ? []
      : [`PodDisruptionBudget ${pathOf(budget)}: ${currentHealthy} healthy, in truth ${healthy}`]
  })
  const services = world.all(Service).flatMap((service) => {
    const names = (slices.get(pathOf(service)) ?? [])
      .flatMap(({ endpoints = [] }) => endpoints)
      .filter(({ conditions }) => conditions?.ready !== false)
      .map(({ targetRef }) => targetRef?.name ?? "")
    const wanted = (byApp.get(pathOf(service)) ?? []).map(({ name }) => name)
    const isSame = names.toSorted().join() === wanted.toSorted().join()
    return isSame ? [] : [`Service ${pathOf(service)}: ${names.length} endpoints, in truth ${wanted.length}`]
  })
  return [...budgets, ...services]
}

const namespaces = (world: World) =>
  world
    .all(Namespace)
    .filter(({ metadata }) => metadata.deletionTimestamp !== undefined)
    .map(({ metadata }) => `Namespace ${metadata.name} should be gone`)

/** All that is not as it should be. */
export const wrong = (world: World, machines: Machines, now: number): ReadonlyArray<string> => [
  ...workloads(world, machines),
  ...pods(world, machines, now),
  ...orphans(world),
  ...told(world),
  ...namespaces(world)
]

/** Waits until nothing is wrong, for so many minutes; what then still is. */
export const settle = Effect.fnUntraced(function* (world: World, machines: Machines, minutes: number) {
  const look = Effect.clockWith((clock) => Effect.sync(() => wrong(world, machines, clock.currentTimeMillisUnsafe())))
  let found = yield* look
  for (let tries = 0; tries < minutes * 2 && found.length > 0; tries++) {
    yield* Effect.sleep("30 seconds")
    found = yield* look
  }
  return found
})
