/** Plugins whose answers have to be asked for elsewhere: about which nodes they are asked, and that what is decided is the same. */
import { assert, describe, it } from "@effect/vitest"
import { Effect, Layer } from "effect"
import { Client } from "../../kernel/client/Client.ts"
import { Node, Pod } from "../../plugins/resources/contracts/core/v1.ts"
import * as Extensions from "../../plugins/scheduler/contracts/Extensions.ts"
import {
  type Plugin,
  type Refusal,
  unasked,
  unresolvable,
  unschedulable
} from "../../plugins/scheduler/contracts/Framework.ts"
import type { NodeInfo } from "../../plugins/scheduler/contracts/Nodes.ts"
import { Cycle } from "../../plugins/scheduler/Cycle.ts"
import { Nominated } from "../../plugins/scheduler/Nominated.ts"
import * as Profile from "../../plugins/scheduler/Profile.ts"
import { infoOf } from "../../plugins/scheduler/Resources.ts"
import * as Scheduler from "../../plugins/scheduler/Scheduler.ts"
import { Snapshot } from "../../plugins/scheduler/Snapshot.ts"
import { at, cluster, when } from "../controllers/Cluster.ts"
import { podOf } from "../controllers/Pods.ts"
import { draftOf, nodeOf } from "./Nodes.ts"
import { profile } from "./Profile.ts"

type Says = (node: NodeInfo) => Refusal | undefined

/** `here` says at once what it thinks of a node; `elsewhere` has to be asked first, and of what it was not asked it says so. */
const here = (name: string, says: Says): Plugin => ({ name, preFilter: () => ({ filter: says }) })
const elsewhere = (name: string, says: Says, whole?: Refusal) => {
  const asked: Array<string> = []
  let known = new Map<string, Refusal | undefined>()
  const plugin: Plugin = {
    name,
    preFilter: () => {
      known = new Map()
      return { filter: (node) => (known.has(node.name) ? known.get(node.name) : unasked) }
    },
    prepare: (_, __, nodes) =>
      Effect.sync(() => {
        for (const node of nodes) known.set(node.name, says(node))
        asked.push(...nodes.map(({ name }) => name))
        return whole
      })
  }
  return { plugin, asked }
}

const numberOf = ({ name }: NodeInfo) => Number(name.replace(/\D/g, ""))
const everyFourth: Says = (node) => (numberOf(node) % 4 === 0 ? unschedulable("every fourth") : undefined)
const everyFifth: Says = (node) => (numberOf(node) % 5 === 0 ? unschedulable("every fifth") : undefined)

const decided = (nodes: number, extensions: ReadonlyArray<Plugin>) => {
  const snapshot = new Snapshot()
  for (let index = 0; index < nodes; index++) snapshot.setNode(nodeOf(`node-${index}`))
  const all = [...profile.plugins, ...extensions].map((plugin) => ({ plugin }))
  const made = Profile.make("default-scheduler", all)
  const pod = infoOf(podOf({ name: "new" }))
  const around = { view: snapshot, nominated: new Nominated(), pick: () => 0, start: 0 }
  return { cycle: new Cycle(pod, made, around), pod, snapshot, made }
}
/** As the scheduler runs it. */
const searched = ({ cycle, made, pod, snapshot }: ReturnType<typeof decided>, share = 1) => {
  const search = cycle.search(share)
  let step = search.next()
  for (; step.done !== true; step = search.next())
    for (const { name, prepare } of made.prepares) {
      const whole = Effect.runSync(prepare(pod, snapshot, step.value))
      if (whole !== undefined) cycle.refuseAll(whole, name)
    }
  return step.value.map(({ name }) => name)
}

