/** Quotas and limits of namespaces: what is wrong with them, and how they are shown. */
import type { Strategy } from "../../../kernel/resource/Strategy.ts"
import { text } from "../Columns.ts"
import type { LimitRange, LimitRangeItem, ResourceQuota } from "../contracts/core/v1.ts"
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

/** For containers the bounds are what is given to who states nothing, unless something else is. */
const withDefaults = (item: LimitRangeItem): LimitRangeItem => {
  if (item.type !== "Container") return item
  const limits = { ...item.max, ...item.default }
  const requests = { ...item.min, ...limits, ...item.defaultRequest }
  return {
    ...item,
    ...(Object.keys(limits).length > 0 && { default: limits }),
    ...(Object.keys(requests).length > 0 && { defaultRequest: requests })
  }
}

export const limitRange: Strategy<LimitRange> = {
  defaults: (range) => ({ ...range, spec: { ...range.spec, limits: range.spec.limits.map(withDefaults) } }),
  columns: [created]
}
