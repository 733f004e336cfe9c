/** One extender: another program that has a say, over HTTP, about Pods that ask for what it manages, or about all. */
import { Effect } from "effect"
import type { Container, Pod } from "../../resources/contracts/core/v1.ts"
import { Failed, type Refusal, unresolvable, unschedulable } from "../contracts/Framework.ts"
import type { NodeInfo, PodInfo, View } from "../contracts/Nodes.ts"
import type { Victims } from "../plugins/default-preemption/Victims.ts"
import * as Post from "./Post.ts"
import * as Protocol from "./Protocol.ts"
import type * as Settings from "./Settings.ts"

export interface Sieved {
  readonly nodes: ReadonlyArray<NodeInfo>
  readonly refusals: ReadonlyMap<string, Refusal>
}

/** Scores go to 10 there, and to 100 here. */
const scale = 10

/** Whether a Pod asks for something that it manages; one that manages nothing is asked about all. */
const interestOf = ({ managedResources = [] }: Settings.Extender) => {
  const managed = new Set(managedResources.map(({ name }) => name))
  const asks = ({ resources: { limits, requests } }: Container) =>
    [limits, requests].some((listed) => Object.keys(listed ?? {}).some((name) => managed.has(name)))
  return ({ spec: { containers, initContainers = [] } }: Pod) =>
    managed.size === 0 || [...containers, ...initContainers].some(asks)
}

const refusalsOf = (failed: { readonly [node: string]: string } = {}, refuse: (reason: string) => Refusal) =>
  Object.entries(failed).map(([node, reason]) => [node, refuse(reason)] as const)

export const make = Effect.fnUntraced(function* (settings: Settings.Extender) {
  const { bindVerb = "", filterVerb = "", nodeCacheCapable = false, preemptVerb = "", prioritizeVerb = "" } = settings
  const { ignorable = false, urlPrefix, weight = 0 } = settings
  const post = yield* Post.make(settings)

  const about = ({ pod }: PodInfo, nodes: ReadonlyArray<NodeInfo>) =>
    nodeCacheCapable
      ? { Pod: pod, Nodes: null, NodeNames: nodes.map(({ name }) => name) }
      : { Pod: pod, Nodes: { metadata: {}, items: nodes.map(({ node }) => node) }, NodeNames: null }

  const filter = Effect.fnUntraced(function* (pod: PodInfo, nodes: ReadonlyArray<NodeInfo>) {
    const answer = yield* post(filterVerb, about(pod, nodes), Protocol.Filtered)
    if (answer.error) return yield* new Failed({ message: answer.error })
    const given = new Map(nodes.map((node) => [node.name, node]))
    const listed = answer.nodes?.items?.map(({ metadata }) => metadata.name) ?? []
    const names = nodeCacheCapable && answer.nodenames !== undefined ? answer.nodenames : listed
    const stranger = names.find((name) => !given.has(name))
    if (stranger !== undefined)
      return yield* new Failed({
        message: `extender ${JSON.stringify(urlPrefix)} claims a filtered node ${JSON.stringify(stranger)} which is not found in the input node list`
      })
    // What is in both cannot be resolved.
    const refusals = [
      ...refusalsOf(answer.failednodes, unschedulable),
      ...refusalsOf(answer.failedandunresolvablenodes, unresolvable)
    ]
    return { nodes: names.flatMap((name) => given.get(name) ?? []), refusals: new Map(refusals) } satisfies Sieved
  })

  /** What is added to the score of a node. */
  const prioritize = Effect.fnUntraced(function* (pod: PodInfo, nodes: ReadonlyArray<NodeInfo>) {
    const answer = yield* post(prioritizeVerb, about(pod, nodes), Protocol.Prioritized)
    return new Map((answer ?? []).map(({ host, score }) => [host, score * weight * scale]))
  })

  /** The victims that it leaves, or chooses instead. */
  const preempt = Effect.fnUntraced(function* ({ pod }: PodInfo, candidates: ReadonlyArray<Victims>, view: View) {
    const whole = ({ node, pods, violations }: Victims) =>
      [node, { Pods: pods.map(({ pod }) => pod), NumPDBViolations: violations }] as const
    const short = ({ node, pods, violations }: Victims) =>
      [node, { Pods: pods.map(({ pod }) => ({ UID: pod.metadata.uid })), NumPDBViolations: violations }] as const
    const args = nodeCacheCapable
      ? { Pod: pod, NodeNameToVictims: null, NodeNameToMetaVictims: Object.fromEntries(candidates.map(short)) }
      : { Pod: pod, NodeNameToVictims: Object.fromEntries(candidates.map(whole)), NodeNameToMetaVictims: null }
    const { nodenametometavictims = {} } = yield* post(preemptVerb, args, Protocol.Preempted)
    const found: Array<Victims> = []
    for (const [node, { numpdbviolations = 0, pods = [] }] of Object.entries(nodenametometavictims)) {
      const there = view.find(node)
      if (there === undefined)
        return yield* new Failed({ message: `nodeinfo not found for node name ${JSON.stringify(node)}` })
      const unknown = pods.find(({ uid = "" }) => !there.pods.has(uid))
      if (unknown !== undefined)
        return yield* new Failed({
          message: `extender: ${urlPrefix} claims to preempt pod (UID: ${unknown.uid}) on node: ${node}, but the pod is not found on that node`
        })
      if (pods.length > 0)
        found.push({ node, pods: pods.flatMap(({ uid = "" }) => there.pods.get(uid) ?? []), violations: numpdbviolations })
      else if (!ignorable)
        return yield* new Failed({ message: `expected at least one victim pod on node ${JSON.stringify(node)}` })
    }
    return found
  })

  const bind = Effect.fnUntraced(function* ({ pod: { metadata } }: PodInfo, node: string) {
    const { name, namespace, uid } = metadata
    const { error } = yield* post(
      bindVerb,
      { PodName: name, PodNamespace: namespace, PodUID: uid, Node: node },
      Protocol.Bound
    )
    if (error) return yield* new Failed({ message: error })
  })

  return {
    url: urlPrefix,
    isIgnorable: ignorable,
    isInterested: interestOf(settings),
    ...(filterVerb !== "" && { filter }),
    ...(prioritizeVerb !== "" && { prioritize }),
    ...(preemptVerb !== "" && { preempt }),
    ...(bindVerb !== "" && { bind })
  }
})
export type Extender = Effect.Success<ReturnType<typeof make>>
