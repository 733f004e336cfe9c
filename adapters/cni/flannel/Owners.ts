/**
 * Who leads a node's Pods to others now. One takes another's place while that still runs, and both may use the same tunnel: who ends
 * leaves alone what is its successor's.
 */
import { Effect } from "effect"

export type Kind = "vxlan" | "host-gw" | "flanneld"

interface Owner {
  readonly kind: Kind
  readonly hasTunnel: boolean
}

/** Of each node, in the order in which they came. */
const owners = new Map<string, ReadonlyArray<Owner>>()

export const isClaimed = (nodeName: string) => (owners.get(nodeName) ?? []).length > 0

/** Until the scope closes. What it gives says who came after: nobody, or the last who did. */
export const claim = Effect.fnUntraced(function* (nodeName: string, kind: Kind, hasTunnel: boolean) {
  const mine: Owner = { kind, hasTunnel }
  const all = () => owners.get(nodeName) ?? []
  yield* Effect.acquireRelease(
    Effect.sync(() => owners.set(nodeName, [...all(), mine])),
    () =>
      Effect.sync(() =>
        owners.set(
          nodeName,
          all().filter((one) => one !== mine)
        )
      )
  )
  return () =>
    all()
      .slice(all().indexOf(mine) + 1)
      .at(-1)
})
