/** What is shown, and may not change, of addresses, Ingresses and network policies. */
import { isIP } from "node:net"
import * as Causes from "../../../kernel/resource/Causes.ts"
import * as Names from "../../../kernel/resource/Names.ts"
import { cidr, each, isCidr, namedIfGiven, requiredName, when } from "../../../kernel/resource/Rules.ts"
import * as Selector from "../../../kernel/resource/Selector.ts"
import type { Strategy } from "../../../kernel/resource/Strategy.ts"
import { same } from "../apps/Workloads.ts"
import { validateClass, validateIngress } from "./IngressValidation.ts"
import { validatePolicy } from "./PolicyValidation.ts"
import { joined, none, text } from "../Columns.ts"
import type {
  Ingress,
  IngressClass,
  IPAddress,
  NetworkPolicy,
  ParentReference,
  ServiceCIDR
} from "../contracts/networking/v1.ts"

const parentOf = ({ group = "", name, namespace = "", resource }: ParentReference) =>
  `${resource}${group === "" ? "" : `.${group}`}/${namespace === "" ? "" : `${namespace}/`}${name}`

/** Its name is the address. */
const addressName: Names.Rule = (value) =>
  isIP(value) > 0 ? [] : ["must be a valid IP address, (e.g. 10.9.8.7 or 2001:db8::ffff)"]

export const address: Strategy<IPAddress> = {
  names: addressName,
  validate: ({ spec: { parentRef } }) =>
    parentRef === undefined || Object.values(parentRef).every((one) => one === "")
      ? [Causes.required("spec.parentRef")]
      : [
          ...namedIfGiven("spec.parentRef.group", parentRef.group, Names.dns1123Subdomain),
          ...requiredName("spec.parentRef.resource", parentRef.resource, Names.pathSegment),
          ...requiredName("spec.parentRef.name", parentRef.name, Names.pathSegment),
          ...namedIfGiven("spec.parentRef.namespace", parentRef.namespace, Names.pathSegment)
        ],
  validateUpdate: ({ spec }, { spec: old }) => (same(spec, old) ? [] : [Causes.immutable("spec.parentRef", spec.parentRef)]),
  onlyColumns: true,
  columns: [text("ParentRef", "Who has it.", ({ spec }) => parentOf(spec.parentRef))]
}

const validateRanges = (cidrs: ReadonlyArray<string>): Causes.Causes => {
  const families = new Set(cidrs.map((one) => one.includes(":")))
  if (cidrs.length === 0) return [Causes.required("spec.cidrs", "at least one CIDR required")]
  if (cidrs.length > 2) return [Causes.invalid("spec.cidrs", cidrs, "may only hold up to 2 values")]
  return [
    ...when(cidrs.length === 2 && cidrs.every(isCidr) && families.size === 1, () =>
      Causes.invalid(
        "spec.cidrs",
        cidrs,
        "may specify no more than one IP for each IP family, i.e 192.168.0.0/24 and 2001:db8::/64"
      )
    ),
    ...each(cidrs, "spec.cidrs", (one, at) => cidr(at, one))
  ]
}

/** One of the other family may be added, so that the cluster becomes one of both. */
const validateChange = (cidrs: ReadonlyArray<string>, old: ReadonlyArray<string>): Causes.Causes => {
  const isAdded = old.length === 1 && cidrs.length === 2
  if (cidrs.length !== old.length && !isAdded) return [Causes.immutable("spec.cidrs", cidrs)]
  const changed = old.flatMap((one, index) =>
    one === cidrs[index] ? [] : [Causes.immutable(`spec.cidrs[${index}]`, cidrs[index])]
  )
  return isAdded ? [...changed, ...validateRanges(cidrs)] : changed
}

export const range: Strategy<ServiceCIDR> = {
  validate: ({ spec }, old) => (old === undefined ? validateRanges(spec.cidrs ?? []) : []),
  validateUpdate: ({ spec }, { spec: old }) => validateChange(spec.cidrs ?? [], old.cidrs ?? []),
  columns: [text("CIDRs", "The addresses.", ({ spec }) => (spec.cidrs ?? []).join(","))]
}

const hostsOf = ({ spec: { rules = [] } }: Ingress) => {
  const hosts = rules.flatMap(({ host = "" }) => (host === "" ? [] : [host]))
  return hosts.length === 0 ? "*" : joined(hosts, 3)
}
const reachedAt = ({ status }: Ingress) =>
  (status.loadBalancer.ingress ?? []).map(({ hostname = "", ip = "" }) => ip || hostname).join(",")

export const ingress: Strategy<Ingress> = {
  validate: validateIngress,
  columns: [
    text("Class", "Who serves it.", ({ spec }) => spec.ingressClassName ?? none),
    text("Hosts", "For which hosts.", hostsOf),
    text("Address", "Where it is reached.", reachedAt),
    text("Ports", "On which ports.", ({ spec }) => ((spec.tls ?? []).length > 0 ? "80, 443" : "80"))
  ]
}

export const ingressClass: Strategy<IngressClass> = {
  generation: true,
  validate: validateClass,
  validateUpdate: ({ spec }, { spec: old }) =>
    spec?.controller === old?.controller ? [] : [Causes.immutable("spec.controller", spec?.controller ?? "")],
  columns: [
    text("Controller", "Who serves it.", ({ spec }) => spec?.controller ?? ""),
    text("Parameters", "How.", ({ spec }) => {
      const { apiGroup, kind, name } = spec?.parameters ?? {}
      return kind === undefined ? none : `${kind}${apiGroup === undefined ? "" : `.${apiGroup}`}/${name}`
    })
  ]
}

/** Who says what may come in, and not what may go out, means what may come in. */
const withTypes = (policy: NetworkPolicy): NetworkPolicy => {
  const { egress, policyTypes } = policy.spec
  if (policyTypes !== undefined) return policy
  return { ...policy, spec: { ...policy.spec, policyTypes: egress === undefined ? ["Ingress"] : ["Ingress", "Egress"] } }
}

export const policy: Strategy<NetworkPolicy> = {
  generation: true,
  defaults: withTypes,
  validate: validatePolicy,
  columns: [
    text("Pod-Selector", "For which Pods.", ({ spec }) => Selector.format(Selector.ofObject(spec.podSelector) ?? []) || none)
  ]
}
