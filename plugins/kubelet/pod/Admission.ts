/**
 * Whether this node takes a Pod that comes to it. The scheduler has seen to most of it; but whoever names the node himself has asked
 * nobody, and the node may have changed since. A Pod that is refused has failed. Source: "Pod Lifecycle", reasons as the kubelet words them.
 */
import * as Quantity from "../../../kernel/resource/Quantity.ts"
import type { Node, Pod } from "../../resources/contracts/core/v1.ts"
import * as PodAmounts from "../../resources/contracts/PodAmounts.ts"
import * as HostPorts from "../../scheduler/contracts/HostPorts.ts"
import * as NodeSelectors from "../../scheduler/contracts/NodeSelectors.ts"
import * as Tolerations from "../../scheduler/contracts/Tolerations.ts"

export interface Refusal {
  readonly reason: string
  readonly message: string
}

/** What the node has to give, and could not. */
export const unexpected = (message: string): Refusal => ({
  reason: "UnexpectedAdmissionError",
  message: `Allocate failed due to ${message}, which is unexpected`
})

const failed = (reason: string, what: string): Refusal => ({ reason, message: `Predicate ${reason} failed: ${what}` })

const shown = (name: string, amount: Quantity.Quantity) =>
  `${name === "cpu" ? Quantity.milli(amount) : Quantity.value(amount)}`

const short = (name: string, requested: string, used: string, capacity: string): Refusal => ({
  reason: `OutOf${name}`,
  message: `Node didn't have enough resource: ${name}, requested: ${requested}, used: ${used}, capacity: ${capacity}`
})

/** From here on a Pod is critical: the scheduler makes room for it, and no node refuses it for want of any. */
const critical = 2_000_000_000

/** Which resource is short. Those that the node knows nothing of are others' affair. */
const shortage = (pod: Pod, node: Node, others: ReadonlyArray<Pod>): Refusal | undefined => {
  if ((pod.spec.priority ?? 0) >= critical) return undefined
  const capacity = PodAmounts.read(node.status.allocatable ?? node.status.capacity)
  const pods = capacity["pods"]
  if (pods !== undefined && others.length + 1 > Number(Quantity.value(pods))) {
    return short("pods", "1", `${others.length}`, shown("pods", pods))
  }
  const wanted = Object.entries(PodAmounts.ofPod(pod.spec, "requests"))
  if (wanted.length === 0) return undefined
  const used = others.map(({ spec }) => PodAmounts.ofPod(spec, "requests")).reduce(PodAmounts.plus, {})
  for (const [name, amount] of wanted) {
    const [all, theirs] = [capacity[name], used[name] ?? Quantity.zero]
    if (all === undefined || Quantity.compare(amount, Quantity.zero) <= 0) continue
    if (Quantity.compare(Quantity.add(amount, theirs), all) <= 0) continue
    return short(name, shown(name, amount), shown(name, theirs), shown(name, all))
  }
  return undefined
}

/** Why it is not taken, beside these others. */
export const refusal = (pod: Pod, node: Node, others: ReadonlyArray<Pod>): Refusal | undefined => {
  const os = pod.spec.os?.name ?? "linux"
  if (os !== "linux") {
    return { reason: "PodOSNotSupported", message: "Failed to admit pod as the OS field doesn't match node OS" }
  }
  const tooLittle = shortage(pod, node, others)
  if (tooLittle !== undefined) return tooLittle
  if (NodeSelectors.required(pod)?.(node) === false) {
    return failed("NodeAffinity", "node(s) didn't match Pod's node affinity/selector")
  }
  const wanted = HostPorts.of(pod)
  const taken = wanted.length === 0 ? [] : others.flatMap(HostPorts.of)
  if (wanted.some((port) => taken.some((other) => HostPorts.collide(port, other)))) {
    return failed("NodePorts", "node(s) didn't have free ports for the requested pod ports")
  }
  if (Tolerations.untolerated(pod.spec.tolerations, node.spec.taints, "NoExecute") !== undefined) {
    return failed("TaintToleration", "node(s) had untolerated taint(s)")
  }
  return undefined
}

/** The Pod as it is once it was refused. */
export const refused = (pod: Pod, { message, reason }: Refusal): Pod => ({
  ...pod,
  status: { ...pod.status, phase: "Failed", reason, message: `Pod was rejected: ${message}` }
})
