/** From which nodes a volume can be reached. */
import * as Selector from "../../../kernel/resource/Selector.ts"
import type { Node, PersistentVolume, TopologySelectorTerm } from "../../resources/contracts/core/v1.ts"
import type { CSIStorageCapacity } from "../../resources/contracts/storage/v1.ts"
import * as NodeSelectors from "../contracts/NodeSelectors.ts"

export const reaches = ({ spec }: PersistentVolume, node: Node) => {
  const terms = spec.nodeAffinity?.required?.nodeSelectorTerms
  return terms === undefined || terms.some((term) => NodeSelectors.term(term)(node))
}

/** Of a storage class: without terms, all nodes. */
export const allows = (terms: ReadonlyArray<TopologySelectorTerm> | undefined, { metadata: { labels = {} } }: Node) =>
  terms === undefined ||
  terms.length === 0 ||
  terms.some(({ matchLabelExpressions = [] }) =>
    matchLabelExpressions.every(({ key, values }) => Object.hasOwn(labels, key) && values.includes(labels[key] ?? ""))
  )

export const serves = ({ nodeTopology }: CSIStorageCapacity, { metadata }: Node) =>
  nodeTopology !== undefined && Selector.matcher(nodeTopology)(metadata.labels)
