/**
 * A Service as entries of the table's maps and sets. Data and not rules: a rule for each Service is walked by every packet and
 * costs seconds to load, an entry is found by hash and costs nothing to those that are not changed.
 */
import type { Frontend, Routed } from "./Frontends.ts"
import * as Slots from "./Slots.ts"

/** `value` is empty in a set. */
export interface Entry {
  readonly map: string
  readonly key: string
  readonly value: string
}

/** Slots are numbers from here on, so that a connection on its way to its backend is not taken for somebody else's mark. */
export const firstSlot = "0x4b000000"
export const slotMask = "0xffff0000"
const slotKey = (slot: number) => `0x${(Number(firstSlot) + slot).toString(16)}`

/** Of a frontend and who asks: its backends slot by slot, kept so that slots move little. */
export type Arrangement = ReadonlyMap<string, ReadonlyArray<string>>

/** Where the entries of a kind of frontend stand. */
const maps = {
  address: {
    pick: "services",
    inside: "services-inside",
    backends: "backends",
    insideBackends: "backends-inside",
    refused: "refused"
  },
  node: {
    pick: "node-ports",
    inside: "node-ports-inside",
    backends: "node-backends",
    insideBackends: "node-backends-inside",
    refused: "node-ports-refused"
  }
} as const

const keyOf = ({ address, port, protocol }: Frontend) =>
  address === "" ? `${protocol} . ${port}` : `${address} . ${protocol} . ${port}`

/** `cluster`: masquerades those who are no Pods; `external`: all; `local`: nobody; `inside`: as `cluster`, from its own map. */
export type Way = "cluster" | "external" | "local" | "inside"
const wayOf = ({ kind, localOnly }: Frontend): Way => (kind === "cluster" ? "cluster" : localOnly ? "local" : "external")

/** The chain that picks one of `slots` backends; `Ruleset` writes it by its name. */
export const chainOf = (family: "address" | "node", way: Way, sticky: boolean, slots: number) =>
  `${family}-${way}-${sticky ? "sender" : "chance"}-${slots}`

export interface Compiled {
  readonly entries: ReadonlyArray<Entry>
  readonly arrangement: Arrangement
}

export const compile = ({ clusterAddresses, frontends, localAddresses }: Routed, before: Arrangement): Compiled => {
  const arrangement = new Map<string, ReadonlyArray<string>>()
  const entries: Array<Entry> = []

  const pick = (frontend: Frontend, way: Way, backends: ReadonlyArray<string>) => {
    const [family, key] = [frontend.kind === "node" ? ("node" as const) : ("address" as const), keyOf(frontend)]
    const inside = way === "inside"
    const name = `${inside ? "inside" : "pick"} ${key}`
    const slots = frontend.sticky ? Slots.spread(backends) : Slots.arrange(before.get(name) ?? [], backends)
    arrangement.set(name, slots)
    const map = maps[family]
    const chain = chainOf(family, way, frontend.sticky, slots.length)
    entries.push({ map: inside ? map.inside : map.pick, key, value: `goto ${chain}` })
    const backendsMap = inside ? map.insideBackends : map.backends
    for (const [slot, value] of slots.entries()) entries.push({ map: backendsMap, key: `${key} . ${slotKey(slot)}`, value })
  }

  for (const frontend of frontends) {
    const { backends, localOnly } = frontend
    const chosen = localOnly ? backends.local : backends.all
    if (chosen.length > 0) pick(frontend, wayOf(frontend), chosen)
    else {
      // Nobody here, but elsewhere: the sender may try again there. Nobody at all: it is told so.
      const value = backends.all.length > 0 ? "drop" : "goto refuse"
      entries.push({ map: maps[frontend.kind === "node" ? "node" : "address"].refused, key: keyOf(frontend), value })
    }
    if (frontend.kind !== "cluster" && localOnly && backends.all.length > 0) pick(frontend, "inside", backends.all)
  }
  for (const address of clusterAddresses) entries.push({ map: "cluster-addresses", key: address, value: "" })
  for (const address of localAddresses) entries.push({ map: "hairpin", key: `${address} . ${address}`, value: "" })
  return { entries, arrangement }
}
