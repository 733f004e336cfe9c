/**
 * Schedulers change places, and the same comes of it, word for word: upstream's kube-scheduler and ours on upstream's API server, and
 * upstream's on ours. Both ask an extender the same.
 */
import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import { writeFileSync } from "node:fs"
import { join } from "node:path"
import * as Program from "../../adapters/Program.ts"
import type { Endpoint } from "../../conformance/stage/Endpoint.ts"
import * as KubeApiservers from "../../conformance/stage/KubeApiservers.ts"
import * as Scheduler from "../../plugins/scheduler/Scheduler.ts"
import { type Asked, extender } from "../scheduler/Extender.ts"
import * as Beside from "./Beside.ts"
import * as Scheduling from "./Scheduling.ts"
import * as Stories from "./Stories.ts"

const lacks = ["etcd", "kube-apiserver", "kube-scheduler"].filter((name) => Program.find(name) === undefined)
const title = lacks.length === 0 ? "" : ` (this machine lacks upstream's ${lacks.join(", ")})`

/** It likes b2 best, will not have Pods called `disliked`, agrees to all victims, and binds nothing. */
const answer = ({ args: { NodeNameToVictims, NodeNames, Nodes, Pod }, verb }: Asked): unknown => {
  const name = Pod?.metadata.name
  if (verb.endsWith("/filter"))
    return name === "disliked"
      ? { FailedNodes: Object.fromEntries((NodeNames ?? []).map((node) => [node, "not liked"])) }
      : { NodeNames }
  if (verb.endsWith("/prioritize")) return NodeNames?.map((Host) => ({ Host, Score: Host === "b2" ? 10 : 0 }))
  if (verb.endsWith("/whole")) return { Nodes }
  if (verb.endsWith("/bind")) return { Error: "not today" }
  const victims = Object.entries(NodeNameToVictims ?? {}).map(([node, { Pods }]) => {
    const meta = { Pods: Pods.map(({ metadata }) => ({ UID: metadata.uid })) }
    return [node, meta] as const
  })
  return { NodeNameToMetaVictims: Object.fromEntries(victims) }
}

/** What was asked, without what differs from Pod to Pod. What is tried again is asked again. */
const questions = (asked: ReadonlyArray<Asked>) => {
  const texts = asked.map(({ args, verb }) => {
    const nodes = (args.Nodes?.items ?? []).map(({ metadata }) => metadata.name).toSorted()
    const victims = Object.entries(args.NodeNameToVictims ?? {}).map(
      ([node, { Pods }]) => `${node}: ${Pods.map(({ metadata }) => metadata.name).join()}`
    )
    const about = args.Pod?.metadata.name ?? `${args.PodName} on ${args.Node}`
    return [verb, about, Object.keys(args).toSorted(), nodes, args.NodeNames?.toSorted(), victims]
  })
  return [...new Set(texts.map((text) => JSON.stringify(text)))]
}

const configurationOf = (urlPrefix: string, more: object = {}) =>
  JSON.stringify({
    apiVersion: "kubescheduler.config.k8s.io/v1",
    kind: "KubeSchedulerConfiguration",
    extenders: [
      { urlPrefix, filterVerb: "filter", prioritizeVerb: "prioritize", weight: 50, nodeCacheCapable: true },
      { urlPrefix, filterVerb: "whole", preemptVerb: "preempt", httpTimeout: "20s" },
      { urlPrefix, bindVerb: "bind", managedResources: [{ name: "example.com/licence" }] }
    ],
    ...more
  })

const theirs = (path: string, endpoint: Endpoint) =>
  Effect.andThen(Beside.program("kube-scheduler", path, endpoint), Scheduling.run())
const ours = Effect.suspend(() => Scheduling.run()).pipe(Effect.provide(Scheduler.plugin().layer))

const theirsExtended = Effect.fnUntraced(function* (path: string, endpoint: Endpoint) {
  const { asked, urlPrefix } = yield* extender(answer)
  const config = join(path, "scheduler.json")
  const kubeconfig = join(path, "kube-scheduler.kubeconfig")
  writeFileSync(
    config,
    configurationOf(urlPrefix, { clientConnection: { kubeconfig }, leaderElection: { leaderElect: false } })
  )
  yield* Beside.program("kube-scheduler", path, endpoint, { config })
  return { told: yield* Scheduling.run(Stories.extended), asked: questions(asked) }
})
const oursExtended = Effect.gen(function* () {
  const { asked, urlPrefix } = yield* extender(answer)
  const told = yield* Scheduling.run(Stories.extended).pipe(
    Effect.provide(Scheduler.plugin({ configuration: configurationOf(urlPrefix) }).layer)
  )
  return { told, asked: questions(asked) }
})

describe.skipIf(lacks.length > 0)(`schedulers change places${title}`, () => {
  it.live(
    "upstream's and ours tell the same stories on upstream's API server, and ask extenders the same",
    () =>
      Effect.gen(function* () {
        const path = yield* Beside.directory
        const endpoint = yield* KubeApiservers.upstream(path)
        yield* Effect.gen(function* () {
          yield* Scheduling.site
          assert.deepStrictEqual(yield* ours, yield* Effect.scoped(theirs(path, endpoint)))
          const wanted = yield* Effect.scoped(theirsExtended(path, endpoint))
          assert.deepStrictEqual(yield* Effect.scoped(oursExtended), wanted)
        }).pipe(Effect.provide(Beside.clientOf(endpoint)))
      }).pipe(Effect.scoped),
    300_000
  )

  it.live(
    "upstream's tells them on our API server too, as ours does",
    () =>
      Effect.gen(function* () {
        const path = yield* Beside.directory
        const endpoint = yield* KubeApiservers.keelson(path)
        yield* Effect.gen(function* () {
          yield* Scheduling.site
          assert.deepStrictEqual(yield* ours, yield* Effect.scoped(theirs(path, endpoint)))
        }).pipe(Effect.provide(Beside.clientOf(endpoint)))
      }).pipe(Effect.scoped),
    300_000
  )
})
