/** The Pod names its node, where that has not been taken for a binding: only that one will do. */
import { onNode } from "../../contracts/Changes.ts"
import { type Plugin, unresolvable } from "../../contracts/Framework.ts"

const other = unresolvable("node(s) didn't match the requested node name")

export const plugin: Plugin = {
  name: "NodeName",
  isLocal: true,
  hints: [onNode(["Add"])],
  preFilter: ({ pod: { spec } }) =>
    spec.nodeName ? { filter: ({ name }) => (name === spec.nodeName ? undefined : other) } : undefined
}
