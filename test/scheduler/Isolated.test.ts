/** A scheduling plugin in a thread of its own: it follows the cluster itself, and is asked once about all nodes. */
import { assert, describe, it } from "@effect/vitest"
import { Effect, FiberSet, Layer } from "effect"
import * as MemoryApi from "../../adapters/memory/MemoryApi.ts"
import { suite } from "../../conformance/SchedulerPoints.ts"
import { Api } from "../../kernel/client/Api.ts"
import * as ApiClient from "../../kernel/client/ApiClient.ts"
import { Client } from "../../kernel/client/Client.ts"
import * as Plugin from "../../kernel/plugin/Plugin.ts"
import * as Worker from "../../kernel/plugin/Worker.ts"
import { Node, Pod } from "../../plugins/resources/contracts/core/v1.ts"
import * as Extensions from "../../plugins/scheduler/contracts/Extensions.ts"
import { SchedulerPoints } from "../../plugins/scheduler/contracts/SchedulerPoints.ts"
import * as Bridge from "../../plugins/scheduler/isolated/Bridge.ts"
import * as Scheduler from "../../plugins/scheduler/Scheduler.ts"
import { at, when } from "../controllers/Cluster.ts"
import { sabotage, verify } from "../Verify.ts"
import { draftOf } from "./Nodes.ts"
import * as Sample from "./Sample.ts"

const api = Layer.provideMerge(ApiClient.layer, MemoryApi.layer())
const thread = Worker.isolate(Sample.plugin, new URL("./Sample.ts", import.meta.url), { needs: [Api] })
const inThread = Layer.provideMerge(Plugin.install(thread), Layer.merge(api, Plugin.Host.layer))
const here = Layer.provideMerge(Plugin.install(Sample.plugin), Layer.merge(api, Plugin.Host.layer))

verify("in this thread", suite, here)
verify("in a thread of its own", suite, inThread)
sabotage(suite, here)

const addNode = Effect.fnUntraced(function* (name: string, size: string) {
  const client = yield* Client
  const draft = draftOf(name, { cpu: "4", labels: { size } })
  const node = yield* client.create(Node, { metadata: { name, labels: draft.metadata.labels } })
  return yield* client.update(Node, { ...node, status: draft.status }, { subresource: "status" })
})
const addPod = (name: string) =>
  Effect.flatMap(Client, (client) =>
    client.create(Pod, {
      metadata: { ...at(name), labels: { sample: "yes" } },
      spec: { containers: [{ name: "c", image: "i" }] }
    })
  )

const bridged = Effect.gen(function* () {
  const points = yield* SchedulerPoints
  const plugins = yield* Extensions.Plugins
  const described = yield* points.describe()
  const placed = ["reserve", "permit", "preBind", "bind", "postBind"] as const
  assert.deepStrictEqual(described.points, ["filter", "score", "preEnqueue", "queueSort", "postFilter", ...placed])
  const run = yield* FiberSet.makeRuntime()
  const plugin = Bridge.make(points, described, { fallback: "Fail", patience: "10 seconds" }, run)
  yield* plugins.add({ plugin, weight: described.weight })
})

const scheduled = (pods: ReadonlyArray<Pod>) =>
  Object.fromEntries(pods.flatMap(({ metadata, spec }) => (spec.nodeName ? [[metadata.name, spec.nodeName]] : [])))

describe("a scheduling plugin in a thread", () => {
  it.live("filters and scores for the scheduler, and knows what that has assumed", () =>
    Effect.gen(function* () {
      yield* bridged
      yield* addNode("small", "small")
      yield* addNode("big", "big")
      yield* Effect.forEach(["a", "b", "c"], addPod, { concurrency: 3 })
      const pods = yield* when(
        Pod,
        (all) =>
          Object.keys(scheduled(all)).length === 2 &&
          all.some(({ status }) => status.conditions?.some(({ message = "" }) => message.includes("a sample already")))
      )
      assert.deepStrictEqual(Object.values(scheduled(pods)).toSorted(), ["big", "small"])
      const client = yield* Client
      const first = pods.find(({ spec }) => spec.nodeName === "big")
      yield* client.delete(Pod, at(first?.metadata.name ?? ""), { gracePeriodSeconds: 0 })
      const after = yield* when(Pod, (all) => all.length === 2 && Object.keys(scheduled(all)).length === 2)
      assert.deepStrictEqual(Object.values(scheduled(after)).toSorted(), ["big", "small"])
    }).pipe(
      Effect.provide(Scheduler.plugin().layer),
      Effect.provide(Layer.provideMerge(Extensions.layer, inThread)),
      Effect.scoped
    )
  )
})
