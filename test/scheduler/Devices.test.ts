/** Claims to devices: which devices a Pod gets, what its claim says of it, and that a device is given away once. */
import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import { Client } from "../../kernel/client/Client.ts"
import { Node, Pod } from "../../plugins/resources/contracts/core/v1.ts"
import {
  DeviceClass,
  type DeviceClaimDraft,
  type DeviceRequestDraft,
  ResourceClaim,
  ResourceSlice,
  type ResourceSliceSpec
} from "../../plugins/resources/contracts/resource/v1.ts"
import * as Scheduler from "../../plugins/scheduler/Scheduler.ts"
import { at, cluster, when } from "../controllers/Cluster.ts"
import { draftOf } from "./Nodes.ts"

const driver = "gpu.example.com"
type Device = NonNullable<ResourceSliceSpec["devices"]>[number]

const addNode = Effect.fnUntraced(function* (name: string) {
  const client = yield* Client
  const node = yield* client.create(Node, { metadata: { name } })
  yield* client.update(Node, { ...node, status: draftOf(name).status }, { subresource: "status" })
})
const offer = Effect.fnUntraced(function* (name: string, spec: Partial<ResourceSliceSpec>) {
  const client = yield* Client
  const pool = { name, generation: 1, resourceSliceCount: 1 }
  yield* client.create(ResourceSlice, { metadata: { name }, spec: { driver, pool, ...spec } })
})
const addClass = Effect.fnUntraced(function* (name: string, expression: string) {
  const client = yield* Client
  const config = [{ opaque: { driver, parameters: { of: name } } }]
  yield* client.create(DeviceClass, { metadata: { name }, spec: { selectors: [{ cel: { expression } }], config } })
})
const claim = Effect.fnUntraced(function* (name: string, devices: DeviceClaimDraft) {
  const client = yield* Client
  yield* client.create(ResourceClaim, { metadata: at(name), spec: { devices } })
})
const exactly = (more: Partial<NonNullable<DeviceRequestDraft["exactly"]>> = {}) => ({
  name: "r",
  exactly: { deviceClassName: "gpu", allocationMode: "ExactCount", count: 1, ...more }
})
const cel = (expression: string) => [{ cel: { expression } }]
const use = Effect.fnUntraced(function* (pod: string, ...claims: ReadonlyArray<string>) {
  const client = yield* Client
  const resourceClaims = claims.map((resourceClaimName) => ({ name: resourceClaimName, resourceClaimName }))
  yield* client.create(Pod, {
    metadata: at(pod),
    spec: { containers: [{ name: "c", image: "i", resources: { requests: { cpu: "1m" } } }], resourceClaims }
  })
})
const has = (name: string, holds: (pod: Pod) => boolean) =>
  when(Pod, (all) => all.some((pod) => pod.metadata.name === name && holds(pod)))
const placed = (name: string) => has(name, ({ spec }) => spec.nodeName !== undefined)
const refused = Effect.fnUntraced(function* (name: string) {
  const message = ({ status }: Pod) => status.conditions?.find(({ type }) => type === "PodScheduled")?.message
  const pods = yield* has(name, (pod) => message(pod) !== undefined)
  const pod = pods.find(({ metadata }) => metadata.name === name)
  return pod && message(pod)
})
const devicesOf = Effect.fnUntraced(function* (name: string) {
  const client = yield* Client
  const { status } = yield* client.get(ResourceClaim, at(name))
  return (status.allocation?.devices.results ?? []).map(({ device, request }) => `${request}: ${device}`)
})

const gpu = (name: string, model: string, more: Partial<Device> = {}): Device => ({
  name,
  attributes: { model: { string: model }, numa: { int: name.endsWith("0") || name.endsWith("1") ? 0 : 1 } },
  capacity: { memory: { value: "40Gi" } },
  ...more
})
const here = cluster(Scheduler.plugin())

/** Two nodes with devices of their own. */
const site = Effect.gen(function* () {
  yield* Effect.forEach(["n1", "n2"], addNode)
  yield* addClass("gpu", `device.driver == "${driver}" && device.attributes["${driver}"].model != "none"`)
  yield* offer("n1", { nodeName: "n1", devices: [gpu("a0", "small"), gpu("a1", "small")] })
  yield* offer("n2", {
    nodeName: "n2",
    devices: [gpu("b0", "large"), gpu("b1", "large"), gpu("b2", "large"), gpu("b3", "large", { taints: [broken] })]
  })
})
const broken = { key: "broken", value: "yes", effect: "NoSchedule" }

