/** Services, as the API server treats them. Their addresses and node ports are given out by a plugin of their own. */
import * as Causes from "../../../kernel/resource/Causes.ts"
import {
  address,
  cidr,
  duplicates,
  each,
  enumerated,
  named,
  isCidr,
  oneOf,
  reachable,
  when
} from "../../../kernel/resource/Rules.ts"
import * as Names from "../../../kernel/resource/Names.ts"
import * as Selector from "../../../kernel/resource/Selector.ts"
import type { Column, Strategy } from "../../../kernel/resource/Strategy.ts"
import { age, joined, labels, none, text, wide } from "../Columns.ts"
import type { Service, ServicePort, ServiceSpec } from "../contracts/core/v1.ts"
import * as Addresses from "../contracts/Addresses.ts"
import * as Asked from "../contracts/ServiceAsked.ts"
import { same } from "../apps/Workloads.ts"
import { statusApart } from "../Updates.ts"
import { validatePort } from "./ProbeValidation.ts"
import { validateStatus } from "./ServiceStatus.ts"

const isHeadless = ({ clusterIP }: ServiceSpec) => clusterIP === "None"
/** Whether it can be reached from outside of the cluster. */
const isExternal = ({ externalIPs = [], type }: ServiceSpec) =>
  type === "NodePort" || type === "LoadBalancer" || (type === "ClusterIP" && externalIPs.length > 0)

const withTarget = (port: ServicePort): ServicePort =>
  port.targetPort === undefined || port.targetPort === 0 || port.targetPort === ""
    ? { ...port, targetPort: port.port }
    : port

/** Who knows of one address says it for all. */
const addresses = ({ clusterIP = "", clusterIPs = [] }: ServiceSpec) =>
  clusterIP !== "" && clusterIPs.length === 0 ? { clusterIPs: [clusterIP] } : {}

const defaults = (service: Service): Service => {
  const { internalTrafficPolicy, ports, sessionAffinityConfig, ...spec } = { ...service.spec, ...addresses(service.spec) }
  const completed = {
    ...spec,
    ...(spec.type !== "ExternalName" && { internalTrafficPolicy: internalTrafficPolicy ?? "Cluster" }),
    ...(ports && { ports: ports.map(withTarget) }),
    ...(spec.sessionAffinity === "ClientIP" && {
      sessionAffinityConfig: { clientIP: { timeoutSeconds: 10800, ...sessionAffinityConfig?.clientIP } }
    }),
    ...(isExternal(service.spec) && { externalTrafficPolicy: spec.externalTrafficPolicy ?? "Cluster" }),
    ...(spec.type === "LoadBalancer" && { allocateLoadBalancerNodePorts: spec.allocateLoadBalancerNodePorts ?? true })
  }
  return withModes({ ...service, spec: completed })
}

/** How a load balancer's address is reached, where it does not say. */
const withModes = (service: Service): Service => {
  const { ingress } = service.status.loadBalancer
  if (service.spec.type !== "LoadBalancer" || ingress === undefined) return service
  const moded = ingress.map((one) => (one.ip && one.ipMode === undefined ? { ...one, ipMode: "VIP" } : one))
  return { ...service, status: { ...service.status, loadBalancer: { ...service.status.loadBalancer, ingress: moded } } }
}

const needsPorts = ({ allocateLoadBalancerNodePorts, type }: ServiceSpec) =>
  type === "NodePort" || (type === "LoadBalancer" && allocateLoadBalancerNodePorts !== false)

const isSame = (ports: ReadonlyArray<ServicePort> = [], others: ReadonlyArray<ServicePort> = []) => {
  const given = (all: ReadonlyArray<ServicePort>) =>
    new Set(all.flatMap(({ nodePort = 0 }) => (nodePort === 0 ? [] : [nodePort])))
  return given(ports).symmetricDifference(given(others)).size === 0
}

const withoutHealthPort = (spec: ServiceSpec, old: ServiceSpec): ServiceSpec => {
  const { healthCheckNodePort, ...rest } = spec
  const isLeft = Asked.needsHealthPort(old) && !Asked.needsHealthPort(spec)
  return isLeft && healthCheckNodePort === old.healthCheckNodePort ? rest : spec
}

const unchanged = ["clusterIP", "clusterIPs", "ipFamilies", "ipFamilyPolicy"] as const

