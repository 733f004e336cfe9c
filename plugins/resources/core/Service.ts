/** Services, as the API server treats them. Their addresses and node ports are given out by a plugin of their own. */
import { isIP } from "node:net"
import * as Causes from "../../../kernel/resource/Causes.ts"
import { cidr, duplicates, each, enumerated, named, namedIfGiven, oneOf, when } from "../../../kernel/resource/Rules.ts"
import * as Names from "../../../kernel/resource/Names.ts"
import * as Selector from "../../../kernel/resource/Selector.ts"
import type { Column, Strategy } from "../../../kernel/resource/Strategy.ts"
import { age, joined, labels, none, text, wide } from "../Columns.ts"
import type { Service, ServicePort, ServiceSpec } from "../contracts/core/v1.ts"
import { statusApart } from "../Updates.ts"
import { validatePort } from "./ProbeValidation.ts"

const isHeadless = ({ clusterIP }: ServiceSpec) => clusterIP === "None"
/** Whether it can be reached from outside of the cluster. */
const isExternal = ({ externalIPs = [], type }: ServiceSpec) =>
  type === "NodePort" || type === "LoadBalancer" || (type === "ClusterIP" && externalIPs.length > 0)

const withTarget = (port: ServicePort): ServicePort =>
  port.targetPort === undefined || port.targetPort === 0 || port.targetPort === ""
    ? { ...port, targetPort: port.port }
    : port

/** Each of the two fields for addresses says what the other does. */
const addresses = ({ clusterIP = "", clusterIPs = [] }: ServiceSpec) => {
  if (clusterIP !== "" && clusterIPs.length === 0) return { clusterIPs: [clusterIP] }
  const [first] = clusterIPs
  return clusterIP === "" && first !== undefined ? { clusterIP: first } : {}
}

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
  return { ...service, spec: completed }
}

const needsPorts = ({ allocateLoadBalancerNodePorts, type }: ServiceSpec) =>
  type === "NodePort" || (type === "LoadBalancer" && allocateLoadBalancerNodePorts !== false)

const isSame = (ports: ReadonlyArray<ServicePort> = [], others: ReadonlyArray<ServicePort> = []) => {
  const given = (all: ReadonlyArray<ServicePort>) =>
    new Set(all.flatMap(({ nodePort = 0 }) => (nodePort === 0 ? [] : [nodePort])))
  return given(ports).symmetricDifference(given(others)).size === 0
}

