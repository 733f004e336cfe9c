/** The node has the labels that the Pod's node selector and required node affinity ask for. */
import type { Filter } from "../contracts/Extensions.ts"
import { required } from "../contracts/NodeSelectors.ts"

const other = ["node(s) didn't match Pod's node affinity/selector"]

export const nodeAffinity: Filter = {
  name: "NodeAffinity",
  retryOn: ["node"],
  prepare: ({ pod }) => {
    const chooses = required(pod)
    return chooses && (({ node }) => (chooses(node) ? [] : other))
  }
}
