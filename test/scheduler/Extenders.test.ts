/** The scheduler asks other programs over HTTP, as upstream's does: here one is played, as a program in Go would answer. */
import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import { Client } from "../../kernel/client/Client.ts"
import { Event, Node, Pod } from "../../plugins/resources/contracts/core/v1.ts"
import * as Configuration from "../../plugins/scheduler/Configuration.ts"
import * as Scheduler from "../../plugins/scheduler/Scheduler.ts"
import { at, cluster, when } from "../controllers/Cluster.ts"
import { extender } from "./Extender.ts"
import { draftOf } from "./Nodes.ts"

const started = (...extenders: ReadonlyArray<object>) => {
  const header = { apiVersion: "kubescheduler.config.k8s.io/v1", kind: "KubeSchedulerConfiguration" }
  return cluster(Scheduler.plugin({ configuration: JSON.stringify({ ...header, extenders }) }))
}

const addNode = Effect.fnUntraced(function* (name: string, cpu = "4") {
  const client = yield* Client
  const node = yield* client.create(Node, { metadata: { name } })
  return yield* client.update(Node, { ...node, status: draftOf(name, { cpu }).status }, { subresource: "status" })
})
const pod = (name: string, requests: { readonly [name: string]: string } = { cpu: "1" }, priority?: number) => ({
  metadata: at(name),
  spec: {
    containers: [{ name: "c", image: "i", resources: { requests, limits: requests } }],
    ...(priority !== undefined && { priority })
  }
})
const nodeOf = (name: string) =>
  Effect.map(
    when(Pod, (all) => all.some(({ metadata, spec }) => metadata.name === name && spec.nodeName !== undefined)),
    (pods) => pods.find(({ metadata }) => metadata.name === name)?.spec.nodeName
  )
const refusalOf = (name: string) =>
  Effect.map(
    when(Event, (all) =>
      all.some(({ involvedObject, reason }) => involvedObject.name === name && reason === "FailedScheduling")
    ),
    (events) => events.find(({ involvedObject }) => involvedObject.name === name)?.message
  )

