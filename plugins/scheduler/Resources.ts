/** What Pods ask of nodes and what nodes have, as numbers. Each Pod and node is reckoned once a version. */
import * as Quantity from "../../kernel/resource/Quantity.ts"
import type { Container, Node, Pod } from "../resources/contracts/core/v1.ts"
import * as HostPorts from "./contracts/HostPorts.ts"
import type { Amounts, PodInfo } from "./contracts/Nodes.ts"
import { type Spaces, termsOf } from "./contracts/PodTerms.ts"

type Listed = { readonly [name: string]: string } | undefined

/** The same few texts stand in most Pods. */
const remembering = (reckon: (quantity: Quantity.Quantity) => number) => {
  const known = new Map<string, number>()
  return (text: string | undefined) => {
    if (text === undefined) return 0
    const before = known.get(text)
    if (before !== undefined) return before
    const value = reckon(Quantity.of(text))
    if (known.size > 10_000) known.clear()
    known.set(text, value)
    return value
  }
}
const milli = remembering(Quantity.milli)
const value = remembering(Quantity.value)

const none: Amounts["others"] = {}
export const nothing: Amounts = { cpu: 0, memory: 0, storage: 0, others: none }

export const amounts = (listed: Listed): Amounts => {
  if (listed === undefined) return nothing
  let others: Record<string, number> | undefined
  for (const name in listed) {
    if (name === "cpu" || name === "memory" || name === "ephemeral-storage" || name === "pods") continue
    others ??= {}
    others[name] = value(listed[name])
  }
  return {
    cpu: milli(listed["cpu"]),
    memory: value(listed["memory"]),
    storage: value(listed["ephemeral-storage"]),
    others: others ?? none
  }
}

const combined = (a: Amounts["others"], b: Amounts["others"], one: (a: number, b: number) => number) => {
  if (b === none) return a
  const others: Record<string, number> = { ...a }
  for (const name in b) others[name] = one(others[name] ?? 0, b[name] ?? 0)
  return others
}
const combine = (a: Amounts, b: Amounts, one: (a: number, b: number) => number): Amounts => ({
  cpu: one(a.cpu, b.cpu),
  memory: one(a.memory, b.memory),
  storage: one(a.storage, b.storage),
  others: combined(a.others, b.others, one)
})
export const plus = (a: Amounts, b: Amounts) => combine(a, b, (a, b) => a + b)
export const minus = (a: Amounts, b: Amounts) => combine(a, b, (a, b) => a - b)
const larger = (a: Amounts, b: Amounts) => combine(a, b, Math.max)

/** What a container that says nothing is taken to use, so that many such Pods do not all go to one node. */
const guess = { cpu: 100, memory: 200 * 2 ** 20 }
const withGuess = ({ resources: { requests } }: Container, stated: Amounts): Amounts => ({
  ...stated,
  cpu: requests?.["cpu"] === undefined ? guess.cpu : stated.cpu,
  memory: requests?.["memory"] === undefined ? guess.memory : stated.memory
})

/** No node will do for what is wanted: it is not counted. */
const isInfeasible = ({ status: { conditions } }: Pod) =>
  conditions?.find(({ type }) => type === "PodResizePending")?.reason === "Infeasible"

/** What nodes tell of a Pod or a container that is being resized. */
interface Given {
  readonly allocatedResources?: Listed
  readonly resources?: { readonly requests?: Listed }
}

/** All of a Pod's status that says how much it takes. */
export const givenTo = (pod: Pod): ReadonlyArray<unknown> => {
  const { allocatedResources, containerStatuses = [], initContainerStatuses = [], resources } = pod.status
  const each = [...containerStatuses, ...initContainerStatuses].flatMap(({ allocatedResources, name, resources }) =>
    allocatedResources === undefined && resources === undefined ? [] : [[name, allocatedResources, resources?.requests]]
  )
  return [...each, allocatedResources, resources?.requests, isInfeasible(pod)]
}

/** It counts with the most that it has or wants. */
const effective = (pod: Pod, wanted: Listed, { allocatedResources, resources }: Given): Amounts => {
  if (resources === undefined) return amounts(wanted)
  const had = larger(amounts(allocatedResources), amounts(resources.requests))
  return isInfeasible(pod) ? had : larger(amounts(wanted), had)
}

const stated = (pod: Pod) => {
  const { containerStatuses = [], initContainerStatuses = [] } = pod.status
  const given = new Map([...containerStatuses, ...initContainerStatuses].map((one) => [one.name, one]))
  const stays = new Set(pod.spec.initContainers?.filter(({ restartPolicy }) => restartPolicy !== "Always"))
  return (container: Container) => {
    const { requests } = container.resources
    const now = given.get(container.name)
    return now === undefined || stays.has(container) ? amounts(requests) : effective(pod, requests, now)
  }
}

/** All containers at once, or the greatest step of the beginning, where sidecars that were started go on running. */
const total = (
  { containers, initContainers = [], overhead }: Pod["spec"],
  of: (container: Container) => Amounts
): Amounts => {
  let sidecars = nothing
  let beginning = nothing
  for (const container of initContainers) {
    const step = plus(sidecars, of(container))
    if (container.restartPolicy === "Always") sidecars = step
    beginning = larger(beginning, step)
  }
  const running = containers.map(of).reduce(plus, sidecars)
  return plus(larger(running, beginning), amounts(overhead))
}

/** What is stated for the Pod as a whole takes the place of what its containers add up to. */
const overridden = (sum: Amounts, pod: Pod): Amounts => {
  const { overhead, resources } = pod.spec
  const stated = resources?.requests
  if (stated === undefined) return sum
  const whole = plus(effective(pod, stated, pod.status), amounts(overhead))
  return {
    ...sum,
    ...(stated["cpu"] !== undefined && { cpu: whole.cpu }),
    ...(stated["memory"] !== undefined && { memory: whole.memory }),
    others: { ...sum.others, ...whole.others }
  }
}

const nowhere: Spaces = () => ({})

export const infoOf = (pod: Pod, spaces: Spaces = nowhere): PodInfo => {
  const { spec } = pod
  const of = stated(pod)
  const { cpu, memory } = overridden(
    total(spec, (container) => withGuess(container, of(container))),
    pod
  )
  const terms = termsOf(pod, spaces)
  return {
    pod,
    priority: spec.priority ?? 0,
    requests: overridden(total(spec, of), pod),
    guessed: { cpu, memory },
    ports: HostPorts.of(pod),
    ...(terms !== undefined && { terms })
  }
}

export const allocatable = ({ status }: Node) => {
  const listed = status.allocatable ?? status.capacity
  return { ...amounts(listed), pods: value(listed?.["pods"]) }
}
