/** The selector that objects carry, as a schema. Source: meta/v1 LabelSelector. */
import * as Field from "./Field.ts"
import type { LabelSelector as Type } from "./Selector.ts"

const { Text, define, list, map, optional, struct } = Field

const Requirement = define("meta.v1.LabelSelectorRequirement", () =>
  struct({ key: Text, operator: Text, values: optional(list(Text, { list: "atomic" })) })
)

export const LabelSelector = define<Type>("meta.v1.LabelSelector", () =>
  struct({ matchLabels: optional(map(Text)), matchExpressions: optional(list(Requirement(), { list: "atomic" })) })
)