describe("extenders", () => {
  it.live("filter and prioritize, by names or whole nodes", () =>
    Effect.gen(function* () {
      const byName = yield* extender(({ args, verb }) =>
        verb.endsWith("filter")
          ? {
              Nodes: null,
              NodeNames: args.NodeNames?.filter((name) => name !== "n1"),
              FailedNodes: { n1: "n1 is not liked" },
              FailedAndUnresolvableNodes: null,
              Error: ""
            }
          : args.NodeNames?.map((Host) => ({ Host, Score: Host === "n3" ? 10 : 0 }))
      )
      const whole = yield* extender(({ args }) => ({ nodes: { items: args.Nodes?.items ?? null } }))
      const verbs = { filterVerb: "filter", prioritizeVerb: "prioritize", weight: 50, nodeCacheCapable: true }
      yield* Effect.gen(function* () {
        yield* Effect.forEach(["n1", "n2", "n3"], (name) => addNode(name))
        const client = yield* Client
        yield* client.create(Pod, pod("p"))
        assert.strictEqual(yield* nodeOf("p"), "n3")
      }).pipe(
        Effect.provide(
          started({ urlPrefix: byName.urlPrefix, ...verbs }, { urlPrefix: whole.urlPrefix, filterVerb: "sieve" })
        )
      )
      assert.deepStrictEqual(
        byName.asked.map(({ verb }) => verb),
        ["/scheduler/filter", "/scheduler/prioritize"]
      )
      assert.deepStrictEqual(whole.asked[0]?.args.Nodes?.items.map(({ metadata }) => metadata.name).toSorted(), ["n2", "n3"])
    })
  )

  it.live("are asked about what they manage, and say why not", () =>
    Effect.gen(function* () {
      const { asked, urlPrefix } = yield* extender(() => ({ failednodes: { n1: "no licence left" } }))
      const managedResources = [{ name: "example.com/licence", ignoredByScheduler: true }]
      yield* Effect.gen(function* () {
        const client = yield* Client
        yield* addNode("n1")
        yield* client.create(Pod, pod("other"))
        assert.strictEqual(yield* nodeOf("other"), "n1")
        assert.strictEqual(asked.length, 0)
        yield* client.create(Pod, pod("wants", { "example.com/licence": "1" }))
        assert.match((yield* refusalOf("wants")) ?? "", /^0\/1 nodes are available: 1 no licence left\./)
      }).pipe(Effect.provide(started({ urlPrefix, filterVerb: "filter", nodeCacheCapable: true, managedResources })))
    })
  )

  it.live("that fail are an error, or left out", () =>
    Effect.gen(function* () {
      const { urlPrefix } = yield* extender(() => undefined)
      const one = { urlPrefix, filterVerb: "filter" }
      const run = Effect.gen(function* () {
        const client = yield* Client
        yield* addNode("n1")
        yield* client.create(Pod, pod("p"))
      })
      yield* run.pipe(
        Effect.andThen(refusalOf("p")),
        Effect.tap((message) =>
          Effect.sync(() => assert.strictEqual(message, `failed filter with extender at URL ${urlPrefix}filter, code 500`))
        ),
        Effect.andThen(
          when(Pod, ([one]) => one?.status.conditions?.some(({ reason }) => reason === "SchedulerError") === true)
        ),
        Effect.provide(started(one))
      )
      yield* run.pipe(Effect.andThen(nodeOf("p")), Effect.provide(started({ ...one, ignorable: true })))
    })
  )

  it.live("bind in the scheduler's place", () =>
    Effect.gen(function* () {
      const { asked, urlPrefix } = yield* extender(() => ({ Error: "not today" }))
      yield* Effect.gen(function* () {
        const client = yield* Client
        yield* addNode("n1")
        yield* client.create(Pod, pod("p"))
        assert.strictEqual(yield* refusalOf("p"), "not today")
      }).pipe(Effect.provide(started({ urlPrefix, bindVerb: "bind" })))
      assert.deepInclude(asked[0]?.args, { PodName: "p", Node: "n1" })
    })
  )

  it.live("choose among those who would have to go", () =>
    Effect.gen(function* () {
      const { asked, urlPrefix } = yield* extender(({ args }) => {
        const victims = args.NodeNameToVictims?.["n2"]?.Pods ?? []
        return { NodeNameToMetaVictims: { n2: { Pods: victims.map(({ metadata }) => ({ UID: metadata.uid })) } } }
      })
      yield* Effect.gen(function* () {
        const client = yield* Client
        yield* Effect.forEach(["n1", "n2", "n3"], (name) => addNode(name, "1"))
        yield* Effect.forEach(["a", "b", "c"], (name) => client.create(Pod, pod(name, { cpu: "1" }, 1)))
        const placed = yield* when(Pod, (all) => all.filter(({ spec }) => spec.nodeName !== undefined).length === 3)
        yield* client.create(Pod, pod("urgent", { cpu: "1" }, 1000))
        const left = yield* when(Pod, (all) => all.some(({ status }) => status.nominatedNodeName !== undefined))
        assert.strictEqual(left.find(({ metadata }) => metadata.name === "urgent")?.status.nominatedNodeName, "n2")
        const victim = placed.find(({ spec }) => spec.nodeName === "n2")?.metadata.name
        yield* when(Pod, (all) =>
          all.every(({ metadata }) => metadata.name !== victim || metadata.deletionTimestamp !== undefined)
        )
      }).pipe(Effect.provide(started({ urlPrefix, preemptVerb: "preempt" })))
      assert.deepStrictEqual(Object.keys(asked[0]?.args.NodeNameToVictims ?? {}).toSorted(), ["n1", "n2", "n3"])
    })
  )

  it.effect("are refused where they are wrong", () =>
    Effect.gen(function* () {
      const wrong = (...extenders: ReadonlyArray<object>) =>
        Effect.flip(
          Configuration.read(
            JSON.stringify({
              apiVersion: "kubescheduler.config.k8s.io/v1",
              kind: "KubeSchedulerConfiguration",
              extenders
            }),
            "a file"
          )
        )
      const urlPrefix = "http://localhost"
      assert.match((yield* wrong({ urlPrefix, prioritizeVerb: "p" })).message, /must have a positive weight/)
      assert.match((yield* wrong({ urlPrefix, bindVerb: "b" }, { urlPrefix, bindVerb: "b" })).message, /only one extender/)
      assert.match((yield* wrong({ urlPrefix, httpTimeout: "soon" })).message, /httpTimeout/)
    })
  )
})