/** One that becomes another name for something else has no addresses any more. */
const withoutAddresses = (spec: ServiceSpec, old: ServiceSpec): ServiceSpec => {
  if (spec.type !== "ExternalName" || old.type === "ExternalName") return spec
  const left: ReadonlyArray<string> = unchanged.filter((name) => same(spec[name], old[name]))
  const kept = Object.entries(spec).filter(([name]) => !left.includes(name))
  // Of a spec without some of its optional fields, hence the cast.
  return Object.fromEntries(kept) as unknown as ServiceSpec
}

/** Of the two fields for addresses the one that was changed counts. */
const synchronised = (spec: ServiceSpec, old: ServiceSpec): ServiceSpec => {
  const { clusterIP = "", clusterIPs = [] } = spec
  const isSameList = same(clusterIPs, old.clusterIPs ?? [])
  if (clusterIP !== (old.clusterIP ?? "") && isSameList)
    return { ...spec, clusterIPs: clusterIP === "" ? [] : [clusterIP, ...clusterIPs.slice(1)] }
  return clusterIPs.length === 0 && !isSameList ? { ...spec, clusterIP: "" } : spec
}

/** Whoever changes the type need not clear what only the old type had, and what is as it was. */
const withoutOfOldType = (spec: ServiceSpec, old: ServiceSpec): ServiceSpec => {
  if (spec.type === old.type) return withoutHealthPort(spec, old)
  const { allocateLoadBalancerNodePorts, externalTrafficPolicy, healthCheckNodePort, loadBalancerClass, ports, ...rest } =
    spec
  const isBalanced = spec.type === "LoadBalancer"
  const keepsPolicy = isExternal(spec) || externalTrafficPolicy !== old.externalTrafficPolicy
  const keepsPorts = needsPorts(spec) || !needsPorts(old) || !isSame(ports, old.ports)
  const kept = <A>(value: A | undefined, before: A | undefined) => value !== undefined && (isBalanced || value !== before)
  return {
    ...rest,
    ...(ports && { ports: keepsPorts ? ports : ports.map(({ nodePort: _, ...port }) => port) }),
    ...(externalTrafficPolicy !== undefined && keepsPolicy && { externalTrafficPolicy }),
    ...(kept(allocateLoadBalancerNodePorts, old.allocateLoadBalancerNodePorts) && { allocateLoadBalancerNodePorts }),
    ...(kept(healthCheckNodePort, old.healthCheckNodePort) && { healthCheckNodePort }),
    ...(kept(loadBalancerClass, old.loadBalancerClass) && { loadBalancerClass })
  }
}

/** What was given out is kept, also by writers that do not know of it. */
const prepareUpdate = (service: Service, old: Service, subresource: string): Service => {
  const apart = statusApart(service, old, subresource)
  const spec = withoutAddresses(withoutOfOldType(synchronised(apart.spec, old.spec), old.spec), old.spec)
  const next = { ...apart, spec }
  const { clusterIP = "", clusterIPs = [], healthCheckNodePort, type } = next.spec
  if (type === "ExternalName" || old.spec.type === "ExternalName" || clusterIP !== "" || clusterIPs.length > 0) return next
  const before = old.spec
  return {
    ...next,
    spec: {
      ...next.spec,
      ...(before.clusterIP !== undefined && { clusterIP: before.clusterIP }),
      ...(before.clusterIPs !== undefined && { clusterIPs: before.clusterIPs }),
      ...(healthCheckNodePort === undefined &&
        before.healthCheckNodePort !== undefined && { healthCheckNodePort: before.healthCheckNodePort })
    }
  }
}

const types = ["ClusterIP", "ExternalName", "LoadBalancer", "NodePort"]

const validate = ({ spec }: Service, old: Service | undefined): Causes.Causes => [
  ...oneOf("spec.type", spec.type, types),
  ...validatePorts(spec),
  ...validateNames(spec),
  ...Asked.validateAddresses(spec, old?.spec),
  ...Asked.validatePorts(spec),
  ...oneOf("spec.sessionAffinity", spec.sessionAffinity, ["ClientIP", "None"]),
  ...validateAffinity(spec),
  ...validateRanges(spec),
  ...Selector.validateLabels(spec.selector, "spec.selector"),
  ...enumerated("spec.trafficDistribution", spec.trafficDistribution, ["PreferClose", "PreferSameZone", "PreferSameNode"]),
  ...validateBalancer(spec),
  ...enumerated("spec.internalTrafficPolicy", spec.internalTrafficPolicy, ["Cluster", "Local"]),
  ...oneOf("spec.externalTrafficPolicy", spec.externalTrafficPolicy, ["Cluster", "Local"]),
  ...(spec.externalTrafficPolicy !== undefined && !isExternal(spec)
    ? [
        Causes.invalid(
          "spec.externalTrafficPolicy",
          spec.externalTrafficPolicy,
          "may only be set for externally-accessible services"
        )
      ]
    : [])
]