/** Whoever changes the type need not clear what only the old type had, and what is as it was. */
const withoutOfOldType = (spec: ServiceSpec, old: ServiceSpec): ServiceSpec => {
  if (spec.type === old.type) return spec
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
  const next = { ...apart, spec: withoutOfOldType(apart.spec, old.spec) }
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

const validate = ({ spec }: Service): Causes.Causes => [
  ...oneOf("spec.type", spec.type, types),
  ...validatePorts(spec),
  ...validateAddresses(spec),
  ...oneOf("spec.sessionAffinity", spec.sessionAffinity, ["ClientIP", "None"]),
  ...validateAffinity(spec),
  ...validateRanges(spec),
  ...Selector.validateLabels(spec.selector, "spec.selector"),
  ...enumerated("spec.ipFamilyPolicy", spec.ipFamilyPolicy, ["PreferDualStack", "RequireDualStack", "SingleStack"]),
  ...each(spec.ipFamilies, "spec.ipFamilies", (family, at, index) => [
    ...enumerated(at, family, ["IPv4", "IPv6"]),
    ...when((spec.ipFamilies ?? []).indexOf(family) < index, () => Causes.duplicate(at, family))
  ]),
  ...enumerated("spec.trafficDistribution", spec.trafficDistribution, ["PreferClose", "PreferSameNode", "PreferSameZone"]),
  ...namedIfGiven("spec.loadBalancerClass", spec.loadBalancerClass, Names.labelKey),
  ...oneOf("spec.internalTrafficPolicy", spec.internalTrafficPolicy, ["Cluster", "Local"]),
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
    ? each(loadBalancerSourceRanges, field, (range, at) => cidr(at, range.trim()))
    : when(loadBalancerSourceRanges.length > 0, () =>
        Causes.forbidden(field, "may only be used when `type` is 'LoadBalancer'")
      )
}

const address = "must be a valid IP address, (e.g. 10.9.8.7 or 2001:db8::ffff)"

const validateAddresses = (spec: ServiceSpec): Causes.Causes => {
  const { clusterIPs = [], externalIPs = [], externalName = "", type } = spec
  if (type === "ExternalName")
    return [
      ...(clusterIPs.length > 0 ? [Causes.forbidden("spec.clusterIPs", "may not be set for ExternalName services")] : []),
      ...(externalName === ""
        ? [Causes.required("spec.externalName")]
        : Causes.broken("spec.externalName", externalName, Names.dns1123Subdomain(externalName.replace(/\.$/, ""))))
    ]
  const wrong = clusterIPs.flatMap((one, index) =>
    one === "None" || isIP(one) > 0 ? [] : [Causes.invalid(`spec.clusterIPs[${index}]`, one, address)]
  )
  return [
    ...wrong,
    ...(isHeadless(spec) && type !== "ClusterIP"
      ? [Causes.invalid("spec.clusterIPs[0]", "None", `may not be set to 'None' for ${type} services`)]
      : []),
    ...externalIPs.flatMap((one, index) =>
      isIP(one) > 0 ? [] : [Causes.invalid(`spec.externalIPs[${index}]`, one, address)]
    )
  ]
}

const validatePorts = (spec: ServiceSpec): Causes.Causes => {
  const { ports = [], type } = spec
  const at = (index: number) => `spec.ports[${index}]`
  if (ports.length === 0) return isHeadless(spec) || type === "ExternalName" ? [] : [Causes.required("spec.ports")]
  return [
    ...ports.flatMap((port, index) => validateServicePort(port, at(index), spec, ports.length > 1)),
    ...duplicates(
      ports.map(({ name }) => name),
      (index) => `${at(index)}.name`
    ),
    ...ports.flatMap(({ port, protocol }, index) =>
      ports.findIndex((other) => other.port === port && other.protocol === protocol) < index
        ? [Causes.duplicate(at(index), { port, protocol })]
        : []
    )
  ]
}

const validateServicePort = (
  { appProtocol, name = "", nodePort = 0, port, protocol, targetPort }: ServicePort,
  field: string,
  spec: ServiceSpec,
  needsName: boolean
): Causes.Causes => [
  ...(name === "" && needsName ? [Causes.required(`${field}.name`)] : []),
  ...(name === "" ? [] : Causes.broken(`${field}.name`, name, Names.dns1123Label(name))),
  ...Names.portNumber(port).map((why) => Causes.invalid(`${field}.port`, port, why)),
  ...oneOf(`${field}.protocol`, protocol, ["SCTP", "TCP", "UDP"]),
  ...(targetPort === undefined ? [] : validatePort(targetPort, `${field}.targetPort`)),
  ...named(`${field}.appProtocol`, appProtocol, Names.labelKey),
  ...(spec.type === "ClusterIP" && nodePort !== 0
    ? [Causes.forbidden(`${field}.nodePort`, "may not be used when `type` is 'ClusterIP'")]
    : [])
]

const validateUpdate = ({ spec }: Service, { spec: old }: Service): Causes.Causes => {
  if (spec.type === "ExternalName" || old.type === "ExternalName" || !old.clusterIP) return []
  if (!spec.clusterIP)
    return [Causes.invalid("spec.clusterIPs[0]", spec.clusterIPs ?? [], "primary clusterIP can not be unset")]
  return spec.clusterIP === old.clusterIP
    ? []
    : [Causes.invalid("spec.clusterIPs[0]", spec.clusterIPs ?? [spec.clusterIP], "may not change once set")]
}

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
  validateUpdate,
  selectable: { "spec.clusterIP": ({ spec }) => spec.clusterIP ?? "", "spec.type": ({ spec }) => spec.type },
  columns
}
