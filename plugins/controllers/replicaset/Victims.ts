/**
 * Which Pods a ReplicaSet gives up first. The order is that of kube-controller-manager but for one thing: of Pods that are ready, those
 * that are not available yet go first. A Deployment counts on that when it takes those away that are not available.
 */
import { Order } from "effect"
import type { Pod } from "../../resources/contracts/core/v1.ts"
import { millisOf } from "../../resources/contracts/Time.ts"
import { isAvailable, isReady, readySince } from "../contracts/Pods.ts"

const cost = ({ metadata: { annotations = {} } }: Pod) => {
  const given = Number(annotations["controller.kubernetes.io/pod-deletion-cost"] ?? 0)
  return Number.isInteger(given) ? given : 0
}

const phases = new Map([
  ["Pending", 0],
  ["Unknown", 1],
  ["Running", 2]
])

/** By containers that end, then by sidecars. */
const restarts = ({ spec, status }: Pod) => {
  const sidecars = new Set(
    spec.initContainers?.filter(({ restartPolicy }) => restartPolicy === "Always").map(({ name }) => name)
  )
  const ofSidecars = status.initContainerStatuses?.filter(({ name }) => sidecars.has(name)) ?? []
  return Math.max(0, ...[...(status.containerStatuses ?? []), ...ofSidecars].map(({ restartCount }) => restartCount))
}

/** Ages in milliseconds. Those that differ by less than half are alike, so that chance and not seconds decides; the steps are upstream's. */
const scale = (age: number) => (age <= 0 ? -1 : Math.floor(Math.log2(age * 1e6)))

const by = <A>(value: (pod: Pod) => A, order: Order.Order<A>) => Order.mapInput(order, value)
const smallest = <A extends number>(value: (pod: Pod) => A) => by(value, Order.Number)
const largest = (value: (pod: Pod) => number) => by(value, Order.flip(Order.Number))

/** `related`: the live Pods of all sets of the same owner, which should stay spread over the nodes. */
export const cheapestFirst = (related: ReadonlyArray<Pod>, now: number, minReadySeconds = 0): Order.Order<Pod> => {
  const onNode = new Map<string, number>()
  for (const { spec } of related) if (spec.nodeName) onNode.set(spec.nodeName, 1 + (onNode.get(spec.nodeName) ?? 0))
  return Order.combineAll([
    by((pod) => Boolean(pod.spec.nodeName), Order.Boolean),
    smallest((pod) => phases.get(pod.status.phase ?? "Pending") ?? 0),
    by(isReady, Order.Boolean),
    by((pod) => isAvailable(pod, minReadySeconds, now), Order.Boolean),
    smallest(cost),
    largest((pod) => onNode.get(pod.spec.nodeName ?? "") ?? 0),
    smallest((pod) => (isReady(pod) ? scale(now - readySince(pod)) : 0)),
    largest(restarts),
    smallest((pod) => scale(now - millisOf(pod.metadata.creationTimestamp))),
    by(({ metadata }) => metadata.uid, Order.String)
  ])
}
