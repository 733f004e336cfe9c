/** What caches tell, as changes of single objects: after a snapshot of the cache, what it does not show is gone. */
import { Effect, Stream } from "effect"
import { same } from "../../kernel/resource/JsonEqual.ts"
import type { Resource } from "../../kernel/resource/Kind.ts"
import type { Event } from "../../kernel/table/Table.ts"
import type { Node, Pod } from "../resources/contracts/core/v1.ts"
import type { Action } from "./contracts/Changes.ts"
import { givenTo, infoOf } from "./Resources.ts"

interface Changing<A> {
  readonly changes: Stream.Stream<{ readonly revision: number; readonly events: ReadonlyArray<Event<A>> }>
}

/** `seen` is told what was there before; without `after` the object is gone, and `last` is as it went. `known`, by uid: what was seen already. `upTo`: all that there is as of a revision was seen. */
export const follow = <A extends Resource>(
  { changes }: Changing<A>,
  seen: (before: A | undefined, after: A | undefined, last?: A) => void,
  known = new Map<string, A>(),
  upTo: (revision: number) => void = () => {}
) => {
  const see = (object: A) => {
    const { uid } = object.metadata
    const before = known.get(uid)
    known.set(uid, object)
    seen(before, object)
  }
  const lose = (object: A) => {
    const { uid } = object.metadata
    const before = known.get(uid) ?? object
    known.delete(uid)
    seen(before, undefined, object)
  }
  const on = (event: Event<A>) => {
    if (event._tag === "Deleted") return lose(event.object)
    if (event._tag === "Applied") return see(event.object)
    const here = new Set(event.objects.map(({ metadata }) => metadata.uid))
    for (const [uid, object] of [...known]) if (!here.has(uid)) lose(object)
    event.objects.forEach(see)
  }
  return Stream.runForEach(changes, ({ events, revision }) =>
    Effect.sync(() => {
      events.forEach(on)
      upTo(revision)
    })
  )
}

/** As hints are asked about it. */
export const changeOf = <A>(before: A | undefined, after: A | undefined) => ({
  actions: [after === undefined ? "Delete" : before === undefined ? "Add" : "Update"] as const,
  ...(before !== undefined && { before }),
  ...(after !== undefined && { after })
})

/** What of a node has changed, as far as a Pod may be placed by it. Heartbeats are nothing. */
export const nodeActions = (before: Node | undefined, after: Node | undefined): ReadonlyArray<Action> => {
  if (after === undefined) return ["Delete"]
  if (before === undefined) return ["Add"]
  const actions: Array<Action> = []
  if (!same(before.status.allocatable, after.status.allocatable)) actions.push("UpdateAllocatable")
  if (!same(before.metadata.labels, after.metadata.labels)) actions.push("UpdateLabels")
  const isSameTaint = same(before.spec.taints, after.spec.taints)
  if (!isSameTaint || before.spec.unschedulable !== after.spec.unschedulable) actions.push("UpdateTaints")
  return actions
}

const isLess = (a: Pod, b: Pod) => {
  const [before, after] = [infoOf(a).requests, infoOf(b).requests]
  return (
    after.cpu < before.cpu ||
    after.memory < before.memory ||
    after.storage < before.storage ||
    Object.entries(before.others).some(([name, amount]) => (after.others[name] ?? 0) < amount)
  )
}

/** A Pod that has a node, or had. */
const isPlaced = ({ spec, status }: Pod) =>
  Boolean(spec.nodeName) && status.phase !== "Succeeded" && status.phase !== "Failed"

export const podActions = (before: Pod | undefined, after: Pod | undefined): ReadonlyArray<Action> => {
  const was = before !== undefined && isPlaced(before)
  const is = after !== undefined && isPlaced(after)
  if (!was) return is ? ["Add"] : []
  if (!is) return ["Delete"]
  const actions: Array<Action> = []
  if (!same(before.metadata.labels, after.metadata.labels)) actions.push("UpdateLabels")
  const isSame = before.metadata.generation === after.metadata.generation && same(givenTo(before), givenTo(after))
  if (!isSame && isLess(before, after)) actions.push("ScaleDown")
  return actions
}