const forBalancers = "may only be used when `type` is 'LoadBalancer'"

const validateBalancer = ({ allocateLoadBalancerNodePorts, loadBalancerClass, type }: ServiceSpec): Causes.Causes =>
  type === "LoadBalancer"
    ? named("spec.loadBalancerClass", loadBalancerClass, Names.labelKey)
    : Object.entries({ allocateLoadBalancerNodePorts, loadBalancerClass }).flatMap(([name, value]) =>
        when(value !== undefined, () => Causes.forbidden(`spec.${name}`, forBalancers))
      )

const maxAffinity = 86400

const validateAffinity = ({ sessionAffinity, sessionAffinityConfig }: ServiceSpec): Causes.Causes => {
  const field = "spec.sessionAffinityConfig"
  const seconds = sessionAffinityConfig?.clientIP?.timeoutSeconds
  return [
    ...when(sessionAffinity === "ClientIP" && seconds !== undefined && (seconds <= 0 || seconds > maxAffinity), () =>
      Causes.invalid(`${field}.clientIP.timeoutSeconds`, seconds, `must be greater than 0 and less than ${maxAffinity}`)
    )
  ]
}

/** Upstream names it so. */
const validateRanges = ({ loadBalancerSourceRanges = [], type }: ServiceSpec): Causes.Causes => {
  const field = "spec.LoadBalancerSourceRanges"
  return type === "LoadBalancer"
    ? each(loadBalancerSourceRanges, field, (range, at) => [
        ...cidr(at, range.trim()),
        ...when(isCidr(range.trim()) && Addresses.hasHostBits(range.trim()), () =>
          Causes.invalid(at, range, "must not have bits set beyond the prefix length")
        )
      ])
    : [
        ...when(loadBalancerSourceRanges.length > 0, () => Causes.forbidden(field, forBalancers)),
        ...each(loadBalancerSourceRanges, field, (range, at) => cidr(at, range.trim()))
      ]
}

/** What it is called elsewhere, and where else it is. */
const validateNames = (spec: ServiceSpec): Causes.Causes => {
  const { externalIPs = [], externalName = "", type } = spec
  if (type === "ExternalName")
    return externalName === ""
      ? [Causes.required("spec.externalName")]
      : Causes.broken("spec.externalName", externalName, Names.dns1123Subdomain(externalName.replace(/\.$/, "")))
  return [
    ...(isHeadless(spec) && type !== "ClusterIP"
      ? [Causes.invalid("spec.clusterIPs[0]", "None", `may not be set to 'None' for ${type} services`)]
      : []),
    ...each(externalIPs, "spec.externalIPs", (one, at) => [...address(at, one), ...reachable(at, one)])
  ]
}

/** As upstream shows what it looks for. */
const duplicated = (port: number, protocol: string) => ({
  Name: "",
  Protocol: protocol,
  AppProtocol: null,
  Port: port,
  TargetPort: 0,
  NodePort: 0
})

const validatePorts = (spec: ServiceSpec): Causes.Causes => {
  const { ports = [], type } = spec
  const at = (index: number) => `spec.ports[${index}]`
  if (ports.length === 0) return isHeadless(spec) || type === "ExternalName" ? [] : [Causes.required("spec.ports")]
  return [
    ...ports.flatMap((port, index) => validateServicePort(port, at(index), ports.length > 1)),
    ...duplicates(
      ports.map(({ name }) => name),
      (index) => `${at(index)}.name`
    ),
    ...ports.flatMap(({ port, protocol }, index) =>
      ports.findIndex((other) => other.port === port && other.protocol === protocol) < index
        ? [Causes.duplicate(at(index), duplicated(port, protocol))]
        : []
    )
  ]
}

