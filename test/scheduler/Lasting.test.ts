/** A plugin elsewhere whose word on a node holds until the node changes: it is asked about what has changed, and what is decided is the same. */
import { assert, describe, it } from "@effect/vitest"
import { Context, Effect, FiberSet, Layer } from "effect"
import * as MemoryApi from "../../adapters/memory/MemoryApi.ts"
import { suite } from "../../conformance/SchedulerPoints.ts"
import * as ApiClient from "../../kernel/client/ApiClient.ts"
import { Client } from "../../kernel/client/Client.ts"
import * as Plugin from "../../kernel/plugin/Plugin.ts"
import { Node, Pod } from "../../plugins/resources/contracts/core/v1.ts"
import * as SchedulerPlugin from "../../plugins/scheduler/contracts/SchedulerPlugin.ts"
import type { NodeInfo } from "../../plugins/scheduler/contracts/Nodes.ts"
import { type Question, SchedulerPoints } from "../../plugins/scheduler/contracts/SchedulerPoints.ts"
import * as Bits from "../../plugins/scheduler/isolated/Bits.ts"
import * as Bridge from "../../plugins/scheduler/isolated/Bridge.ts"
import { Snapshot } from "../../plugins/scheduler/Snapshot.ts"
import { at } from "../controllers/Cluster.ts"
import { verify } from "../Verify.ts"
import { draftOf } from "./Nodes.ts"
import { sample } from "./Sample.ts"

const { preFilter } = sample
const preScore = () => ({ score: ({ pods }: NodeInfo) => 10 * pods.size })
const plugin = SchedulerPlugin.make({ name: "Lasting", isLocal: true, preScore, ...(preFilter && { preFilter }) })
const api = Layer.provideMerge(ApiClient.layer, MemoryApi.layer())
const installed = Layer.provideMerge(Plugin.install(plugin), Layer.merge(api, Layer.fresh(Plugin.Host.layer)))

verify("one whose word lasts", suite, installed)

const names = ["n0", "n1", "n2", "n3", "n4"]
const podNamed = (name: string, token: string, labels: Record<string, string>) => ({
  metadata: { ...at(name), labels },
  spec: {
    containers: [{ name: "c", image: "i", volumeMounts: [{ name: `kube-api-access-${token}`, mountPath: "/token" }] }],
    volumes: [{ name: `kube-api-access-${token}`, emptyDir: {} }]
  }
})

/** The scheduler's side of it, and about how many nodes it was asked each time. */
const bridged = Effect.gen(function* () {
  const built = yield* Layer.build(installed)
  const client = Context.get(built, Client)
  const points = Context.get(built, SchedulerPoints)
  const [asked, askedScores]: [Array<number>, Array<number>] = [[], []]
  const count = (nodes: Uint8Array | undefined) => [...Bits.numbers(nodes ?? new Uint8Array(0))].length
  const filter = (question: Question) => {
    asked.push(count(question.nodes))
    return points.filter(question)
  }
  const score: typeof points.score = (question) => {
    askedScores.push(count(question.nodes))
    return points.score(question)
  }
  const options = { fallback: "Fail", patience: "5 seconds" } as const
  const run = yield* FiberSet.makeRuntime()
  const bridge = Bridge.make({ ...points, filter, score }, yield* points.describe(), options, run)
  const view = new Snapshot()
  for (const name of names) view.setNode(yield* client.create(Node, draftOf(name, { cpu: "4" })))
  const create = (name: string, token: string, labels: Record<string, string> = { sample: "yes" }) =>
    client.create(Pod, podNamed(name, token, labels))
  /** The nodes that it refuses. */
  const refused = Effect.fnUntraced(function* (pod: Pod) {
    const info = view.infoOf(pod)
    const filtering = bridge.preFilter?.(info, view)
    assert.isUndefined(yield* bridge.prepare?.(info, view, view.nodes) ?? Effect.undefined)
    if (filtering === undefined || "reasons" in filtering) return assert.fail("it has no say")
    return view.nodes.flatMap((node) => (filtering.filter?.(node) === undefined ? [] : [node.name]))
  })
  const scores = Effect.fnUntraced(function* (pod: Pod, ...names: ReadonlyArray<string>) {
    const info = view.infoOf(pod)
    const nodes = names.flatMap((name) => view.find(name) ?? [])
    yield* bridge.prepareScore?.(info, view, nodes) ?? Effect.void
    const scoring = bridge.preScore?.(info, view, nodes)
    return nodes.map((node) => scoring?.score(node))
  })
  const place = (pod: Pod, name: string) => {
    const info = view.infoOf(pod)
    view.assume(info, name)
    const node = view.find(name) ?? assert.fail(name)
    bridge.reserve?.(info, node, view)
    return info
  }
  return { asked, askedScores, bridge, client, create, place, refused, scores, view }
})

