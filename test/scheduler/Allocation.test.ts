/** Devices for claims as plain data: what is found, and that it is known soon where there is nothing to find. */
import { assert, describe, it } from "@effect/vitest"
import type {
  DeviceClaim,
  DeviceClass,
  ResourceClaim,
  ResourceSlice
} from "../../plugins/resources/contracts/resource/v1.ts"
import { Inventory } from "../../plugins/scheduler/devices/Inventory.ts"
import { Ledger } from "../../plugins/scheduler/devices/Ledger.ts"
import { allocate } from "../../plugins/scheduler/plugins/dynamic-resources/Allocator.ts"
import { Mistake } from "../../plugins/scheduler/plugins/dynamic-resources/Requests.ts"
import { nodeOf } from "./Nodes.ts"

const meta = (name: string) => ({ name, uid: name, resourceVersion: "1", creationTimestamp: "2026-01-01T00:00:00Z" })
const slice = (name: string, spec: Partial<ResourceSlice["spec"]>): ResourceSlice => ({
  metadata: meta(name),
  spec: { driver: "x", nodeName: "n", pool: { name: "n", generation: 1, resourceSliceCount: 1 }, ...spec }
})
const gpu: DeviceClass = { metadata: meta("gpu"), spec: {} }
const claimOf = (devices: DeviceClaim): ResourceClaim => ({
  metadata: { ...meta("c"), namespace: "ns" },
  spec: { devices },
  status: {}
})
const exactly = { deviceClassName: "gpu", allocationMode: "ExactCount" }

/** 64 devices, of which each has a number of its own and is one of seven sorts. */
const devices = Array.from({ length: 64 }, (_, index) => ({
  name: `d${index}`,
  attributes: { sort: { int: index % 7 }, number: { int: index } }
}))

const find = (slices: ReadonlyArray<ResourceSlice>, devices: DeviceClaim, ledger = new Ledger()) => {
  const inventory = new Inventory()
  for (const one of slices) inventory.change(undefined, one)
  const found = allocate([claimOf(devices)], nodeOf("n"), { inventory, ledger, classOf: () => gpu })
  if (found === undefined) return "nothing"
  return found instanceof Mistake ? found.message : found.flat().map(({ candidate }) => candidate.device.name)
}
const asking = (count: number, more: Partial<DeviceClaim> = {}): DeviceClaim => ({
  requests: [{ name: "r", exactly: { ...exactly, count } }],
  ...more
})

describe("the allocator", () => {
  const all = [slice("s", { devices })]
  it("takes devices that are alike, or all different, and knows when there are too few", () => {
    assert.deepStrictEqual(find(all, asking(3, { constraints: [{ matchAttribute: "x/sort" }] })), ["d0", "d7", "d14"])
    assert.strictEqual(find(all, asking(11, { constraints: [{ matchAttribute: "x/sort" }] })), "nothing")
    assert.strictEqual(find(all, asking(7, { constraints: [{ distinctAttribute: "x/sort" }] })).length, 7)
    assert.strictEqual(find(all, asking(8, { constraints: [{ distinctAttribute: "x/sort" }] })), "nothing")
    assert.strictEqual(find(all, asking(33)), "nothing", "no claim has more than 32")
  })

  it("waits for a pool that is being changed, and takes nothing of one that is wrong", () => {
    const pool = { name: "n", generation: 2, resourceSliceCount: 2 }
    const half = slice("half", { pool, devices: [{ name: "a" }] })
    assert.strictEqual(find([...all, half], asking(1)), "nothing", "of the newest generation half is not there")
    assert.deepStrictEqual(find([...all, half, slice("rest", { pool, devices: [{ name: "b" }] })], asking(2)), ["a", "b"])
    const twice = [half, slice("rest", { pool, devices: [{ name: "a" }] })]
    assert.strictEqual(find(twice, asking(1)), "invalid resource pools were encountered")
  })
})
