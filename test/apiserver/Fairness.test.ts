/** Fair queueing by itself, with a clock of its own, and at the door. */
import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import { FlowSchema, PriorityLevelConfiguration } from "../../plugins/resources/contracts/flowcontrol/v1.ts"
import { mandatoryLevels, suggestedLevels } from "../../plugins/resources/contracts/FlowDefaults.ts"
import { deal, hashOf } from "../../plugins/apiserver/fairness/Dealing.ts"
import { Demand } from "../../plugins/apiserver/fairness/Demand.ts"
import { Level } from "../../plugins/apiserver/fairness/Level.ts"
import { allocate, bounds } from "../../plugins/apiserver/fairness/Limits.ts"
import { matches } from "../../plugins/apiserver/fairness/Matching.ts"
import { type Ticket, ticketOf } from "../../plugins/apiserver/fairness/Queue.ts"
import { RetryAfter } from "../../plugins/apiserver/fairness/RetryAfter.ts"
import { Watching } from "../../plugins/apiserver/fairness/Watching.ts"
import { narrow, widest, widthOf } from "../../plugins/apiserver/fairness/Width.ts"
import { Kinds } from "../../kernel/resource/Kinds.ts"
import * as Cluster from "./Cluster.ts"

const about = { user: "ann", verb: "get", path: undefined, text: "/" }
const ticket = (flow: string, seats = 1): Ticket =>
  ticketOf({ schema: "s", distinguisher: flow, hash: hashOf("s", flow), width: { ...narrow, seats }, about })

const level = (limit: number, queuing = { queues: 64, handSize: 6, queueLengthLimit: 50 }) => {
  const clock = { now: 0 }
  const made = new Level({ name: "test", isExempt: false, queuing }, () => clock.now)
  made.setLimit(limit)
  return { level: made, clock }
}

describe("a level", () => {
  it("lets in as many as it has seats, and the next when one leaves", () => {
    const { level: one } = level(2)
    const all = ["a", "b", "c"].map((flow) => ticket(flow))
    for (const each of all) one.enter(each)
    assert.deepStrictEqual(
      all.map(({ state }) => state),
      ["running", "running", "waiting"]
    )
    const [first] = all
    if (first !== undefined) one.leave(first)
    assert.deepStrictEqual(
      all.map(({ state }) => state),
      ["done", "running", "running"]
    )
  })

  it("serves two flows alike, whoever asks more", () => {
    const { clock, level: one } = level(1)
    const busy = ticket("other")
    one.enter(busy)
    const elephant = Array.from({ length: 40 }, () => ticket("elephant"))
    const mouse = Array.from({ length: 5 }, () => ticket("mouse"))
    const order: Array<string> = []
    for (const each of [...elephant, ...mouse]) {
      each.started = () => order.push(each.distinguisher)
      one.enter(each)
    }
    let running: Ticket | undefined = busy
    for (let step = 0; step < 20 && running !== undefined; step++) {
      clock.now += 10
      one.leave(running)
      running = [...elephant, ...mouse].find(({ state }) => state === "running")
    }
    // Each flow has a hand of six queues: the mouse's five requests are served among the first dozen or so, not after forty.
    assert.isAtLeast(order.slice(0, 16).filter((name) => name === "mouse").length, 2)
    assert.strictEqual(order.filter((name) => name === "mouse").length, 5)
  })

  it("refuses what finds its queue full, and what cannot wait", () => {
    const { level: one } = level(1, { queues: 1, handSize: 1, queueLengthLimit: 2 })
    assert.deepStrictEqual(
      [1, 2, 3, 4].map(() => one.enter(ticket("a"))),
      [undefined, undefined, undefined, "queue-full"]
    )
    const none = new Level({ name: "none", isExempt: false, queuing: undefined }, () => 0)
    none.setLimit(1)
    assert.deepStrictEqual([none.enter(ticket("a")), none.enter(ticket("a"))], [undefined, "concurrency-limit"])
    assert.strictEqual(none.count.rejected, 1)
  })

  it("keeps room for a wide one, and lets it in alone where it is wider than the level", () => {
    const { level: one } = level(3)
    const [first, wide, next] = [ticket("a"), ticket("b", 5), ticket("c")]
    one.enter(first)
    one.enter(wide)
    one.enter(next)
    assert.strictEqual(wide.state, "waiting")
    one.leave(first)
    assert.strictEqual(wide.state === "running" || next.state === "running", true)
    if (next.state === "running") one.leave(next)
    assert.strictEqual(wide.state, "running")
    assert.strictEqual(one.seatsInUse, 5)
    one.leave(wide)
    assert.strictEqual(one.seatsInUse, next.state === "running" ? 1 : 0)
  })

  it("forgets who goes while it waits", () => {
    const { level: one } = level(1)
    const [first, gone, last] = [ticket("a"), ticket("b"), ticket("c")]
    for (const each of [first, gone, last]) one.enter(each)
    one.cancel(gone, "cancelled")
    one.leave(first)
    assert.strictEqual(last.state, "running")
    assert.deepStrictEqual([one.waiting, one.seatsWaiting, one.count.cancelled], [0, 0, 1])
  })

  it("exempts whom it exempts", () => {
    const one = new Level({ name: "exempt", isExempt: true, queuing: undefined }, () => 0)
    for (let count = 0; count < 1000; count++) assert.isUndefined(one.enter(ticket("a")))
    assert.strictEqual(one.executing, 1000)
  })
})