describe("a word that lasts", () => {
  it.live("is asked for once for equal Pods, and again where a node has changed", () =>
    Effect.gen(function* () {
      const { asked, bridge, create, place, refused, view } = yield* bridged
      const first = yield* create("a", "aaaaa")
      assert.deepStrictEqual(yield* refused(first), [])
      const info = place(first, "n1")
      // Their tokens' volumes have other names, which is no difference.
      assert.deepStrictEqual(yield* refused(yield* create("b", "bbbbb")), ["n1"])
      assert.deepStrictEqual(yield* refused(yield* create("c", "ccccc")), ["n1"])
      assert.deepStrictEqual(asked, [5, 1])
      // Another kind of Pod, about which it has no say.
      const other = { other: "yes" }
      assert.deepStrictEqual(yield* refused(yield* create("d", "ddddd", other)), [])
      assert.deepStrictEqual(yield* refused(yield* create("e", "eeeee", other)), [])
      assert.deepStrictEqual(asked, [5, 1, 5])
      // It did not get there.
      view.forget(info)
      bridge.unreserve?.(info, "n1")
      assert.deepStrictEqual(yield* refused(yield* create("f", "fffff")), [])
      assert.deepStrictEqual(asked, [5, 1, 5, 1])
    }).pipe(Effect.scoped)
  )

  it.live("of how it likes nodes is asked for of others and of changed ones alone", () =>
    Effect.gen(function* () {
      const { askedScores, create, place, scores } = yield* bridged
      const first = yield* create("a", "aaaaa")
      assert.deepStrictEqual(yield* scores(first, "n0", "n1"), [0, 0])
      place(first, "n1")
      assert.deepStrictEqual(yield* scores(yield* create("b", "bbbbb"), "n0", "n1"), [0, 10])
      assert.deepStrictEqual(yield* scores(yield* create("c", "ccccc"), "n2", "n1", "n0"), [0, 10, 0])
      assert.deepStrictEqual(yield* scores(yield* create("d", "ddddd"), "n0", "n2"), [0, 0])
      assert.deepStrictEqual(askedScores, [2, 1, 1])
    }).pipe(Effect.scoped)
  )

  it.live("need not be told in the end what it sees for itself", () =>
    Effect.gen(function* () {
      const { asked, client, create, place, refused, view } = yield* bridged
      yield* refused(yield* create("a", "aaaaa", { other: "yes" }))
      for (let index = 0; index < 1200; index++) {
        const pod = yield* create(`p${index}`, "ppppp", { other: "yes" })
        place(pod, "n2")
        view.setPod(yield* client.update(Pod, { ...pod, spec: { ...pod.spec, nodeName: "n2" } }))
      }
      const taken = yield* create("b", "bbbbb")
      place(taken, "n3")
      assert.deepStrictEqual(yield* refused(yield* create("c", "ccccc")), ["n3"])
      assert.deepStrictEqual(asked, [5, 5])
    }).pipe(Effect.scoped)
  )
})
