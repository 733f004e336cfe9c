/**
 * The scheduler's extension points: pure synchronous functions on plain data, in registries of the scheduler's isolate. Each is
 * asked once for a Pod (`prepare`), and gives a function of one node, or nothing if it has no say about that Pod.
 */
import { Context, Effect, Layer, type Scope } from "effect"
import type { Pod } from "../../resources/contracts/core/v1.ts"
import type { NodeInfo, PodInfo, View } from "./Nodes.ts"

/** What may let a Pod be placed that could not be before. */
export type ClusterEvent = "node" | "pod added" | "pod removed"

export interface Filter {
  readonly name: string
  /** When to try again what this filter refused. A change of the Pod itself always counts. */
  readonly retryOn: ReadonlyArray<ClusterEvent>
  /** Answers with the reasons against a node, as `Insufficient cpu`; none: the node will do. */
  readonly prepare: (pod: PodInfo, view: View) => ((node: NodeInfo) => ReadonlyArray<string>) | undefined
}

export interface Score {
  readonly name: string
  readonly weight: number
  /** Answers with 0 to 100, more is better, unless `scale` says otherwise. */
  readonly prepare: (pod: PodInfo, view: View) => ((node: NodeInfo) => number) | undefined
  /** The numbers are of any size: the greatest becomes 100 (`most`), or 0 (`least`). */
  readonly scale?: "most" | "least"
}

/** Keeps a Pod out of the queue, with a reason. */
export interface Gate {
  readonly name: string
  readonly holds: (pod: Pod) => boolean
}

interface Registry<A> {
  readonly add: (one: A) => Effect.Effect<void, never, Scope.Scope>
  readonly all: () => ReadonlyArray<A>
}

const registry = <A>(): Registry<A> => {
  const all = new Set<A>()
  return {
    add: (one) =>
      Effect.asVoid(
        Effect.acquireRelease(
          Effect.sync(() => all.add(one)),
          () => Effect.sync(() => all.delete(one))
        )
      ),
    all: () => [...all]
  }
}

export class Filters extends Context.Service<Filters, Registry<Filter>>()("scheduler/Filters") {
  static readonly add = (filter: Filter) => Layer.effectDiscard(Effect.flatMap(Filters, (filters) => filters.add(filter)))
  static readonly layer = Layer.sync(Filters, () => Filters.of(registry()))
}

export class Scores extends Context.Service<Scores, Registry<Score>>()("scheduler/Scores") {
  static readonly add = (score: Score) => Layer.effectDiscard(Effect.flatMap(Scores, (scores) => scores.add(score)))
  static readonly layer = Layer.sync(Scores, () => Scores.of(registry()))
}

export class Gates extends Context.Service<Gates, Registry<Gate>>()("scheduler/Gates") {
  static readonly add = (gate: Gate) => Layer.effectDiscard(Effect.flatMap(Gates, (gates) => gates.add(gate)))
  static readonly layer = Layer.sync(Gates, () => Gates.of(registry()))
}

/** All registries, empty. */
export const layer = Layer.mergeAll(Filters.layer, Scores.layer, Gates.layer)
