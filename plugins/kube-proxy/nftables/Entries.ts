/**
 * A Service as entries of the table's maps and sets. Data and not rules: a rule for each Service is walked by every packet and
 * costs seconds to load, an entry is found by hash and costs nothing to those that are not changed.
 */
import type { Endpoint, ServicePort } from "../contracts/ServiceProxy.ts"
import { firstSlot } from "./Family.ts"
import * as Slots from "./Slots.ts"

/** `value` is empty in a set. */
export interface Entry {
  readonly map: string
  readonly key: string
  readonly value: string
}

/** Numbers of endpoints begin behind all slots, and end with what the mask leaves. */
const [firstNumber, limit] = [2 ** 16, 2 ** 24]
const mark = (slot: number) => `0x${(Number(firstSlot) + slot).toString(16)}`

/** Of a frontend and who asks: its endpoints slot by slot, kept so that slots move little. */
export type Arrangement = ReadonlyMap<string, ReadonlyArray<string>>

/** Where the entries of a kind of frontend stand. */
const maps = {
  address: {
    pick: "services",
    inside: "services-inside",
    endpoints: "endpoints",
    insideEndpoints: "endpoints-inside",
    numbers: "numbers",
    insideNumbers: "numbers-inside",
    refused: "refused"
  },
  node: {
    pick: "node-ports",
    inside: "node-ports-inside",
    endpoints: "node-endpoints",
    insideEndpoints: "node-endpoints-inside",
    numbers: "node-numbers",
    insideNumbers: "node-numbers-inside",
    refused: "node-ports-refused"
  }
} as const

/** One address and port, or with an empty address one port of the node itself. */
export interface Frontend {
  readonly kind: "cluster" | "external" | "node"
  readonly address: string
  /** Only endpoints of this node: for `cluster` for everybody, otherwise for those who come from outside. */
  readonly localOnly: boolean
}

export const frontendsOf = (port: ServicePort): ReadonlyArray<Frontend> => {
  const { clusterIP, externalIPs, externalPolicy, internalPolicy, loadBalancerIPs, nodePort } = port
  const localOnly = externalPolicy === "Local"
  return [
    { kind: "cluster", address: clusterIP, localOnly: internalPolicy === "Local" },
    ...[...externalIPs, ...loadBalancerIPs].map((address) => ({ kind: "external" as const, address, localOnly })),
    ...(nodePort === 0 ? [] : [{ kind: "node" as const, address: "", localOnly }])
  ]
}

export const keyOf = ({ nodePort, port, protocol }: ServicePort, address: string) =>
  address === "" ? `${protocol} . ${nodePort}` : `${address} . ${protocol} . ${port}`

/** `cluster`: masquerades those who are no Pods; `external`: all; `local`: nobody; `inside`: as `cluster`, from its own map. */
export type Way = "cluster" | "external" | "local" | "inside"
const wayOf = ({ kind, localOnly }: Frontend): Way => (kind === "cluster" ? "cluster" : localOnly ? "local" : "external")

/** The chain that picks one of `slots` endpoints, for good or for some seconds; `Rules` writes it by its name. */
export const chainOf = (family: "address" | "node", way: Way, affinitySeconds: number, slots: number) =>
  `${family}-${way}-${affinitySeconds}-${slots}`

export interface Compiled {
  readonly entries: ReadonlyArray<Entry>
  readonly arrangement: Arrangement
}

const target = ({ address, port }: Endpoint) => `${address} . ${port}`

const compilePort = (
  port: ServicePort,
  before: Arrangement,
  arrangement: Map<string, ReadonlyArray<string>>,
  entries: Array<Entry>
) => {
  const { affinitySeconds, endpoints, loadBalancerIPs, localEndpoints, sourceRanges } = port
  const pick = (frontend: Frontend, way: Way, chosen: ReadonlyArray<Endpoint>) => {
    const [family, key] = [
      frontend.kind === "node" ? ("node" as const) : ("address" as const),
      keyOf(port, frontend.address)
    ]
    const [inside, names] = [way === "inside", maps[family]]
    const place = `${inside ? "inside" : "pick"} ${key}`
    const slots = Slots.arrange(before.get(place) ?? [], chosen.map(target))
    arrangement.set(place, slots)
    entries.push({
      map: inside ? names.inside : names.pick,
      key,
      value: `goto ${chainOf(family, way, affinitySeconds, slots.length)}`
    })
    const map = inside ? names.insideEndpoints : names.endpoints
    if (affinitySeconds === 0) {
      for (const [slot, value] of slots.entries()) entries.push({ map, key: `${key} . ${mark(slot)}`, value })
      return
    }
    const numbers = Slots.numbers(slots, limit - firstNumber)
    for (const [slot, value] of slots.entries()) {
      const number = mark(firstNumber + (numbers.get(value) ?? 0))
      entries.push({ map: inside ? names.insideNumbers : names.numbers, key: `${key} . ${mark(slot)}`, value: number })
      entries.push({ map, key: `${key} . ${number}`, value })
    }
  }

  for (const frontend of frontendsOf(port)) {
    const { address, kind, localOnly } = frontend
    const chosen = localOnly ? localEndpoints : endpoints
    if (chosen.length > 0) pick(frontend, wayOf(frontend), chosen)
    else {
      // Nobody here, but elsewhere: the sender may try again there. Nobody at all: it is told so.
      const value = endpoints.length > 0 ? "drop" : "goto refuse"
      entries.push({ map: maps[kind === "node" ? "node" : "address"].refused, key: keyOf(port, address), value })
    }
    if (kind !== "cluster" && localOnly && endpoints.length > 0) pick(frontend, "inside", endpoints)
  }
  if (sourceRanges.length > 0) {
    for (const address of loadBalancerIPs) {
      entries.push({ map: "guarded", key: keyOf(port, address), value: "" })
      for (const range of sourceRanges) entries.push({ map: "let-in", key: `${keyOf(port, address)} . ${range}`, value: "" })
    }
  }
  entries.push({ map: "cluster-addresses", key: port.clusterIP, value: "" })
  for (const { address, local } of [...endpoints, ...localEndpoints]) {
    if (local) entries.push({ map: "hairpin", key: `${address} . ${address}`, value: "" })
  }
}

/** Of one Service, in one IP family. */
export const compile = (ports: ReadonlyArray<ServicePort>, before: Arrangement): Compiled => {
  const arrangement = new Map<string, ReadonlyArray<string>>()
  const entries: Array<Entry> = []
  for (const port of ports) compilePort(port, before, arrangement, entries)
  return { entries, arrangement }
}
