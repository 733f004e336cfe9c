/** How much of a device a request takes, by the device's own rules; and what devices take together from counters of their pool. */
import * as Quantity from "../../../../kernel/resource/Quantity.ts"
import type { DeviceCapacity } from "../../../resources/contracts/resource/v1.ts"
import type { Candidate, Inventory } from "../../devices/Inventory.ts"
import type { Ledger } from "../../devices/Ledger.ts"
import type { Option } from "./Requests.ts"

const amount = (text: string) => Quantity.of(text).nanos

type Amount = Quantity.Quantity

const over = (
  wanted: Amount,
  { min, step }: NonNullable<NonNullable<DeviceCapacity["requestPolicy"]>["validRange"]>
): Amount => {
  const least = Quantity.of(min)
  if (wanted.nanos <= least.nanos) return least
  const width = step === undefined ? 0n : amount(step)
  if (width === 0n) return wanted
  // What was rounded is written in this way, as upstream does.
  return { nanos: least.nanos + ((wanted.nanos - least.nanos + width - 1n) / width) * width, format: "BinarySI" }
}

/** The next larger amount that the rules know; nothing, if they know none. */
const allowed = (wanted: Amount, policy: NonNullable<DeviceCapacity["requestPolicy"]>): Amount | undefined => {
  const { validRange, validValues = [] } = policy
  if (validRange !== undefined) {
    const rounded = over(wanted, validRange)
    return validRange.max !== undefined && rounded.nanos > amount(validRange.max) ? undefined : rounded
  }
  if (validValues.length === 0) return wanted
  return validValues.map(Quantity.of).find(({ nanos }) => wanted.nanos <= nanos)
}

const consumed = ({ requestPolicy, value }: DeviceCapacity, wanted: string | undefined): Amount | undefined => {
  // Who says nothing takes what is usual, or all.
  if (wanted === undefined) return Quantity.of(requestPolicy?.default ?? value)
  return requestPolicy === undefined ? Quantity.of(wanted) : allowed(Quantity.of(wanted), requestPolicy)
}

/** What would be taken, by name; nothing, where the device has not so much, or not such a thing. `used`: in billionths. */
export const taking = (
  { device: { allowMultipleAllocations, capacity = {} } }: Candidate,
  { capacity: wanted }: Option,
  used: (name: string) => bigint
): ReadonlyMap<string, Amount> | undefined => {
  if (Object.keys(wanted).some((name) => !Object.hasOwn(capacity, name))) return undefined
  const taken = new Map<string, Amount>()
  for (const [name, one] of Object.entries(capacity)) {
    const more = consumed(one, wanted[name])
    if (more === undefined) return undefined
    const before = allowMultipleAllocations === true ? used(name) : 0n
    if (before + more.nanos > amount(one.value)) return undefined
    taken.set(name, more)
  }
  return taken
}

/** What is left of the counters of pools, while devices are chosen. */
export class Counters {
  private readonly pools = new Map<string, Map<string, bigint>>()
  private readonly inventory: Inventory
  private readonly ledger: Ledger

  constructor(inventory: Inventory, ledger: Ledger) {
    this.inventory = inventory
    this.ledger = ledger
  }

  /** Takes what the device needs, if there is so much. */
  take(candidate: Candidate): boolean {
    const left = this.leftIn(candidate)
    this.change(left, candidate, -1n)
    const isEnough = this.consumptionOf(candidate).every(([name]) => (left.get(name) ?? 0n) >= 0n)
    if (!isEnough) this.change(left, candidate, 1n)
    return isEnough
  }

  giveBack(candidate: Candidate) {
    this.change(this.leftIn(candidate), candidate, 1n)
  }

  private consumptionOf({ device: { consumesCounters = [] } }: Pick<Candidate, "device">) {
    return consumesCounters.flatMap(({ counterSet, counters }) =>
      Object.entries(counters).map(([name, { value }]) => [`${counterSet}/${name}`, amount(value)] as const)
    )
  }

  private change(left: Map<string, bigint>, of: Pick<Candidate, "device">, sign: bigint) {
    for (const [name, value] of this.consumptionOf(of)) left.set(name, (left.get(name) ?? 0n) + sign * value)
  }

  private leftIn({ pool: { id } }: Candidate) {
    const known = this.pools.get(id)
    if (known !== undefined) return known
    const left = new Map<string, bigint>()
    const slices = this.inventory.slicesOf(id)
    for (const { counters, name } of slices.flatMap(({ spec }) => spec.sharedCounters ?? []))
      for (const [counter, { value }] of Object.entries(counters)) left.set(`${name}/${counter}`, amount(value))
    for (const device of slices.flatMap(({ spec }) => spec.devices ?? []))
      if (this.ledger.isTouched(`${id}/${device.name}`)) this.change(left, { device }, -1n)
    this.pools.set(id, left)
    return left
  }
}
