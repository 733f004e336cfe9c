/** Controllers of nodes: ranges, silence, taints, eviction, and Pods of nodes that are gone. */
import { assert, describe, it } from "@effect/vitest"
import { Clock, Effect } from "effect"
import { TestClock } from "effect/testing"
import { Client } from "../../kernel/client/Client.ts"
import * as NodeIpam from "../../plugins/controllers/node-ipam/NodeIpam.ts"
import { leavesAt, tainted } from "../../plugins/controllers/node-lifecycle/Health.ts"
import * as NodeLifecycle from "../../plugins/controllers/node-lifecycle/NodeLifecycle.ts"
import { ttlOf } from "../../plugins/controllers/ttl/Ttl.ts"
import * as PodGc from "../../plugins/controllers/podgc/PodGc.ts"
import { Lease } from "../../plugins/resources/contracts/coordination/v1.ts"
import { Node, Pod } from "../../plugins/resources/contracts/core/v1.ts"
import { microTime } from "../../plugins/resources/contracts/Time.ts"
import { nodeOf } from "../scheduler/Nodes.ts"
import { at, cluster, names, runs, when } from "./Cluster.ts"
import { podOf } from "./Pods.ts"

const spec = { containers: [{ name: "c", image: "i" }] }
const node = (name: string) => ({ namespace: "", name })
const lease = (name: string) => ({ namespace: "kube-node-lease", name })

const join = Effect.fnUntraced(function* (name: string) {
  const client = yield* Client
  const made = yield* client.create(Node, { metadata: { name } })
  const conditions = [{ type: "Ready", status: "True" }]
  yield* client.update(Node, { ...made, status: { ...made.status, conditions } }, { subresource: "status" })
  yield* client.create(Lease, { metadata: lease(name), spec: { renewTime: microTime(yield* Clock.currentTimeMillis) } })
})
const renew = Effect.fnUntraced(function* (name: string) {
  const client = yield* Client
  const before = yield* client.get(Lease, lease(name))
  yield* client.update(Lease, { ...before, spec: { renewTime: microTime(yield* Clock.currentTimeMillis) } })
})
const keep = (name: string) => Effect.forever(Effect.delay(renew(name), "10 seconds"))

const taintsOf = ({ spec: { taints = [] } }: Node) => taints.map(({ effect, key }) => `${key}:${effect}`)

