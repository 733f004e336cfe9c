/** What is asked of a scheduling plugin about a Pod that no node takes. */
import { type Cause, Effect, Random } from "effect"
import type { Asked } from "../Cycle.ts"
import type { Failure, Plugin, Refusal } from "../contracts/Framework.ts"
import type { PodInfo } from "../contracts/Nodes.ts"
import type { Pod } from "../../resources/contracts/core/v1.ts"
import type { SchedulerPoints } from "../contracts/SchedulerPoints.ts"
import { Nominated } from "../Nominated.ts"
import * as InterPodAffinity from "../plugins/inter-pod-affinity/InterPodAffinity.ts"
import * as NodeAffinity from "../plugins/node-affinity/NodeAffinity.ts"
import * as NodeName from "../plugins/node-name/NodeName.ts"
import * as NodePorts from "../plugins/node-ports/NodePorts.ts"
import * as NodeResourcesFit from "../plugins/node-resources-fit/NodeResourcesFit.ts"
import * as NodeUnschedulable from "../plugins/node-unschedulable/NodeUnschedulable.ts"
import * as TaintToleration from "../plugins/taint-toleration/TaintToleration.ts"
import { Trials } from "../Trials.ts"
import { podOf } from "./Told.ts"
import type { World } from "./World.ts"

type ServeRemedies = Pick<SchedulerPoints["Service"], "postFilter">
type Question = Parameters<ServeRemedies["postFilter"]>[0]

/** What a node would be with other Pods on it, these know from nodes and Pods alone. The scheduler asks all of its plugins before it decides. */
const filters = ({ snapshot }: World): ReadonlyArray<Plugin> => [
  NodeUnschedulable.plugin,
  NodeName.plugin,
  TaintToleration.plugin,
  NodeAffinity.make(),
  NodePorts.plugin,
  NodeResourcesFit.make(),
  InterPodAffinity.make(snapshot.namespaceLabels)
]

const failureOf = (
  { snapshot }: World,
  plugins: ReadonlyArray<Plugin>,
  pick: Failure["pick"],
  about: Pod,
  question: Question
): Failure => {
  const infoOf = (pod: Question["pod"]): PodInfo => snapshot.infoOf(podOf(pod))
  const pod = snapshot.infoOf(about)
  const nominated = new Nominated()
  for (const { node, pod } of question.nominated) nominated.set(infoOf(pod), node)
  const refusals = new Map<string, Refusal>()
  for (const { nodes, ...refusal } of question.refused) for (const node of nodes) refusals.set(node, refusal)
  const asked = plugins.flatMap((plugin): ReadonlyArray<Asked> => {
    const filtering = plugin.preFilter?.(pod, snapshot)
    if (filtering === undefined) return []
    return [{ plugin, filtering: "reasons" in filtering ? { filter: () => filtering } : filtering }]
  })
  const trials = new Trials(pod, asked, nominated, [])
  return {
    pod,
    view: snapshot,
    isWhole: question.isWhole,
    refusals,
    trial: (node) => trials.on(node),
    nominated: (node) => nominated.on(node),
    pick
  }
}

export const serveRemedies = Effect.fnUntraced(function* (plugin: Plugin, world: World) {
  const random = yield* Random.Random
  const scope = yield* Effect.scope
  const all = [...filters(world), plugin]
  const pick = (count: number) => Math.floor(random.nextDoubleUnsafe() * count)

  const postFilter = Effect.fnUntraced(function* (question: Question) {
    const pod = yield* world.about(question)
    const answer = plugin.postFilter?.(failureOf(world, all, pick, pod, question)) ?? {}
    const { act, ...remedy } = Effect.isEffect(answer) ? yield* answer : answer
    const failed = (cause: Cause.Cause<never>) => Effect.logWarning(`${plugin.name} could not make room`, cause)
    if (act !== undefined) yield* Effect.forkIn(Effect.catchCause(act, failed), scope)
    return { epoch: world.epoch, ...remedy }
  })
  const served: ServeRemedies = { postFilter }
  return served
})
