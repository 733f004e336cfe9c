/** The devices that drivers offer, by pool, and which of the pools a node reaches. Kept as slices change. */
import type { Node } from "../../resources/contracts/core/v1.ts"
import type { Device, ResourceSlice } from "../../resources/contracts/resource/v1.ts"
import * as NodeSelectors from "../contracts/NodeSelectors.ts"

export interface Candidate {
  /** Driver, pool and name. */
  readonly id: string
  readonly pool: Pool
  readonly slice: ResourceSlice
  readonly device: Device
}

export interface Pool {
  /** Driver and name. */
  readonly id: string
  /** Not all of its slices are there: it is being changed. */
  readonly isIncomplete: boolean
  /** Why its slices do not go together. */
  readonly mistake: string | undefined
  readonly candidates: ReadonlyArray<Candidate>
}

export const idOf = (driver: string, pool: string, device: string) => `${driver}/${pool}/${device}`
export const poolOf = ({ spec: { driver, pool } }: ResourceSlice) => `${driver}/${pool.name}`

interface Places {
  readonly allNodes?: boolean
  readonly nodeName?: string
  readonly nodeSelector?: ResourceSlice["spec"]["nodeSelector"]
}
const reaches = ({ allNodes, nodeName, nodeSelector }: Places, node: Node) => {
  if (nodeName) return nodeName === node.metadata.name
  if (allNodes === true) return true
  return nodeSelector?.nodeSelectorTerms.some((term) => NodeSelectors.term(term)(node)) === true
}

const hasCounters = ({ spec }: ResourceSlice) => (spec.sharedCounters ?? []).length > 0

/** Counters belong to the pool wherever it is. */
const isFor = (slice: ResourceSlice, node: Node) => {
  if (hasCounters(slice)) return true
  const { devices = [], perDeviceNodeSelection } = slice.spec
  return perDeviceNodeSelection === true ? devices.some((device) => reaches(device, node)) : reaches(slice.spec, node)
}

/** Of several generations only the newest is meant. */
const newest = (slices: ReadonlyArray<ResourceSlice>) => {
  const generation = Math.max(...slices.map(({ spec }) => spec.pool.generation))
  return slices.filter(({ spec }) => spec.pool.generation === generation)
}

const mistakeIn = (slices: ReadonlyArray<ResourceSlice>): string | undefined => {
  const names = new Set<string>()
  for (const { spec } of slices)
    for (const { name } of spec.devices ?? []) {
      if (names.has(name)) return `duplicate device name ${name}`
      names.add(name)
    }
  const counters = new Map<string, ReadonlySet<string>>()
  for (const { counters: of, name } of slices.flatMap(({ spec }) => spec.sharedCounters ?? [])) {
    if (counters.has(name)) return `duplicate counter set name ${name}`
    counters.set(name, new Set(Object.keys(of)))
  }
  for (const { consumesCounters = [] } of slices.flatMap(({ spec }) => spec.devices ?? []))
    for (const { counterSet, counters: wanted } of consumesCounters) {
      const known = counters.get(counterSet)
      if (known === undefined) return `counter set ${counterSet} not found`
      const missing = Object.keys(wanted).find((name) => !known.has(name))
      if (missing !== undefined) return `counter ${missing} not found in counter set ${counterSet}`
    }
  return undefined
}

export class Inventory {
  private readonly known = new Map<string, ResourceSlice>()
  private readonly byPool = new Map<string, Map<string, ResourceSlice>>()
  /** The pools that have slices for one node alone, and those that others may reach too. */
  private readonly local = new Map<string, Map<string, number>>()
  private readonly shared = new Map<string, number>()

  change(before: ResourceSlice | undefined, after: ResourceSlice | undefined) {
    const { uid } = (after ?? before)?.metadata ?? { uid: "" }
    const known = this.known.get(uid)
    if (known !== undefined) this.count(known, -1)
    this.known.delete(uid)
    if (after === undefined) return
    this.known.set(uid, after)
    this.count(after, 1)
  }

  /** All slices of a pool, in its newest generation. */
  slicesOf(pool: string): ReadonlyArray<ResourceSlice> {
    const slices = [...(this.byPool.get(pool)?.values() ?? [])]
    return slices.length === 0 ? slices : newest(slices)
  }

  /** What a node reaches. */
  on(node: Node): ReadonlyArray<Pool> {
    const ids = new Set([...(this.local.get(node.metadata.name)?.keys() ?? []), ...this.shared.keys()])
    return [...ids].toSorted().flatMap((id) => this.pool(id, node) ?? [])
  }

  private pool(id: string, node: Node): Pool | undefined {
    const all = this.slicesOf(id)
    const here = all.filter((slice) => isFor(slice, node))
    const [first] = here
    if (first === undefined) return undefined
    const isIncomplete = all.length !== first.spec.pool.resourceSliceCount
    const candidates: Array<Candidate> = []
    const pool: Pool = { id, isIncomplete, mistake: isIncomplete ? undefined : mistakeIn(all), candidates }
    for (const slice of here)
      for (const device of slice.spec.devices ?? [])
        if (slice.spec.perDeviceNodeSelection !== true || reaches(device, node))
          candidates.push({ id: `${id}/${device.name}`, pool, slice, device })
    return pool
  }

  private count(slice: ResourceSlice, by: 1 | -1) {
    const id = poolOf(slice)
    const { nodeName = "" } = slice.spec
    const slices = this.byPool.get(id) ?? new Map<string, ResourceSlice>()
    if (by === 1) this.byPool.set(id, slices.set(slice.metadata.uid, slice))
    else if (slices.delete(slice.metadata.uid) && slices.size === 0) this.byPool.delete(id)
    const isLocal = nodeName !== "" && !hasCounters(slice)
    const counts = isLocal ? (this.local.get(nodeName) ?? new Map<string, number>()) : this.shared
    const now = (counts.get(id) ?? 0) + by
    if (now === 0) counts.delete(id)
    else counts.set(id, now)
    if (!isLocal) return
    if (counts.size === 0) this.local.delete(nodeName)
    else this.local.set(nodeName, counts)
  }
}
