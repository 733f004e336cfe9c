/** Where a node is, which the Pods on it have as labels, too. Source: KEP-4742. */
import type { Node } from "./core/v1.ts"

const keys = ["topology.kubernetes.io/zone", "topology.kubernetes.io/region"]

/** The labels that a Pod gets with the node. */
export const podLabels = ({ metadata: { labels = {} } }: Node): ReadonlyArray<readonly [string, string]> =>
  keys.flatMap((key) => {
    const value = labels[key]
    return value === undefined ? [] : [[key, value] as const]
  })
