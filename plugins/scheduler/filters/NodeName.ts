/** The Pod names its node, where that has not been taken for a binding: only that one will do. */
import type { Filter } from "../contracts/Extensions.ts"

const other = ["node(s) didn't match the requested node name"]

export const nodeName: Filter = {
  name: "NodeName",
  retryOn: ["node"],
  prepare: ({ pod: { spec } }) =>
    spec.nodeName === undefined || spec.nodeName === "" ? undefined : ({ name }) => (name === spec.nodeName ? [] : other)
}