describe("what a level may have", () => {
  const specs = new Map(Object.entries({ ...mandatoryLevels, ...suggestedLevels }))

  it("is upstream's, of its default objects and 600 seats", () => {
    const all = bounds(specs, 600)
    const shown = Object.fromEntries([...all].map(([name, one]) => [name, [one.nominal, one.lower, one.upper]]))
    assert.deepStrictEqual(shown, {
      exempt: [0, 0, 600],
      "catch-all": [13, 13, 613],
      system: [74, 50, 674],
      "node-high": [98, 73, 698],
      "leader-election": [25, 25, 625],
      "workload-high": [98, 49, 698],
      "workload-low": [245, 24, 845],
      "global-default": [49, 24, 649]
    })
  })

  it("goes where it is wanted, and leaves everybody what is promised", () => {
    const all = bounds(specs, 600)
    const wish = (name: string, highest: number) => {
      const own = all.get(name)
      assert.isDefined(own)
      return { isExempt: name === "exempt", bounds: own ?? { nominal: 0, lower: 0, upper: 0 }, highest, smoothed: highest }
    }
    const wishes = new Map([...specs.keys()].map((name) => [name, wish(name, name === "workload-low" ? 500 : 0)]))
    const { shares } = allocate(wishes, 600)
    assert.isAtLeast(shares.get("workload-low")?.limit ?? 0, 245)
    for (const [name, { lower }] of all) assert.isAtLeast(shares.get(name)?.limit ?? 0, lower, name)
    const total = [...shares.values()].reduce((sum, { limit }) => sum + limit, 0)
    assert.closeTo(total, 600, 8)
  })

  it("is told by time, not by how often it changed", () => {
    const demand = new Demand(0)
    demand.set(10, 0)
    demand.set(0, 100)
    const { average, highest } = demand.take(1000)
    assert.deepStrictEqual([average, highest], [1, 10])
    assert.deepStrictEqual(demand.take(2000), { average: 0, deviation: 0, highest: 0 })
  })
})

describe("a hand", () => {
  it("has different queues, the same ones every time", () => {
    for (let flow = 0; flow < 200; flow++) {
      const hand = deal(hashOf("s", `user-${flow}`), 64, 6)
      assert.strictEqual(new Set(hand).size, 6)
      assert.isTrue(hand.every((queue) => queue >= 0 && queue < 64))
      assert.deepStrictEqual(deal(hashOf("s", `user-${flow}`), 64, 6), hand)
    }
  })
  it("takes every queue about as often", () => {
    const counts = Array.from({ length: 16 }, () => 0)
    for (let flow = 0; flow < 4000; flow++) {
      for (const queue of deal(hashOf("s", `user-${flow}`), 16, 4)) counts[queue] = (counts[queue] ?? 0) + 1
    }
    for (const count of counts) assert.closeTo(count, 1000, 200)
  })
})

describe("width", () => {
  const path = {
    group: "",
    version: "v1",
    namespace: "",
    resource: "pods",
    name: "",
    subresource: "",
    rest: "",
    watch: false
  }
  const kept = { stored: () => ({ count: 1000, bytes: 2_000_000 }), watches: () => 25 }
  const of = (verb: string, query = "", limit = Number.POSITIVE_INFINITY) =>
    widthOf(verb, path, new URLSearchParams(query), limit, kept)

  it("of lists is what they bring together, of writes who watches", () => {
    assert.strictEqual(of("list").seats, 20)
    assert.strictEqual(of("list", "limit=100").seats, 2)
    assert.strictEqual(of("list", "", 5).seats, 5)
    assert.strictEqual(of("watch", "resourceVersion=7").seats, 1)
    assert.strictEqual(of("watch", "resourceVersion=7&sendInitialEvents=true").seats, 20)
    assert.strictEqual(of("get").seats, 1)
    assert.deepStrictEqual(of("update"), { seats: 1, finalSeats: 3, lingers: 5 })
    assert.strictEqual(widest(98, 6), 15)
    assert.strictEqual(widest(13, 6), 2)
  })
  it("counts the watches that a write is told to", () => {
    const watching = new Watching()
    const inside = { ...path, namespace: "a", name: "p" }
    const forget = [watching.add(path, ""), watching.add({ ...path, namespace: "a" }, ""), watching.add(path, "p")]
    watching.add({ ...path, namespace: "b" }, "")
    assert.strictEqual(watching.of(inside), 3)
    for (const one of forget) one()
    assert.strictEqual(watching.of(inside), 0)
  })
})

