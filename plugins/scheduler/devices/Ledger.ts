/** Which devices are taken, by the claims that are there and by what has been decided and is being written. Shared by all profiles. */
import * as Quantity from "../../../kernel/resource/Quantity.ts"
import type {
  AllocationResult,
  DeviceRequestAllocationResult,
  ResourceClaim
} from "../../resources/contracts/resource/v1.ts"
import { idOf } from "./Inventory.ts"

type Amounts = ReadonlyMap<string, bigint>

/** How often a device was given away, and how much of it where it is shared. */
interface Taken {
  whole: number
  shares: number
  readonly consumed: Map<string, bigint>
}

/** Who looks after things takes nothing away from others. */
const counts = ({ adminAccess }: DeviceRequestAllocationResult) => adminAccess !== true
const isShare = ({ consumedCapacity, shareID }: DeviceRequestAllocationResult) =>
  shareID !== undefined || consumedCapacity !== undefined

export class Ledger {
  private readonly taken = new Map<string, Taken>()
  private readonly allocated = new Map<string, AllocationResult>()
  private readonly pending = new Map<string, AllocationResult>()

  /** As the cache shows it. */
  change(before: ResourceClaim | undefined, after: ResourceClaim | undefined) {
    const uid = (after ?? before)?.metadata.uid
    if (uid === undefined) return
    const known = this.allocated.get(uid)
    const now = after?.status.allocation
    if (known !== undefined) this.count(known, -1)
    this.allocated.delete(uid)
    if (now === undefined) {
      if (after === undefined) this.forget(uid)
      return
    }
    this.forget(uid)
    this.allocated.set(uid, now)
    this.count(now, 1)
  }

  /** Decided, and not written yet. */
  assume(uid: string, allocation: AllocationResult) {
    this.forget(uid)
    this.pending.set(uid, allocation)
    this.count(allocation, 1)
  }

  forget(uid: string) {
    const pending = this.pending.get(uid)
    if (pending === undefined) return
    this.pending.delete(uid)
    this.count(pending, -1)
  }

  isPending(uid: string) {
    return this.pending.has(uid)
  }

  /** No share of it can be had either. */
  isTaken(device: string) {
    return (this.taken.get(device)?.whole ?? 0) > 0
  }

  isTouched(device: string) {
    return this.taken.has(device)
  }

  consumedOf(device: string): Amounts | undefined {
    return this.taken.get(device)?.consumed
  }

  private count({ devices: { results = [] } }: AllocationResult, by: 1 | -1) {
    for (const result of results.filter(counts)) {
      const id = idOf(result.driver, result.pool, result.device)
      const taken = this.taken.get(id) ?? { whole: 0, shares: 0, consumed: new Map<string, bigint>() }
      if (isShare(result)) taken.shares += by
      else taken.whole += by
      for (const [name, amount] of Object.entries(result.consumedCapacity ?? {}))
        taken.consumed.set(name, (taken.consumed.get(name) ?? 0n) + BigInt(by) * Quantity.of(amount).nanos)
      if (taken.whole + taken.shares === 0) this.taken.delete(id)
      else this.taken.set(id, taken)
    }
  }
}
