/**
 * The ranges in which Services can have addresses now: those the cluster was started with, and those that ServiceCIDRs have added. What is
 * being deleted gives no more. Source: KEP-1880.
 */
import type { ServiceCIDR } from "../resources/contracts/networking/v1.ts"
import { type Range, rangeOf } from "./Ranges.ts"

const isReady = ({ status }: ServiceCIDR) =>
  (status.conditions ?? []).some((condition) => condition.type === "Ready" && condition.status === "True")
const isEnding = ({ metadata }: ServiceCIDR) => metadata.deletionTimestamp !== undefined

/** `first`: those of the start, which need no object, and nobody to make it ready. */
export const usable = (first: ReadonlyArray<Range>, objects: ReadonlyArray<ServiceCIDR>): ReadonlyArray<Range> => {
  const withRange = ({ cidr }: Pick<Range, "cidr">) => objects.filter(({ spec }) => spec.cidrs?.includes(cidr))
  const stays = first.filter((range) => {
    const named = withRange(range)
    return named.length === 0 || !named.every(isEnding)
  })
  const known = new Set(first.map(({ cidr }) => cidr))
  const added = new Set(objects.filter((one) => isReady(one) && !isEnding(one)).flatMap(({ spec }) => spec.cidrs ?? []))
  return [...stays, ...[...added.difference(known)].flatMap((cidr) => rangeOf(cidr) ?? [])]
}
