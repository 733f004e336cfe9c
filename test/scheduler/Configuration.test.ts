/** Profiles as upstream's KubeSchedulerConfiguration names them: plugins off and on, weights, arguments, several schedulers in one. */
import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import { Client } from "../../kernel/client/Client.ts"
import { Node, Pod } from "../../plugins/resources/contracts/core/v1.ts"
import { choose } from "../../plugins/scheduler/Chosen.ts"
import * as Configuration from "../../plugins/scheduler/Configuration.ts"
import * as NodeAffinity from "../../plugins/scheduler/plugins/node-affinity/NodeAffinity.ts"
import * as NodeResourcesFit from "../../plugins/scheduler/plugins/node-resources-fit/NodeResourcesFit.ts"
import * as Scheduler from "../../plugins/scheduler/Scheduler.ts"
import { at, cluster, when } from "../controllers/Cluster.ts"
import { draftOf } from "./Nodes.ts"

const header = "apiVersion: kubescheduler.config.k8s.io/v1\nkind: KubeSchedulerConfiguration\n"
const two = `${header}profiles:
- schedulerName: default-scheduler
- schedulerName: packing
  plugins:
    multiPoint:
      disabled: [{ name: NodeResourcesBalancedAllocation }]
    postFilter:
      disabled: [{ name: "*" }]
  pluginConfig:
  - name: NodeResourcesFit
    args: { scoringStrategy: { type: MostAllocated, resources: [{ name: cpu, weight: 1 }] } }
`

const addNode = Effect.fnUntraced(function* (name: string, cpu: string) {
  const client = yield* Client
  const node = yield* client.create(Node, { metadata: { name } })
  return yield* client.update(Node, { ...node, status: draftOf(name, { cpu }).status }, { subresource: "status" })
})
const pod = (name: string, schedulerName: string, cpu = "1") => ({
  metadata: at(name),
  spec: { schedulerName, containers: [{ name: "c", image: "i", resources: { requests: { cpu } } }] }
})

describe("the configuration of the scheduler", () => {
  it.effect("has profiles, each with its own plugins", () =>
    Effect.gen(function* () {
      const client = yield* Client
      yield* addNode("small", "2")
      yield* addNode("large", "8")
      yield* client.create(Pod, pod("spread", "default-scheduler"))
      yield* when(Pod, (all) => all.every(({ spec }) => spec.nodeName === "large"))
      yield* client.create(Pod, pod("packed", "packing"))
      yield* when(Pod, (all) => all.some(({ spec }) => spec.nodeName === "small"))
      yield* client.create(Pod, pod("vast", "packing", "16"))
      const reason = ({ status }: Pod) => status.conditions?.find(({ type }) => type === "PodScheduled")?.message
      const pods = yield* when(Pod, (all) => all.some((one) => one.metadata.name === "vast" && reason(one) !== undefined))
      const vast = pods.find(({ metadata }) => metadata.name === "vast")
      assert.strictEqual(vast && reason(vast), "0/2 nodes are available: 2 Insufficient cpu.", "nothing remedies it there")
    }).pipe(Effect.provide(cluster(Scheduler.plugin({ configuration: two }))))
  )

  const extensions = [{ plugin: NodeAffinity.make(), weight: 2 }, { plugin: NodeResourcesFit.make() }]
  const chosen = (plugins: Configuration.Plugins) => {
    const found = choose(extensions, plugins)
    return found instanceof Configuration.BadConfiguration
      ? found.message
      : found.map(({ plugin, weight }) => [
          plugin.name,
          plugin.preFilter !== undefined,
          plugin.preScore !== undefined,
          weight
        ])
  }
  it("takes points away, gives weights and orders", () => {
    assert.deepStrictEqual(
      chosen({ score: { disabled: [{ name: "*" }], enabled: [{ name: "NodeResourcesFit", weight: 5 }] } }),
      [
        ["NodeAffinity", true, false, 2],
        ["NodeResourcesFit", true, true, 5]
      ]
    )
    assert.deepStrictEqual(
      chosen({ multiPoint: { enabled: [{ name: "NodeResourcesFit" }] }, filter: { disabled: [{ name: "NodeAffinity" }] } }),
      [
        ["NodeResourcesFit", true, true, undefined],
        ["NodeAffinity", false, true, 2]
      ]
    )
    assert.strictEqual(
      chosen({ multiPoint: { enabled: [{ name: "Nothing" }] } }),
      "plugins: there is no Nothing: expected some of NodeAffinity, NodeResourcesFit"
    )
  })

  it.effect("is told what is wrong with it", () =>
    Effect.gen(function* () {
      const wrong = yield* Effect.flip(Configuration.read(`${header}profiles: [{ schedulerName: 5 }]`, "a file"))
      assert.match(wrong.message, /^a file: profiles\.0\.schedulerName: /)
    })
  )
})
