/** Preemption: who has to go, from which node, and what the Pods' statuses and events say about it. */
import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import { TestClock } from "effect/testing"
import * as Complete from "../../kernel/client/Complete.ts"
import { Client } from "../../kernel/client/Client.ts"
import { Event, Node, Pod } from "../../plugins/resources/contracts/core/v1.ts"
import { PodDisruptionBudget } from "../../plugins/resources/contracts/policy/v1.ts"
import { Cycle } from "../../plugins/scheduler/Cycle.ts"
import { Nominated } from "../../plugins/scheduler/Nominated.ts"
import { best, victimsOn } from "../../plugins/scheduler/plugins/default-preemption/Victims.ts"
import { infoOf } from "../../plugins/scheduler/Resources.ts"
import * as Scheduler from "../../plugins/scheduler/Scheduler.ts"
import { Snapshot } from "../../plugins/scheduler/Snapshot.ts"
import { at, cluster, when } from "../controllers/Cluster.ts"
import { podOf } from "../controllers/Pods.ts"
import { draftOf, nodeOf } from "./Nodes.ts"
import { profile } from "./Profile.ts"

const containers = (cpu: string) => [{ name: "c", image: "i", resources: { requests: { cpu } } }]
const complete = Complete.make(PodDisruptionBudget.versions[0])
const budget = (app: string, disruptionsAllowed: number) => {
  const draft = {
    metadata: { name: app, namespace: "default", uid: app, resourceVersion: "1" },
    spec: { selector: { matchLabels: { app } } },
    status: { disruptionsAllowed, currentHealthy: 1, desiredHealthy: 1, expectedPods: 1 }
  }
  // A draft is JSON by its type, and complete it is a budget by the schema's; hence the casts.
  return complete(draft as unknown as Parameters<typeof complete>[0]) as unknown as PodDisruptionBudget
}

interface There {
  readonly name: string
  readonly node: string
  readonly cpu: string
  readonly priority: number
  readonly app?: string
  readonly created?: string
}

const choose = (
  nodes: ReadonlyArray<Node>,
  there: ReadonlyArray<There>,
  cpu: string,
  budgets: ReadonlyArray<PodDisruptionBudget> = []
) => {
  const snapshot = new Snapshot()
  for (const node of nodes) snapshot.setNode(node)
  for (const { app = "", cpu, created = "2025-06-01T00:00:00Z", name, node, priority } of there)
    snapshot.setPod(podOf({ name, node, created, labels: { app }, spec: { priority, containers: containers(cpu) } }))
  const pod = infoOf(podOf({ name: "new", spec: { priority: 100, containers: containers(cpu) } }))
  const cycle = new Cycle(pod, profile, { view: snapshot, nominated: new Nominated(), pick: () => 0, start: 0 })
  assert.deepStrictEqual(cycle.search().next().value, [])
  const found = snapshot.nodes.map((node) => victimsOn(pod, cycle.failure.trial(node), budgets))
  const chosen = best(found.flatMap((one) => ("reasons" in one ? [] : [one])))
  return chosen && [chosen.node, ...chosen.pods.map(({ pod: { metadata } }) => metadata.name)]
}

const [a, b] = [nodeOf("a", { cpu: "4" }), nodeOf("b", { cpu: "4" })]

describe("who has to go", () => {
  it("as few as possible, and nobody who is as important", () => {
    const there = [
      { name: "small", node: "a", cpu: "1", priority: 1 },
      { name: "large", node: "a", cpu: "2", priority: 2 },
      { name: "peer", node: "a", cpu: "1", priority: 100 }
    ]
    assert.deepStrictEqual(choose([a], there, "1"), ["a", "small"])
    assert.deepStrictEqual(choose([a], there, "3"), ["a", "large", "small"])
    assert.strictEqual(choose([a], there, "4"), undefined)
  })
  it("where budgets are kept, then where the least important are", () => {
    const there = [
      { name: "x", node: "a", cpu: "4", priority: 1, app: "kept" },
      { name: "y", node: "b", cpu: "4", priority: 50 }
    ]
    assert.deepStrictEqual(choose([a, b], there, "4", [budget("kept", 0)]), ["b", "y"])
    assert.deepStrictEqual(choose([a, b], there, "4", [budget("kept", 1)]), ["a", "x"])
  })
  it("of equals, what began last", () => {
    const there = [
      { name: "x", node: "a", cpu: "4", priority: 1, created: "2025-06-01T00:00:00Z" },
      { name: "y", node: "b", cpu: "4", priority: 1, created: "2025-06-02T00:00:00Z" }
    ]
    assert.deepStrictEqual(choose([a, b], there, "4"), ["b", "y"])
  })
})

const pod = (name: string, cpu: string, priority: number, preemptionPolicy?: string) => ({
  metadata: at(name),
  spec: { containers: containers(cpu), priority, ...(preemptionPolicy !== undefined && { preemptionPolicy }) }
})
const addNode = Effect.fnUntraced(function* (name: string, cpu: string) {
  const client = yield* Client
  const node = yield* client.create(Node, { metadata: { name } })
  return yield* client.update(Node, { ...node, status: draftOf(name, { cpu }).status }, { subresource: "status" })
})
/** The node agent of the victims: what is to end has ended. */
const bury = Effect.fnUntraced(function* (name: string) {
  const client = yield* Client
  yield* Effect.ignore(client.delete(Pod, at(name), { gracePeriodSeconds: 0 }))
})

describe("the scheduler preempts", () => {
  it.effect("a less important Pod, and says so", () =>
    Effect.gen(function* () {
      const client = yield* Client
      yield* addNode("n1", "2")
      yield* client.create(Pod, pod("low", "2", 1))
      yield* when(Pod, ([one]) => one?.spec.nodeName === "n1")
      const { metadata } = yield* client.create(Pod, pod("high", "2", 1000))
      yield* when(Pod, (all) => all.some(({ status }) => status.nominatedNodeName === "n1"))
      const events = yield* when(Event, (all) => all.some(({ reason }) => reason === "Preempted"))
      const preempted = events.find(({ reason }) => reason === "Preempted")
      assert.strictEqual(preempted?.message, `Preempted by pod ${metadata.uid} on node n1`)
      yield* bury("low")
      yield* TestClock.adjust("3 seconds")
      yield* when(Pod, (all) => all.some(({ metadata, spec }) => metadata.name === "high" && spec.nodeName === "n1"))
    }).pipe(Effect.provide(cluster(Scheduler.plugin())))
  )

  it.effect("nobody for a Pod that may not", () =>
    Effect.gen(function* () {
      const client = yield* Client
      yield* addNode("n1", "2")
      yield* client.create(Pod, pod("low", "2", 1))
      yield* when(Pod, ([one]) => one?.spec.nodeName === "n1")
      yield* client.create(Pod, pod("high", "2", 1000, "Never"))
      const pods = yield* when(Pod, (all) =>
        all.some(({ status }) => (status.conditions ?? []).some(({ reason }) => reason === "Unschedulable"))
      )
      const message = pods
        .find(({ metadata }) => metadata.name === "high")
        ?.status.conditions?.find(({ reason }) => reason === "Unschedulable")?.message
      assert.strictEqual(
        message,
        "0/1 nodes are available: 1 Insufficient cpu. no new claims to deallocate, preemption: not eligible due to preemptionPolicy=Never."
      )
    }).pipe(Effect.provide(cluster(Scheduler.plugin())))
  )
})
