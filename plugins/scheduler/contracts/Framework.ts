/**
 * The scheduler's framework: what a scheduling plugin can have a say in. A plugin is a name and functions at some of the extension
 * points. What decides is synchronous, on plain data, in the scheduler's isolate; what follows a decision (permit, bind) is an Effect.
 * Source: "Scheduling Framework" of the Kubernetes documentation, whose names the points have.
 */
import { type Effect, Schema, type Stream } from "effect"
import type { ApiError } from "../../../kernel/client/Errors.ts"
import type { Unavailable } from "../../../kernel/plugin/Contract.ts"
import type { Pod } from "../../resources/contracts/core/v1.ts"
import type { Hint } from "./Changes.ts"
import type { NodeInfo, PodInfo, View } from "./Nodes.ts"

/** Why a node will not do, or no node. */
export interface Refusal {
  readonly reasons: ReadonlyArray<string>
  /** That Pods go away from the node would not change it: preemption does not try. */
  readonly isUnresolvable: boolean
  /** Something is wrong, whichever node it is: the attempt ends. */
  readonly isError?: boolean
}
export const unschedulable = (...reasons: ReadonlyArray<string>): Refusal => ({ reasons, isUnresolvable: false })
export const unresolvable = (...reasons: ReadonlyArray<string>): Refusal => ({ reasons, isUnresolvable: true })

/** It has to be asked first: what the filter of a plugin with `prepare` says of a node until then. */
export const unasked: Refusal = unschedulable("node(s) that a plugin was not asked about")

export const erroneous = (reason: string): Refusal => ({ reasons: [reason], isUnresolvable: true, isError: true })

export interface Within {
  readonly topologyKey: string
  readonly domains: ReadonlyArray<string>
}

/** What a plugin says about nodes for one Pod. */
export interface Filtering {
  /** Only these can do; the others are not asked about. */
  readonly nodes?: ReadonlySet<string>
  /** What is known without asking: only nodes in these domains of a topology can pass. */
  readonly within?: Within
  readonly filter?: (node: NodeInfo) => Refusal | undefined
  /** The same questions are about to be asked as if a Pod were there, or were not. Each is taken back by the other. */
  readonly add?: (pod: PodInfo, node: NodeInfo) => void
  readonly remove?: (pod: PodInfo, node: NodeInfo) => void
}

/** How a plugin likes nodes for one Pod: whole numbers, in the end from 0 to 100. */
export interface Scoring {
  readonly score: (node: NodeInfo) => number
  /** In place. */
  readonly normalize?: (scores: Array<number>, nodes: ReadonlyArray<NodeInfo>) => void
}

/** Refused after a node was chosen. */
export class Rejected extends Schema.TaggedError<Rejected>()("Rejected", {
  plugin: Schema.String,
  reasons: Schema.Array(Schema.String)
}) {
  override get message() {
    return this.reasons.join(", ")
  }
}

/** A plugin could not do its part: the Pod is tried again soon. */
export class Failed extends Schema.TaggedError<Failed>()("Failed", {
  message: Schema.String,
  cause: Schema.optionalKey(Schema.Defect())
}) {}

/** A node as it would be with other Pods on it. */
export interface Trial {
  readonly node: NodeInfo
  readonly add: (pod: PodInfo) => void
  readonly remove: (pod: PodInfo) => void
  /** The Pods that are nominated to the node and come first count as if they were there. */
  readonly fits: () => Refusal | undefined
}

/** An attempt to place a Pod that found no node. */
export interface Failure {
  readonly pod: PodInfo
  readonly view: View
  /** A plugin refused all nodes before any was looked at. */
  readonly isWhole: boolean
  /** By name of node. What is not here, no plugin was asked about. */
  readonly refusals: ReadonlyMap<string, Refusal>
  readonly trial: (node: NodeInfo) => Trial
  /** The Pods that wait for room on a node. */
  readonly nominated: (node: string) => ReadonlyArray<PodInfo>
  /** One of so many, from 0. */
  readonly pick: (count: number) => number
}
export interface Remedy {
  /** The node where there will be room; `""`: none, also if there was one before. */
  readonly nominate?: string
  /** Why there is none. */
  readonly message?: string
  /** No other plugin is asked. */
  readonly isLast?: boolean
  /** What has to be done for it, beside the loop. */
  readonly act?: Effect.Effect<void>
}

