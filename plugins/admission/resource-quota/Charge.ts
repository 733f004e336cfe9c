/** Whether a quota has room for what an object takes, and the quota after that. Pure. */
import type * as Kind from "../../../kernel/resource/Kind.ts"
import * as Quantity from "../../../kernel/resource/Quantity.ts"
import { Pod, type ResourceQuota } from "../../resources/contracts/core/v1.ts"
import { type Amounts, read } from "../../resources/contracts/PodAmounts.ts"
import * as QuotaUsage from "../../resources/contracts/QuotaUsage.ts"

export interface Written {
  readonly kind: Kind.Any
  readonly object: Kind.Resource
  readonly old: Kind.Resource | undefined
}

/** What the write takes more than before, of what the quota limits. */
export const extra = (quota: ResourceQuota, { kind, object, old }: Written): Amounts => {
  const taken = (one: Kind.Resource | undefined): Amounts =>
    one !== undefined && QuotaUsage.applies(quota, kind, one) ? QuotaUsage.of(kind, one) : {}
  const before = taken(old)
  return Object.fromEntries(
    Object.entries(taken(object))
      .filter(([name]) => quota.status.hard?.[name] !== undefined)
      .map(([name, amount]) => [name, Quantity.subtract(amount, before[name] ?? Quantity.zero)] as const)
      .filter(([, amount]) => amount.nanos > 0n)
  )
}

const show = (amounts: Amounts, names: ReadonlyArray<string>) =>
  names.map((name) => `${name}=${Quantity.format(amounts[name] ?? Quantity.zero)}`).join()

/** Of these a quota wants to know from every container. */
const stated = ["cpu", "memory"].flatMap((name) => [name, `limits.${name}`, `requests.${name}`])

const unstated = ({ status: { hard = {} } }: ResourceQuota, { spec }: Pod): ReadonlyArray<string> =>
  stated
    .filter((name) => hard[name] !== undefined)
    .toSorted()
    .flatMap((name) => {
      const [which, resource = name] = name.startsWith("limits.")
        ? (["limits", name.slice(7)] as const)
        : (["requests", name.replace("requests.", "")] as const)
      if (spec.resources?.[which]?.[resource] !== undefined) return []
      const silent = [...spec.containers, ...(spec.initContainers ?? [])].filter(
        ({ resources }) => resources[which]?.[resource] === undefined
      )
      return silent.length === 0 ? [] : [`${name} for: ${silent.map(({ name }) => name).join()}`]
    })

/** Why the quota refuses it; undefined if it does not. */
export const refusal = (quota: ResourceQuota, written: Written): string | undefined => {
  const { kind, object, old } = written
  const { name } = quota.metadata
  if (!QuotaUsage.applies(quota, kind, object)) return undefined
  if (kind.storage === Pod.storage && old === undefined) {
    // It has been decoded as its kind, hence the cast.
    const silent = unstated(quota, object as Pod)
    if (silent.length > 0) return `failed quota: ${name}: must specify ${silent.join("; ")}`
  }
  const more = extra(quota, written)
  const names = Object.keys(more).toSorted()
  const [hard, used] = [read(quota.status.hard), read(quota.status.used)]
  const uncounted = names.filter((name) => used[name] === undefined)
  if (uncounted.length > 0) return `status unknown for quota: ${name}, resources: ${uncounted.join()}`
  const full = names.filter((name) => {
    const sum = Quantity.add(used[name] ?? Quantity.zero, more[name] ?? Quantity.zero)
    return Quantity.compare(sum, hard[name] ?? Quantity.zero) > 0
  })
  if (full.length === 0) return undefined
  return `exceeded quota: ${name}, requested: ${show(more, full)}, used: ${show(used, full)}, limited: ${show(hard, full)}`
}

/** The quota with more used of it; undefined if it is not. */
export const charged = (quota: ResourceQuota, written: Written): ResourceQuota | undefined => {
  const more = Object.entries(extra(quota, written))
  if (more.length === 0) return undefined
  const before = read(quota.status.used)
  const after = more.map(([name, amount]) => [name, Quantity.format(Quantity.add(before[name] ?? Quantity.zero, amount))])
  return { ...quota, status: { ...quota.status, used: { ...quota.status.used, ...Object.fromEntries(after) } } }
}