describe("devices", () => {
  it.live("are chosen by expressions, written into the claim, and given away once", () =>
    Effect.gen(function* () {
      const client = yield* Client
      yield* site
      const large = `device.attributes["${driver}"].model == "large" && device.capacity["${driver}"].memory.compareTo(quantity("40Gi")) >= 0`
      yield* claim("one", { requests: [exactly({ selectors: cel(large) })] })
      yield* use("p1", "one")
      yield* placed("p1")
      const { metadata, status } = yield* client.get(ResourceClaim, at("one"))
      assert.deepStrictEqual(metadata.finalizers, ["resource.kubernetes.io/delete-protection"])
      assert.deepStrictEqual(
        status.reservedFor?.map(({ name, resource }) => `${resource}/${name}`),
        ["pods/p1"]
      )
      assert.deepStrictEqual(status.allocation?.devices, {
        results: [{ request: "r", driver, pool: "n2", device: "b0" }],
        config: [{ source: "FromClass", requests: ["r"], opaque: { driver, parameters: { of: "gpu" } } }]
      })
      assert.deepStrictEqual(status.allocation?.nodeSelector?.nodeSelectorTerms, [
        { matchFields: [{ key: "metadata.name", operator: "In", values: ["n2"] }] }
      ])
      yield* claim("two", { requests: [exactly({ selectors: cel(large), count: 2 })] })
      yield* use("p2", "two")
      yield* placed("p2")
      assert.deepStrictEqual(yield* devicesOf("two"), ["r: b1", "r: b2"])
      yield* claim("three", { requests: [exactly({ selectors: cel(large) })] })
      yield* use("p3", "three")
      assert.strictEqual(
        yield* refused("p3"),
        "0/2 nodes are available: 2 cannot allocate all claims. still not schedulable, preemption: 0/2 nodes are available: 2 Preemption is not helpful for scheduling."
      )
      // Who is done with a claim leaves its devices to others.
      const one = yield* client.get(ResourceClaim, at("one"))
      yield* client.update(ResourceClaim, { ...one, status: {} }, { subresource: "status" })
      yield* placed("p3")
      assert.deepStrictEqual(yield* devicesOf("three"), ["r: b0"])
    }).pipe(Effect.provide(here))
  )

  it.live("that Pods share bring them to one node; ten claims at once get ten devices", () =>
    Effect.gen(function* () {
      const client = yield* Client
      yield* Effect.forEach(["n1", "n2"], addNode)
      yield* addClass("gpu", "true")
      const devices = (node: string) => Array.from({ length: 5 }, (_, index) => gpu(`${node}-${index}`, "x"))
      yield* Effect.forEach(["n1", "n2"], (node) => offer(node, { nodeName: node, devices: devices(node) }))
      const names = Array.from({ length: 10 }, (_, index) => `c${index}`)
      yield* Effect.forEach(names, (name) => claim(name, { requests: [exactly()] }))
      yield* Effect.forEach(names, (name) => use(name, name), { concurrency: 10 })
      yield* when(Pod, (all) => all.length === 10 && all.every(({ spec }) => spec.nodeName !== undefined))
      const taken = (yield* Effect.forEach(names, devicesOf)).flat()
      assert.strictEqual(new Set(taken).size, 10)
      yield* use("second", "c3")
      const pods = yield* placed("second")
      const nodeOf = (name: string) => pods.find(({ metadata }) => metadata.name === name)?.spec.nodeName
      assert.strictEqual(nodeOf("second"), nodeOf("c3"))
      const { status } = yield* client.get(ResourceClaim, at("c3"))
      assert.strictEqual(status.reservedFor?.length, 2)
    }).pipe(Effect.provide(here))
  )

  it.live("all of them, equal ones, the first option there is, tolerated ones, and for who looks after them", () =>
    Effect.gen(function* () {
      yield* site
      yield* claim("options", {
        requests: [
          {
            name: "r",
            firstAvailable: [
              { name: "best", deviceClassName: "gpu", selectors: cel(`device.attributes["${driver}"].model == "huge"`) },
              {
                name: "good",
                deviceClassName: "gpu",
                count: 2,
                selectors: cel(`device.attributes["${driver}"].model == "large"`)
              }
            ]
          }
        ],
        constraints: [{ matchAttribute: `${driver}/numa` }]
      })
      yield* use("p1", "options")
      yield* placed("p1")
      assert.deepStrictEqual(yield* devicesOf("options"), ["r/good: b0", "r/good: b1"])
      yield* claim("bears", {
        requests: [exactly({ count: 2, tolerations: [{ key: "broken", operator: "Exists" }] })],
        constraints: [{ distinctAttribute: `${driver}/model` }]
      })
      yield* use("p2", "bears")
      assert.match((yield* refused("p2")) ?? "", /2 cannot allocate all claims/, "the models of a node are the same")
      yield* claim("all", { requests: [{ name: "r", exactly: { deviceClassName: "gpu", allocationMode: "All" } }] })
      yield* use("p3", "all")
      yield* placed("p3")
      assert.deepStrictEqual(yield* devicesOf("all"), ["r: a0", "r: a1"])
      yield* claim("admin", { requests: [exactly({ adminAccess: true, count: 2 })] })
      yield* use("p4", "admin")
      yield* placed("p4")
      assert.strictEqual((yield* devicesOf("admin")).length, 2)
    }).pipe(Effect.provide(here))
  )

  it.live("in parts: counters of a pool, and capacity that many share", () =>
    Effect.gen(function* () {
      yield* addNode("n1")
      yield* addClass("gpu", "true")
      const pool = { name: "parts", generation: 1, resourceSliceCount: 2 }
      const memory = (value: string) => [{ counterSet: "card", counters: { memory: { value } } }]
      yield* offer("counters", {
        nodeName: "n1",
        pool,
        sharedCounters: [{ name: "card", counters: { memory: { value: "40Gi" } } }]
      })
      yield* offer("parts", {
        nodeName: "n1",
        pool,
        devices: [
          { name: "half-1", consumesCounters: memory("20Gi") },
          { name: "half-2", consumesCounters: memory("20Gi") },
          { name: "whole", consumesCounters: memory("40Gi") }
        ]
      })
      const named = (prefix: string) => cel(`device.attributes["x"].kind == "${prefix}"`)
      yield* claim("one", { requests: [exactly()] })
      yield* use("p1", "one")
      yield* placed("p1")
      yield* claim("two", { requests: [exactly()] })
      yield* use("p2", "two")
      yield* placed("p2")
      assert.deepStrictEqual([yield* devicesOf("one"), yield* devicesOf("two")], [["r: half-1"], ["r: half-2"]])
      yield* claim("three", { requests: [exactly()] })
      yield* use("p3", "three")
      assert.match((yield* refused("p3")) ?? "", /1 cannot allocate all claims/)
      yield* offer("net", {
        nodeName: "n1",
        devices: [
          {
            name: "nic",
            allowMultipleAllocations: true,
            attributes: { "x/kind": { string: "nic" } },
            capacity: {
              "x/bandwidth": { value: "10G", requestPolicy: { default: "1G", validRange: { min: "1G", step: "1G" } } }
            }
          }
        ]
      })
      // The claim that waits takes the usual share, another the rest but one.
      yield* placed("p3")
      const wide = exactly({
        selectors: cel("device.allowMultipleAllocations"),
        capacity: { requests: { "x/bandwidth": "7500M" } }
      })
      yield* claim("wide", { requests: [wide] })
      yield* use("p4", "wide")
      yield* placed("p4")
      const client = yield* Client
      const { status } = yield* client.get(ResourceClaim, at("wide"))
      const [result] = status.allocation?.devices.results ?? []
      assert.deepStrictEqual(result?.consumedCapacity, { "x/bandwidth": "7812500Ki" })
      assert.match(result?.shareID ?? "", /^[0-9a-f-]{36}$/)
      yield* claim("again", { requests: [wide] })
      yield* use("p5", "again")
      assert.match((yield* refused("p5")) ?? "", /1 cannot allocate all claims/)
      yield* claim("wrong", { requests: [exactly({ selectors: named("none") })] })
      yield* use("p6", "wrong")
      assert.match((yield* refused("p6")) ?? "", /claim default\/wrong: selector #0: CEL runtime error: no such key: kind/)
    }).pipe(Effect.provide(here))
  )

  it.live("that have to be made ready first", () =>
    Effect.gen(function* () {
      const client = yield* Client
      yield* addNode("n1")
      yield* addClass("gpu", "true")
      const conditions = { bindsToNode: true, bindingConditions: ["ready"], bindingFailureConditions: ["failed"] }
      yield* offer("fabric", { allNodes: true, devices: [{ name: "far", ...conditions }] })
      yield* claim("one", { requests: [exactly()] })
      yield* use("p1", "one")
      const [allocated] = yield* when(ResourceClaim, ([one]) => one?.status.allocation !== undefined)
      assert.deepStrictEqual(allocated?.status.allocation?.nodeSelector?.nodeSelectorTerms.length, 1)
      if (allocated === undefined) return
      assert.isUndefined((yield* client.get(Pod, at("p1"))).spec.nodeName)
      const ready = {
        type: "ready",
        status: "True",
        reason: "Attached",
        message: "",
        lastTransitionTime: "2026-01-01T00:00:00Z"
      }
      const devices = [{ driver, pool: "fabric", device: "far", conditions: [ready] }]
      yield* client.update(
        ResourceClaim,
        { ...allocated, status: { ...allocated.status, devices } },
        { subresource: "status" }
      )
      yield* placed("p1")
    }).pipe(Effect.provide(here))
  )
})