describe("the search for nodes", () => {
  it("finds what it would find if all plugins were here, and asks only about nodes that those here take", () => {
    const beside = here("Here", everyFourth)
    const plain = decided(90, [beside, here("There", everyFifth)])
    const found = searched(plain)
    const there = elsewhere("There", everyFifth)
    const other = decided(90, [beside, there.plugin])
    assert.deepStrictEqual(searched(other), found)
    assert.strictEqual(other.cycle.message(), plain.cycle.message())
    const asked = there.asked.map((name) => Number(name.replace("node-", "")))
    assert.isFalse(asked.some((number) => number % 4 === 0))
  })
  it("asks once where as many pass as were thought to, and about no more nodes than it takes", () => {
    const there = elsewhere("There", everyFifth)
    const of = decided(1000, [there.plugin])
    assert.strictEqual(searched(of, 0.8).length, 420)
    assert.isBelow(there.asked.length, 550)
    assert.closeTo(of.cycle.share ?? 0, 0.8, 0.01)
  })
  it("asks about further nodes until enough pass", () => {
    const there = elsewhere("There", (node) => (numberOf(node) < 900 ? unschedulable("first ones") : undefined))
    assert.strictEqual(searched(decided(1000, [there.plugin])).length, 100)
    assert.strictEqual(there.asked.length, 1000)
  })
  it("asks nobody where enough is known, and passes over a few of which nothing is", () => {
    const known = (name: string, unknown: number): Plugin => ({
      name,
      preFilter: () => ({ filter: (node) => (numberOf(node) < unknown ? unasked : everyFifth(node)) }),
      prepare: () => Effect.die("it was asked")
    })
    const found = searched(decided(1000, [known("There", 4)]), 0.8)
    assert.strictEqual(found.length, 420)
    assert.isFalse(["node-1", "node-2", "node-5"].some((name) => found.includes(name)))
    assert.throws(() => searched(decided(1000, [known("There", 900)]), 0.8), "it was asked")
  })
  it("ends where no node will do", () => {
    const there = elsewhere("There", () => undefined, unresolvable("not this Pod"))
    const of = decided(1000, [there.plugin])
    assert.deepStrictEqual(searched(of), [])
    assert.strictEqual(of.cycle.message(), "0/1000 nodes are available: not this Pod.")
    assert.isBelow(there.asked.length, 1000)
  })
})

const addNode = Effect.fnUntraced(function* (name: string) {
  const client = yield* Client
  const node = yield* client.create(Node, { metadata: { name } })
  return yield* client.update(Node, { ...node, status: draftOf(name, { cpu: "2" }).status }, { subresource: "status" })
})
const pod = (name: string, priority: number) => ({
  metadata: at(name),
  spec: { priority, containers: [{ name: "c", image: "i", resources: { requests: { cpu: "2" } } }] }
})

describe("preemption", () => {
  it.effect("asks such plugins about nodes that were full, before somebody has to go", () => {
    const there = elsewhere("There", ({ name }) => (name === "n1" ? unresolvable("not there") : undefined))
    const joined = Layer.provideMerge(Extensions.Plugins.add(there.plugin), Extensions.layer)
    return Effect.gen(function* () {
      const client = yield* Client
      yield* addNode("n1")
      yield* addNode("n2")
      // On the node that the plugin refuses they would be the cheaper victims.
      yield* client.create(Pod, { ...pod("low-1", 1), spec: { ...pod("low-1", 1).spec, nodeName: "n1" } })
      yield* client.create(Pod, { ...pod("low-2", 5), spec: { ...pod("low-2", 5).spec, nodeName: "n2" } })
      yield* client.create(Pod, pod("high", 1000))
      const pods = yield* when(Pod, (all) => all.some(({ status }) => Boolean(status.nominatedNodeName)))
      assert.strictEqual(pods.find(({ metadata }) => metadata.name === "high")?.status.nominatedNodeName, "n2")
      assert.deepStrictEqual(there.asked.slice(0, 2).toSorted(), ["n1", "n2"])
    }).pipe(Effect.provide(cluster({ layer: Layer.provide(Scheduler.plugin().layer, joined) })))
  })
})