const validateServicePort = (
  { appProtocol, name = "", port, protocol, targetPort }: ServicePort,
  field: string,
  needsName: boolean
): Causes.Causes => [
  ...(name === "" && needsName ? [Causes.required(`${field}.name`)] : []),
  ...(name === "" ? [] : Causes.broken(`${field}.name`, name, Names.dns1123Label(name))),
  ...Names.portNumber(port).map((why) => Causes.invalid(`${field}.port`, port, why)),
  ...oneOf(`${field}.protocol`, protocol, ["SCTP", "TCP", "UDP"]),
  ...(targetPort === undefined ? [] : validatePort(targetPort, `${field}.targetPort`)),
  ...named(`${field}.appProtocol`, appProtocol, Names.labelKey)
]

const validateUpdate = ({ spec }: Service, { spec: old }: Service): Causes.Causes => [
  ...validateAddressUpdate(spec, old),
  ...when(
    Asked.needsHealthPort(spec) &&
      Asked.needsHealthPort(old) &&
      (spec.healthCheckNodePort ?? 0) !== (old.healthCheckNodePort ?? 0),
    () => Causes.forbidden("spec.healthCheckNodePort", "field is immutable")
  ),
  ...when(spec.type === "LoadBalancer" && old.type === spec.type && spec.loadBalancerClass !== old.loadBalancerClass, () =>
    Causes.invalid("spec.loadBalancerClass", spec.loadBalancerClass, "may not change once set")
  )
]

const validateAddressUpdate = (spec: ServiceSpec, old: ServiceSpec): Causes.Causes => {
  if (spec.type === "ExternalName" || old.type === "ExternalName" || !old.clusterIP) return []
  if (!spec.clusterIP)
    return [Causes.invalid("spec.clusterIPs[0]", spec.clusterIPs ?? [], "primary clusterIP can not be unset")]
  return spec.clusterIP === old.clusterIP
    ? []
    : [Causes.invalid("spec.clusterIPs[0]", spec.clusterIPs ?? [spec.clusterIP], "may not change once set")]
}

const warnings = ({ spec }: Service) => [
  ...((spec.externalIPs ?? []).length > 0
    ? ["spec.externalIPs is deprecated and may no longer be implemented in some clusters"]
    : []),
  ...(isHeadless(spec) && spec.sessionAffinity === "ClientIP"
    ? ["spec.SessionAffinity is ignored for headless services"]
    : []),
  ...(spec.externalName && spec.type !== "ExternalName"
    ? ['spec.externalName is ignored when spec.type is not "ExternalName"']
    : [])
]

const maxWidth = 16
const externalAddress = ({ spec, status }: Service): string => {
  const { externalIPs = [], externalName = "", type } = spec
  if (type === "ExternalName") return externalName
  if (type !== "LoadBalancer") return joined(externalIPs)
  const ingress = (status.loadBalancer.ingress ?? []).map(({ hostname = "", ip = "" }) => ip || hostname)
  const found = [...new Set(ingress)].toSorted().join(",")
  const shown = found.length > maxWidth ? `${found.slice(0, maxWidth - 3)}...` : found
  return [shown, ...externalIPs].filter((one) => one !== "").join(",") || "<pending>"
}

const portText = ({ nodePort = 0, port, protocol }: ServicePort) =>
  nodePort === 0 ? `${port}/${protocol}` : `${port}:${nodePort}/${protocol}`

const columns: ReadonlyArray<Column<Service>> = [
  text("Type", "How the Service is reached.", ({ spec }) => spec.type),
  text("Cluster-IP", "Its address inside of the cluster.", ({ spec }) => spec.clusterIPs?.[0] ?? (spec.clusterIP || none)),
  text("External-IP", "Its addresses outside of the cluster.", externalAddress),
  text("Port(s)", "Its ports.", ({ spec }) => joined((spec.ports ?? []).map(portText))),
  age,
  wide(text("Selector", "Which Pods serve it.", ({ spec }) => labels(spec.selector)))
]

export const strategy: Strategy<Service> = {
  names: Names.dns1123Label,
  generation: false,
  defaults,
  prepareUpdate,
  validate,
  validateStatus,
  validateUpdate: (service, old, subresource) => (subresource === "status" ? [] : validateUpdate(service, old)),
  warnings,
  selectable: { "spec.clusterIP": ({ spec }) => spec.clusterIP ?? "", "spec.type": ({ spec }) => spec.type },
  columns
}
