/**
 * Of which families a Service's addresses are, by what it asks for and what the cluster has. Source: KEP-563 (dual stack), core/v1
 * ServiceSpec `ipFamilies`, `ipFamilyPolicy` and `clusterIPs`.
 */
import * as Causes from "../../kernel/resource/Causes.ts"
import * as Addresses from "../resources/contracts/Addresses.ts"
import { isFree } from "../resources/contracts/ServiceAsked.ts"
import type { ServiceSpec } from "../resources/contracts/core/v1.ts"

export interface Families {
  readonly ipFamilies: ReadonlyArray<string>
  readonly ipFamilyPolicy: string
}

const named = (addresses: ReadonlyArray<string>) =>
  addresses.filter((address) => address !== "None").map((address) => Addresses.nameOf(Addresses.familyOf(address)))

const policyOf = (spec: ServiceSpec) => {
  const { clusterIPs = [], ipFamilies = [], ipFamilyPolicy } = spec
  if (ipFamilyPolicy !== undefined) return ipFamilyPolicy
  return isFree(spec) || clusterIPs.length > 1 || ipFamilies.length > 1 ? "RequireDualStack" : "SingleStack"
}

/** Whoever only lowers the policy means the first family, and need not take away the second himself. */
const isLowered = (spec: ServiceSpec, old: ServiceSpec | undefined) =>
  spec.ipFamilyPolicy === "SingleStack" &&
  old?.ipFamilyPolicy !== "SingleStack" &&
  spec.ipFamilies?.join() === old?.ipFamilies?.join()

/** What it is to have; `cluster`: the families of the cluster's ranges, the first of them where nothing else is said. */
export const decide = (spec: ServiceSpec, cluster: ReadonlyArray<string>, old?: ServiceSpec): Families | Causes.Causes => {
  const ipFamilyPolicy = policyOf(spec)
  const asked = spec.ipFamilies ?? named(spec.clusterIPs ?? [])
  const wanted = asked.length > 0 ? asked : cluster.slice(0, 1)
  const strange = isFree(spec) ? -1 : asked.findIndex((family) => !cluster.includes(family))
  if (strange !== -1 && spec.ipFamilies === undefined)
    return [
      Causes.invalid(`spec.clusterIPs[${strange}]`, spec.clusterIPs, `${asked[strange]} is not configured on this cluster`)
    ]
  if (strange !== -1)
    return [Causes.invalid(`spec.ipFamilies[${strange}]`, asked[strange], "not configured on this cluster")]
  if (ipFamilyPolicy === "RequireDualStack" && cluster.length < 2 && !isFree(spec))
    return [Causes.invalid("spec.ipFamilyPolicy", ipFamilyPolicy, "this cluster is not configured for dual-stack services")]
  if (ipFamilyPolicy !== "SingleStack") {
    const others = (isFree(spec) ? ["IPv4", "IPv6"] : cluster).filter((family) => !wanted.includes(family))
    return { ipFamilies: [...wanted, ...others], ipFamilyPolicy }
  }
  if (wanted.length === 1 || isLowered(spec, old)) return { ipFamilies: wanted.slice(0, 1), ipFamilyPolicy }
  const detail = "must be RequireDualStack or PreferDualStack when multiple ipFamilies are specified"
  return [Causes.invalid("spec.ipFamilyPolicy", ipFamilyPolicy, detail)]
}

export const isRefused = (decision: Families | Causes.Causes): decision is Causes.Causes => Array.isArray(decision)