describe("nodes", () => {
  it.live("get ranges of their own", () =>
    Effect.gen(function* () {
      const client = yield* Client
      yield* Effect.forEach(["a", "b", "c"], (name) => client.create(Node, { metadata: { name } }), { concurrency: 3 })
      const all = yield* when(Node, (all) => all.filter(({ spec }) => spec.podCIDR).length === 3)
      assert.deepStrictEqual(all.map(({ spec }) => spec.podCIDR).toSorted(), [
        "10.244.0.0/24",
        "10.244.1.0/24",
        "10.244.2.0/24"
      ])
      yield* client.delete(Node, node(names(all.filter(({ spec }) => spec.podCIDR === "10.244.1.0/24"))[0] ?? ""))
      yield* client.create(Node, { metadata: { name: "d" } })
      yield* when(Node, (all) => all.some(({ metadata, spec }) => metadata.name === "d" && spec.podCIDR === "10.244.1.0/24"))
    }).pipe(Effect.provide(cluster(NodeIpam.plugin({ podCidrs: ["10.244.0.0/16"] }))))
  )

  it("ranges are reckoned, and what is none is refused", () => {
    const ranges = NodeIpam.parse("10.128.0.0/9")
    assert.strictEqual(ranges && NodeIpam.range(ranges, 257), "10.129.1.0/24")
    const six = NodeIpam.parse("fd00:10:244::/48")
    assert.strictEqual(six && NodeIpam.range(six, 257), "fd00:10:244:101::/64")
    for (const wrong of ["10.0.0.0", "10.0.0.0/25", "300.0.0.0/16", "fd00::/65"]) assert.isUndefined(NodeIpam.parse(wrong))
  })

  it.effect("that are silent are marked, and their Pods leave when they may no longer stay", () =>
    Effect.gen(function* () {
      const client = yield* Client
      yield* join("a")
      yield* join("b")
      yield* Effect.forkScoped(keep("b"))
      const short = [
        { key: "node.kubernetes.io/unreachable", operator: "Exists", effect: "NoExecute", tolerationSeconds: 30 }
      ]
      const bound = { ...spec, nodeName: "a" }
      yield* runs(yield* client.create(Pod, { metadata: at("short"), spec: { ...bound, tolerations: short } }))
      yield* runs(
        yield* client.create(Pod, { metadata: at("stays"), spec: { ...bound, tolerations: [{ operator: "Exists" }] } })
      )
      yield* TestClock.adjust("45 seconds")
      assert.deepStrictEqual(taintsOf(yield* client.get(Node, node("a"))), [])
      yield* TestClock.adjust("10 seconds")
      const lost = yield* client.get(Node, node("a"))
      assert.deepStrictEqual(taintsOf(lost), [
        "node.kubernetes.io/unreachable:NoSchedule",
        "node.kubernetes.io/unreachable:NoExecute"
      ])
      assert.strictEqual(lost.status.conditions?.find(({ type }) => type === "Ready")?.reason, "NodeStatusUnknown")
      const stays = yield* client.get(Pod, at("stays"))
      assert.strictEqual(stays.status.conditions?.find(({ type }) => type === "Ready")?.status, "False")
      assert.isUndefined((yield* client.get(Pod, at("short"))).metadata.deletionTimestamp)
      yield* TestClock.adjust("30 seconds")
      assert.isDefined((yield* client.get(Pod, at("short"))).metadata.deletionTimestamp)
      assert.isUndefined((yield* client.get(Pod, at("stays"))).metadata.deletionTimestamp)

      const conditions = [{ type: "Ready", status: "True", lastHeartbeatTime: "2026-01-01T00:00:00Z" }]
      yield* client.update(Node, { ...lost, status: { ...lost.status, conditions } }, { subresource: "status" })
      yield* TestClock.adjust("1 second")
      assert.deepStrictEqual(taintsOf(yield* client.get(Node, node("a"))), [])
    }).pipe(Effect.scoped, Effect.provide(cluster(NodeLifecycle.plugin)))
  )

  it.effect("that are gone take their Pods with them", () =>
    Effect.gen(function* () {
      const client = yield* Client
      yield* join("a")
      yield* client.create(Pod, { metadata: at("here"), spec: { ...spec, nodeName: "a" } })
      yield* client.create(Pod, { metadata: at("lost"), spec: { ...spec, nodeName: "gone" } })
      yield* client.create(Pod, { metadata: at("waits"), spec })
      yield* TestClock.adjust("35 seconds")
      assert.strictEqual((yield* client.list(Pod)).length, 3)
      yield* TestClock.adjust("10 seconds")
      assert.deepStrictEqual(names(yield* client.list(Pod)).toSorted(), ["here", "waits"])
    }).pipe(Effect.provide(cluster(PodGc.plugin)))
  )

  it("are not emptied while no node is ready", () => {
    const down = { ...nodeOf("a"), status: { ...nodeOf("a").status, conditions: [{ type: "Ready", status: "Unknown" }] } }
    assert.deepStrictEqual(
      tainted(down, false, 0).map(({ effect }) => effect),
      ["NoSchedule"]
    )
    assert.deepStrictEqual(
      tainted(down, true, 0).map(({ effect }) => effect),
      ["NoSchedule", "NoExecute"]
    )
  })

  it("let Pods stay by the shortest of their tolerations", () => {
    const taint = { key: "k", effect: "NoExecute", timeAdded: "1970-01-01T00:00:10Z" }
    const bears = (...seconds: ReadonlyArray<number | undefined>) =>
      podOf({
        name: "p",
        spec: {
          tolerations: seconds.map((tolerationSeconds) => ({
            operator: "Exists",
            ...(tolerationSeconds !== undefined && { tolerationSeconds })
          }))
        }
      })
    assert.strictEqual(leavesAt(bears(), [taint], 11_000), 11_000)
    assert.strictEqual(leavesAt(bears(undefined), [taint], 11_000), undefined)
    assert.strictEqual(leavesAt(bears(undefined, 20, 5), [taint], 11_000), 15_000)
    assert.strictEqual(leavesAt(bears(), [{ ...taint, effect: "NoSchedule" }], 11_000), undefined)
  })
})

describe("for how long node agents may remember", () => {
  it("is longer where there are more, and does not change to and fro", () => {
    const seconds = [1, 100, 101, 500, 501, 1000, 1001, 2001].map((nodes) => ttlOf(nodes, undefined))
    assert.deepStrictEqual(seconds, [0, 0, 15, 15, 30, 30, 60, 300])
    assert.strictEqual(ttlOf(95, "15"), 15)
    assert.strictEqual(ttlOf(89, "15"), 0)
    assert.strictEqual(ttlOf(95, "0"), 0)
    assert.strictEqual(ttlOf(1, "for ever"), 0)
  })
})
