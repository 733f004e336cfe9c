/** What Pods ask of nodes and what nodes have, as numbers. Each Pod and node is reckoned once a version. */
import * as Quantity from "../../kernel/resource/Quantity.ts"
import type { Container, Node, Pod } from "../resources/contracts/core/v1.ts"
import type { Amounts, HostPort, PodInfo } from "./contracts/Nodes.ts"

type Listed = { readonly [name: string]: string } | undefined

export const nothing: Amounts = { cpu: 0, memory: 0, storage: 0, others: {} }

export const amounts = (listed: Listed): Amounts => {
  if (listed === undefined) return nothing
  const { cpu, memory, "ephemeral-storage": storage, pods: _, ...rest } = listed
  return {
    cpu: Quantity.milli(Quantity.of(cpu)),
    memory: Quantity.value(Quantity.of(memory)),
    storage: Quantity.value(Quantity.of(storage)),
    others: Object.fromEntries(Object.entries(rest).map(([name, text]) => [name, Quantity.value(Quantity.of(text))]))
  }
}

const combine = (a: Amounts, b: Amounts, one: (a: number, b: number) => number): Amounts => {
  const others: Record<string, number> = { ...a.others }
  for (const name in b.others) others[name] = one(others[name] ?? 0, b.others[name] ?? 0)
  return { cpu: one(a.cpu, b.cpu), memory: one(a.memory, b.memory), storage: one(a.storage, b.storage), others }
}
export const plus = (a: Amounts, b: Amounts) => combine(a, b, (a, b) => a + b)
export const minus = (a: Amounts, b: Amounts) => combine(a, b, (a, b) => a - b)
const larger = (a: Amounts, b: Amounts) => combine(a, b, Math.max)

/** What a container that says nothing is taken to use, so that many such Pods do not all go to one node. */
const guess = { cpu: 100, memory: 200 * 2 ** 20 }
const guessed = (container: Container): Amounts => {
  const { requests } = container.resources
  const stated = amounts(requests)
  return {
    ...stated,
    cpu: requests?.["cpu"] === undefined ? guess.cpu : stated.cpu,
    memory: requests?.["memory"] === undefined ? guess.memory : stated.memory
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
const overridden = (sum: Amounts, spec: Pod["spec"]): Amounts => {
  const stated = spec.resources?.requests
  if (stated === undefined) return sum
  const whole = plus(amounts(stated), amounts(spec.overhead))
  return {
    ...sum,
    ...(stated["cpu"] !== undefined && { cpu: whole.cpu }),
    ...(stated["memory"] !== undefined && { memory: whole.memory }),
    others: { ...sum.others, ...whole.others }
  }
}

const hostPorts = ({ spec: { containers, initContainers = [] } }: Pod): ReadonlyArray<HostPort> =>
  [...containers, ...initContainers.filter(({ restartPolicy }) => restartPolicy === "Always")]
    .flatMap(({ ports = [] }) => ports)
    .flatMap(({ hostIP = "", hostPort = 0, protocol }) =>
      hostPort === 0 ? [] : [{ ip: hostIP === "" ? "0.0.0.0" : hostIP, protocol, port: hostPort }]
    )

export const infoOf = (pod: Pod): PodInfo => {
  const { cpu, memory } = overridden(total(pod.spec, guessed), pod.spec)
  return {
    pod,
    requests: overridden(
      total(pod.spec, (container) => amounts(container.resources.requests)),
      pod.spec
    ),
    guessed: { cpu, memory },
    ports: hostPorts(pod)
  }
}

export const allocatable = ({ status }: Node) => {
  const listed = status.allocatable ?? status.capacity
  return { ...amounts(listed), pods: Quantity.value(Quantity.of(listed?.["pods"])) }
}