it("whoever is refused shall come again later, the more are refused", () => {
  const retry = new RetryAfter()
  assert.strictEqual(retry.refused(1_000_000), 1)
  let seconds = 1
  for (let at = 1_001_000; at < 1_010_000; at += 100) seconds = retry.refused(at)
  assert.isAbove(seconds, 1)
  let later = seconds
  for (let at = 1_100_000; at < 1_200_000; at += 5000) later = retry.refused(at)
  assert.strictEqual(later, 1)
})

it("subjects and rules mean who and what they say", () => {
  const rule = { verbs: ["get"], apiGroups: [""], resources: ["pods"], namespaces: ["a"] }
  const schema = (subject: object): FlowSchema => ({
    metadata: { name: "s", uid: "", resourceVersion: "", creationTimestamp: "" },
    spec: {
      matchingPrecedence: 5,
      priorityLevelConfiguration: { name: "x" },
      rules: [{ subjects: [{ kind: "", ...subject }], resourceRules: [rule] }]
    },
    status: {}
  })
  const asked = { verb: "get", group: "", resource: "pods", namespace: "a", path: "" }
  const user = { name: "system:serviceaccount:a:b", groups: ["g"] }
  assert.isTrue(matches(schema({ kind: "ServiceAccount", serviceAccount: { namespace: "a", name: "*" } }), user, asked))
  assert.isFalse(matches(schema({ kind: "ServiceAccount", serviceAccount: { namespace: "c", name: "*" } }), user, asked))
  assert.isTrue(matches(schema({ kind: "Group", group: { name: "g" } }), user, asked))
  assert.isFalse(matches(schema({ kind: "Group", group: { name: "g" } }), user, { ...asked, namespace: "b" }))
  assert.isFalse(matches(schema({ kind: "User", user: { name: "*" } }), user, { ...asked, namespace: "" }))
})

describe("at the door", () => {
  it.live("requests are told their flow, refused ones come again, and others go on", () =>
    Effect.gen(function* () {
      const { admin, as, services } = yield* Cluster.start()
      const kinds = yield* Effect.provide(Kinds, services)
      yield* kinds.add(FlowSchema)
      yield* kinds.add(PriorityLevelConfiguration)
      const base = "/apis/flowcontrol.apiserver.k8s.io/v1"
      const post = (path: string, body: object) => admin.ask(`${base}/${path}`, { method: "POST", body })
      const closed = {
        type: "Limited",
        limited: { nominalConcurrencyShares: 0, limitResponse: { type: "Reject" }, borrowingLimitPercent: 0 }
      }
      const level = yield* post("prioritylevelconfigurations", { metadata: { name: "closed" }, spec: closed })
      assert.strictEqual(level.code, 201)
      const rules = [
        {
          subjects: [{ kind: "User", user: { name: "ann" } }],
          resourceRules: [
            { verbs: ["list"], apiGroups: [""], resources: ["configmaps"], namespaces: ["*"], clusterScope: true }
          ]
        }
      ]
      const spec = { matchingPrecedence: 500, priorityLevelConfiguration: { name: "closed" }, rules }
      const flow = yield* post("flowschemas", { metadata: { name: "ann" }, spec })
      const ann = yield* as("ann")
      const refused = yield* ann.ask("/api/v1/configmaps")
      assert.deepStrictEqual(
        [refused.code, refused.text, refused.headers["retry-after"]],
        [429, "Too many requests, please try again later.\n", "1"]
      )
      assert.strictEqual(refused.headers["x-kubernetes-pf-flowschema-uid"], flow.json.metadata.uid)
      assert.strictEqual(refused.headers["x-kubernetes-pf-prioritylevel-uid"], level.json.metadata.uid)
      const other = yield* ann.ask("/api/v1/namespaces/default/configmaps/x")
      assert.strictEqual(other.code, 404)
      const metrics = yield* admin.ask("/metrics")
      assert.include(
        metrics.text,
        'apiserver_flowcontrol_rejected_requests_total{flow_schema="ann",priority_level="closed",reason="concurrency-limit"} 1'
      )
      const dump = yield* admin.ask("/debug/api_priority_and_fairness/dump_priority_levels")
      assert.match(dump.text, /^closed, +0, +true, +false, +0, +0, +0, +1, +0, +0$/m)
    })
  )
})
