/** Quotas and limits of namespaces: what is wrong with them, and how they are shown. */
import type { Strategy } from "../../../kernel/resource/Strategy.ts"
import { text } from "../Columns.ts"
import type { LimitRange, ResourceQuota } from "../contracts/core/v1.ts"
import { created } from "../rbac/Rbac.ts"
import { validateQuantity } from "./ResourceValidation.ts"

/** Used of what is given, by resource. */
const used =
  (isLimit: boolean) =>
  ({ status: { hard = {}, used = {} } }: ResourceQuota) =>
    Object.keys(hard)
      .toSorted()
      .filter((name) => name.startsWith("limits.") === isLimit)
      .map((name) => `${name}: ${used[name] ?? "0"}/${hard[name]}`)
      .join(", ")

export const quota: Strategy<ResourceQuota> = {
  generation: false,
  validate: ({ spec }) =>
    Object.entries(spec.hard ?? {}).flatMap(([name, amount]) => validateQuantity(amount, `spec.hard[${name}]`)),
  columns: [
    text("Request", "How much of it is used.", used(false)),
    text("Limit", "How much of the limits is used.", used(true))
  ]
}

export const limitRange: Strategy<LimitRange> = { columns: [created] }
