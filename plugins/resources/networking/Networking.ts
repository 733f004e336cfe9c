/** What is shown, and may not change, of addresses, Ingresses and network policies. */
import { isIP } from "node:net"
import * as Causes from "../../../kernel/resource/Causes.ts"
import * as Names from "../../../kernel/resource/Names.ts"
import * as Selector from "../../../kernel/resource/Selector.ts"
import type { Strategy } from "../../../kernel/resource/Strategy.ts"
import { same } from "../apps/Workloads.ts"
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
  validateUpdate: ({ spec }, { spec: old }) => (same(spec, old) ? [] : [Causes.immutable("spec.parentRef", spec.parentRef)]),
  columns: [text("ParentRef", "Who has it.", ({ spec }) => parentOf(spec.parentRef))]
}

export const range: Strategy<ServiceCIDR> = {
  validateUpdate: ({ spec }, { spec: old }) =>
    same(spec.cidrs, old.cidrs) ? [] : [Causes.immutable("spec.cidrs", spec.cidrs)],
  columns: [text("CIDRs", "The addresses.", ({ spec }) => (spec.cidrs ?? []).join(","))]
}

const hostsOf = ({ spec: { rules = [] } }: Ingress) => {
  const hosts = rules.flatMap(({ host = "" }) => (host === "" ? [] : [host]))
  return hosts.length === 0 ? "*" : joined(hosts, 3)
}
const reachedAt = ({ status }: Ingress) =>
  (status.loadBalancer.ingress ?? []).map(({ hostname = "", ip = "" }) => ip || hostname).join(",")

const validateIngress = ({ spec: { defaultBackend, rules = [] } }: Ingress): Causes.Causes => [
  ...(rules.length === 0 && defaultBackend === undefined
    ? [Causes.invalid("spec", rules, "either `defaultBackend` or `rules` must be specified")]
    : []),
  ...rules.flatMap(({ host = "" }, index) => {
    if (host === "") return []
    const field = `spec.rules[${index}].host`
    return Causes.broken(field, host, host.startsWith("*") ? Names.wildcardSubdomain(host) : Names.dns1123Subdomain(host))
  })
]

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
  validate: ({ spec }) => Selector.validate(spec.podSelector, "spec.podSelector"),
  columns: [
    text("Pod-Selector", "For which Pods.", ({ spec }) => Selector.format(Selector.ofObject(spec.podSelector) ?? []) || none)
  ]
}
