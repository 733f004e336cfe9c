/**
 * What is remembered of nodes and known of domains changes nothing: on clusters drawn at random, a long series of decisions finds the
 * same nodes, and likes them alike, as when every plugin is asked anew about every node.
 */
import { assert, describe, it } from "@effect/vitest"
import * as fc from "fast-check"
import type { Pod, PodAffinityTerm, PodSpecDraft } from "../../plugins/resources/contracts/core/v1.ts"
import type { Plugin } from "../../plugins/scheduler/contracts/Framework.ts"
import type { View } from "../../plugins/scheduler/contracts/Nodes.ts"
import { Cycle } from "../../plugins/scheduler/Cycle.ts"
import { Nominated } from "../../plugins/scheduler/Nominated.ts"
import * as Profile from "../../plugins/scheduler/Profile.ts"
import { infoOf } from "../../plugins/scheduler/Resources.ts"
import { Snapshot } from "../../plugins/scheduler/Snapshot.ts"
import { podOf } from "../controllers/Pods.ts"
import { nodeOf } from "./Nodes.ts"
import { profile } from "./Profile.ts"

const { plugins, scores } = profile
const weightOf = (plugin: Plugin) => scores.find((score) => score.plugin === plugin)?.weight ?? 1

/** The same plugins, of which nothing is known before they are asked. */
const forgetful = (plugin: Plugin): Plugin => {
  const { isLocal: _, preFilter, ...rest } = plugin
  if (preFilter === undefined) return rest
  return {
    ...rest,
    preFilter: (pod, view) => {
      const answer = preFilter(pod, view)
      if (answer === undefined || "reasons" in answer) return answer
      const { within: _, ...filtering } = answer
      return filtering
    }
  }
}
const make = (change: (plugin: Plugin) => Plugin) =>
  Profile.make(
    "default-scheduler",
    plugins.map((plugin) => ({ plugin: change(plugin), weight: weightOf(plugin) })),
    100
  )

const colors = ["red", "blue"]
const color = fc.constantFrom(...colors)
const topologyKey = fc.constantFrom("zone", "rack", "kubernetes.io/hostname")
const selecting = (chosen: string) => ({ labelSelector: { matchLabels: { color: chosen } } })
const term: fc.Arbitrary<PodAffinityTerm> = fc
  .record({ topologyKey, chosen: color })
  .map(({ chosen, topologyKey }) => ({ topologyKey, ...selecting(chosen) }))
const terms = fc.array(term, { maxLength: 2 })
const spread = fc
  .record({ topologyKey, chosen: color, maxSkew: fc.integer({ min: 1, max: 2 }) })
  .map(({ chosen, maxSkew, topologyKey }) => ({
    maxSkew,
    topologyKey,
    whenUnsatisfiable: "DoNotSchedule",
    ...selecting(chosen)
  }))
const wanted = fc.record({
  near: terms,
  far: terms,
  spreads: fc.array(spread, { maxLength: 2 }),
  color,
  cpu: fc.constantFrom("1", "2")
})
const labels = fc.record({ zone: fc.constantFrom("a", "b", "c"), rack: fc.constantFrom("1", "2") }, { requiredKeys: [] })
const world = fc.record({
  nodes: fc.array(labels, { minLength: 1, maxLength: 12 }),
  pods: fc.array(wanted, { minLength: 1, maxLength: 25 })
})

type Wanted = typeof wanted extends fc.Arbitrary<infer A> ? A : never
const specOf = ({ cpu, far, near, spreads }: Wanted): Partial<PodSpecDraft> => ({
  containers: [{ name: "c", image: "i", resources: { requests: { cpu } } }],
  topologySpreadConstraints: spreads,
  affinity: {
    podAffinity: { requiredDuringSchedulingIgnoredDuringExecution: near },
    podAntiAffinity: { requiredDuringSchedulingIgnoredDuringExecution: far }
  }
})

const decide = (pod: Pod, by: Profile.Profile, view: View) => {
  const cycle = new Cycle(infoOf(pod), by, { view, nominated: new Nominated(), pick: () => 0, start: 0 })
  const found = cycle.search().next().value
  const names = found.map(({ name }) => name).toSorted()
  // Which of equals comes first depends on the order in which they were found.
  const ordered = found.toSorted((a, b) => a.index - b.index)
  return { names, best: cycle.best(ordered), message: found.length === 0 ? cycle.message() : "" }
}

describe("what is known before nodes are asked about", () => {
  it("changes no decision", () => {
    fc.assert(
      fc.property(world, ({ nodes, pods }) => {
        const snapshot = new Snapshot()
        nodes.forEach((labels, index) => snapshot.setNode(nodeOf(`node-${index}`, { labels })))
        const [fast, slow] = [make((plugin) => plugin), make(forgetful)]
        pods.forEach((wanted, index) => {
          const pod = podOf({ name: `pod-${index}`, spec: specOf(wanted), labels: { color: wanted.color } })
          const [one, other] = [decide(pod, fast, snapshot), decide(pod, slow, snapshot)]
          assert.deepStrictEqual(one.names, other.names)
          assert.strictEqual(one.message, other.message)
          assert.strictEqual(one.best?.name, other.best?.name)
          // Pods and nodes come and go.
          if (one.best !== undefined) snapshot.setPod({ ...pod, spec: { ...pod.spec, nodeName: one.best.name } })
          if (index % 7 === 6) snapshot.removePod(podOf({ name: `pod-${index - 3}` }))
          if (index % 9 === 8) snapshot.removeNode("node-0")
          if (index % 9 === 0) snapshot.setNode(nodeOf("node-0", { labels: nodes[0] ?? {} }))
        })
      }),
      { numRuns: 200 }
    )
  })
})
