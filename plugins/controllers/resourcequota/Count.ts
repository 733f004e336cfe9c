/** What the objects of a namespace take from a quota. Pure. */
import type * as Kind from "../../../kernel/resource/Kind.ts"
import * as Quantity from "../../../kernel/resource/Quantity.ts"
import type { ResourceQuota, ResourceQuotaStatus } from "../../resources/contracts/core/v1.ts"
import { type Amounts, plus, read } from "../../resources/contracts/PodAmounts.ts"
import * as QuotaUsage from "../../resources/contracts/QuotaUsage.ts"

/** The names by which a quota may limit objects of a kind. */
const about: { readonly [storage: string]: RegExp } = {
  pods: /^(pods|cpu|memory|ephemeral-storage|hugepages-.*|limits\..*|requests\.(?!storage$).*)$/,
  services: /^services(\..*)?$/,
  persistentvolumeclaims: /^(persistentvolumeclaims|requests\.storage|.*\.storageclass\.storage\.k8s\.io\/.*)$/,
  "resourceclaims.resource.k8s.io":
    /^(.*\.deviceclass\.resource\.k8s\.io\/devices|requests\.deviceclass\.resource\.kubernetes\.io\/.*)$/
}

/** Of which of these kinds a quota counts something. */
export const counted = ({ spec: { hard = {} } }: ResourceQuota, kinds: ReadonlyArray<Kind.Any>): ReadonlyArray<Kind.Any> =>
  kinds.filter((kind) => {
    const isAbout = about[kind.storage]
    const name = QuotaUsage.countName(kind)
    return Object.keys(hard).some((limit) => limit === name || limit === kind.storage || isAbout?.test(limit) === true)
  })

export interface Objects {
  readonly kind: Kind.Any
  readonly objects: ReadonlyArray<Kind.Resource>
}

const total = (quota: ResourceQuota, all: ReadonlyArray<Objects>): Amounts => {
  let sum: Amounts = {}
  for (const { kind, objects } of all) {
    for (const object of objects) if (QuotaUsage.applies(quota, kind, object)) sum = plus(sum, QuotaUsage.of(kind, object))
  }
  return sum
}

const isCount = (name: string) => name.startsWith("count/")

/** `mayFall`: less than the status says is believed. */
export const statusOf = (
  quota: ResourceQuota,
  all: ReadonlyArray<Objects>,
  mayFall: boolean
): { readonly status: ResourceQuotaStatus; readonly isLess: boolean } => {
  const { hard = {} } = quota.spec
  const before = read(quota.status.used)
  const now = total(quota, all)
  const known = new Set(all.map(({ kind }) => QuotaUsage.countName(kind)))
  let isLess = false
  const used = Object.keys(hard).map((name) => {
    const [was, is] = [before[name] ?? Quantity.zero, now[name] ?? Quantity.zero]
    if (isCount(name) && !known.has(name)) return [name, Quantity.format(was)]
    const falls = Quantity.compare(is, was) < 0
    isLess ||= falls
    return [name, Quantity.format(falls && !mayFall ? was : is)]
  })
  return { status: { hard, used: Object.fromEntries(used) }, isLess }
}
