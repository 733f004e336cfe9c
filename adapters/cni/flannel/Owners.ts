/**
 * Who leads a node's Pods to others now. One takes another's place while that still runs, and both may use the same tunnel: who ends
 * leaves alone what is its successor's.
 */
import { Effect } from "effect"

export type Kind = "vxlan" | "host-gw" | "flanneld"

const owners = new Map<string, { readonly kind: Kind; readonly hasTunnel: boolean }>()

export const isClaimed = (nodeName: string) => owners.has(nodeName)

/** Until the scope closes, or the next claims the node. */
export const claim = Effect.fnUntraced(function* (nodeName: string, kind: Kind, hasTunnel: boolean) {
  const mine = { kind, hasTunnel }
  yield* Effect.acquireRelease(
    Effect.sync(() => owners.set(nodeName, mine)),
    () => Effect.sync(() => owners.get(nodeName) === mine && owners.delete(nodeName))
  )
  /** Absent while nobody came after. */
  return () => {
    const now = owners.get(nodeName)
    return now === mine ? undefined : now
  }
})