/** A Pod in the queue. Times in milliseconds. */
export interface Queued {
  readonly pod: Pod
  /** How often it was tried. */
  readonly attempts: number
  /** Since when it waits in this part of the queue. */
  readonly since: number
}

/** Pods on their way into the queue. */
export interface Entering {
  readonly pods: ReadonlyArray<Queued>
  /** Those that wait in the queue's order already. */
  readonly waiting: () => Iterable<Queued>
  readonly revision: View["revision"]
}

type Binding<A = void> = Effect.Effect<A, Rejected | Failed | ApiError | Unavailable>

export interface Plugin {
  readonly name: string
  /**
   * What it says of a node, filter and score, depends on the Pod's spec and labels, the node and the Pods there alone: of equal Pods
   * it is not asked again until the node changes. In another isolate it is then asked about what has changed, and not for each Pod;
   * whether it has a say about a Pod has to depend on no more than that either.
   */
  readonly isLocal?: boolean
  /** What may help Pods that it refused, beside a change of the Pod itself. Without it, and without `again`, anything may. */
  readonly hints?: ReadonlyArray<Hint>
  /** Tells of Pods, by uid, that it has refused and that may be tried again now; of none: all of them. */
  readonly again?: Stream.Stream<ReadonlyArray<string>>
  /**
   * Before Pods come into the queue: where its own answers have to be asked for. Answers whether those that wait already stand in
   * another order now. Until it succeeds, they stay outside.
   */
  readonly prepareEnqueue?: (entering: Entering) => Effect.Effect<boolean, Failed>
  /** Keeps a Pod out of the queue. */
  readonly preEnqueue?: (pod: Pod) => Refusal | undefined
  /** Less than 0: `a` comes first. One plugin orders the queue: the one that has joined last, or else the scheduler's own. */
  readonly queueSort?: (a: Queued, b: Queued) => number
  /**
   * Where its own answers have to be asked for, as of a plugin in another isolate: asks for them, of nodes that all others take and
   * of which its filter says `unasked`. A refusal stands for all nodes.
   */
  readonly prepare?: (pod: PodInfo, view: View, nodes: ReadonlyArray<NodeInfo>) => Effect.Effect<Refusal | undefined, Failed>
  /** The same before scores, of the nodes that will do. */
  readonly prepareScore?: (pod: PodInfo, view: View, nodes: ReadonlyArray<NodeInfo>) => Effect.Effect<void, Failed>
  /** Nothing: it has no say about this Pod. A refusal stands for all nodes. */
  readonly preFilter?: (pod: PodInfo, view: View) => Filtering | Refusal | undefined
  /** An Effect where others have to be asked for it. */
  readonly postFilter?: (failure: Failure) => Remedy | Effect.Effect<Remedy>
  readonly preScore?: (pod: PodInfo, view: View, nodes: ReadonlyArray<NodeInfo>) => Scoring | undefined
  readonly reserve?: (pod: PodInfo, node: NodeInfo, view: View) => Refusal | undefined
  /** Also of what it was not asked to reserve. */
  readonly unreserve?: (pod: PodInfo, node: string) => void
  /** May take its time. */
  readonly permit?: (pod: PodInfo, node: string) => Binding
  readonly preBind?: (pod: PodInfo, node: string) => Binding
  /** Answers whether it has bound the Pod; if not, the next is asked. */
  readonly bind?: (pod: PodInfo, node: string) => Binding<boolean>
  readonly postBind?: (pod: PodInfo, node: string) => Effect.Effect<void>
}
