/**
 * What a Service may ask for of addresses and ports, whoever gives them out. Source: core/v1 ServiceSpec; KEP-563 (dual stack).
 */
import { isIP } from "node:net"
import * as Causes from "../../../kernel/resource/Causes.ts"
import { each, enumerated, when } from "../../../kernel/resource/Rules.ts"
import * as Addresses from "./Addresses.ts"
import type { ServiceSpec } from "./core/v1.ts"

type Addressed = Pick<
  ServiceSpec,
  "clusterIP" | "clusterIPs" | "ipFamilies" | "ipFamilyPolicy" | "selector" | "type" | "ports"
>

const notAnAddress = "must be a valid IP address, (e.g. 10.9.8.7 or 2001:db8::ffff)"

/** Headless and without a selector it is whatever its owner makes it, of any family. */
export const isFree = ({ clusterIP, selector = {} }: Addressed) => clusterIP === "None" && Object.keys(selector).length === 0

const validateNothing = ({ clusterIPs = [], ipFamilies = [], ipFamilyPolicy }: Addressed): Causes.Causes =>
  Object.entries({
    clusterIPs: clusterIPs.length > 0,
    ipFamilies: ipFamilies.length > 0,
    ipFamilyPolicy: ipFamilyPolicy !== undefined
  }).flatMap(([name, isSet]) =>
    when(isSet, () => Causes.forbidden(`spec.${name}`, "may not be set for ExternalName services"))
  )

const validateClusterIPs = ({ clusterIP = "", clusterIPs = [] }: Addressed): Causes.Causes => {
  const field = "spec.clusterIPs"
  const wrong = (detail: string) => [Causes.invalid(field, clusterIPs, detail)]
  const families = clusterIPs.map((one) => isIP(one))
  const hasTwice = families.some((family, index) => family > 0 && families.indexOf(family) < index)
  return [
    ...(clusterIP === "" && clusterIPs.length > 0 ? wrong("must be empty when `clusterIP` is not specified") : []),
    ...(clusterIP !== "" && clusterIPs[0] !== clusterIP ? wrong("first value must match `clusterIP`") : []),
    ...(clusterIPs.length > 1 && clusterIPs.includes("None") ? wrong("'None' must be the first and only value") : []),
    ...(clusterIPs.length > 2 ? wrong("may only hold up to 2 values") : []),
    ...each(clusterIPs, field, (one, at) =>
      when(one !== "None" && isIP(one) === 0, () => Causes.invalid(at, one, notAnAddress))
    ),
    ...(clusterIPs.length === 2 && hasTwice ? wrong("may specify no more than one IP for each IP family") : [])
  ]
}

const validateFamilies = (spec: Addressed, old: Addressed | undefined): Causes.Causes => {
  const { clusterIPs = [], ipFamilies = [], ipFamilyPolicy = isFree(spec) ? "RequireDualStack" : "SingleStack" } = spec
  // Whoever only lowers the policy need not take away the second family himself.
  const isLowered = old?.ipFamilyPolicy !== "SingleStack" && ipFamilies.join() === old?.ipFamilies?.join()
  const all = [...ipFamilies.keys()].map((index) => ipFamilies.indexOf(ipFamilies[index] ?? "") < index)
  const isStrange = ipFamilies.some((family) => family !== "IPv4" && family !== "IPv6")
  const several = ipFamilies.length > 1 ? "IP families" : clusterIPs.length > 1 ? "cluster IPs" : undefined
  return [
    ...each(ipFamilies, "spec.ipFamilies", (family, at, index) => [
      ...enumerated(at, family, ["IPv4", "IPv6"]),
      ...when(all[index] === true, () => Causes.duplicate(at, family))
    ]),
    ...enumerated("spec.ipFamilyPolicy", ipFamilyPolicy, ["PreferDualStack", "RequireDualStack", "SingleStack"]),
    ...when(several !== undefined && !all.includes(true) && ipFamilyPolicy === "SingleStack" && !isLowered, () =>
      Causes.invalid(
        "spec.ipFamilyPolicy",
        ipFamilyPolicy,
        `must be 'RequireDualStack' or 'PreferDualStack' when multiple ${several} are specified`
      )
    ),
    ...each(clusterIPs, "spec.clusterIPs", (one, at, index) => {
      const family = ipFamilies[index]
      const isOther =
        !isStrange && family !== undefined && isIP(one) > 0 && Addresses.nameOf(Addresses.familyOf(one)) !== family
      return when(isOther, () =>
        Causes.invalid(at, one, `expected an ${family} value as indicated by \`ipFamilies[${index}]\``)
      )
    })
  ]
}

/** Of addresses and their families. */
export const validateAddresses = (spec: Addressed, old?: Addressed): Causes.Causes => {
  if (spec.type === "ExternalName") return validateNothing(spec)
  const wrong = validateClusterIPs(spec)
  return wrong.length > 0 ? wrong : validateFamilies(spec, old)
}

/** Whether each node tells a load balancer if it has endpoints of its own. */
export const needsHealthPort = ({ externalTrafficPolicy, type }: ServiceSpec) =>
  type === "LoadBalancer" && externalTrafficPolicy === "Local"

const validateHealthPort = (spec: ServiceSpec): Causes.Causes => {
  const { healthCheckNodePort: port = 0 } = spec
  const field = "spec.healthCheckNodePort"
  if (!needsHealthPort(spec))
    return when(port !== 0, () =>
      Causes.invalid(field, port, "may only be set when `type` is 'LoadBalancer' and `externalTrafficPolicy` is 'Local'")
    )
  return when(port < 0 || port > 65535, () => Causes.invalid(field, port, "must be between 1 and 65535, inclusive"))
}

/** Of ports on the nodes. */
export const validatePorts = (spec: ServiceSpec): Causes.Causes => {
  const { ports = [], type } = spec
  return [
    ...each(ports, "spec.ports", ({ nodePort = 0, protocol }, at, index) => [
      ...when(type === "ClusterIP" && nodePort !== 0, () =>
        Causes.forbidden(`${at}.nodePort`, "may not be used when `type` is 'ClusterIP'")
      ),
      ...when(
        nodePort !== 0 && ports.findIndex((one) => one.nodePort === nodePort && one.protocol === protocol) < index,
        () => Causes.invalid(`${at}.nodePort`, nodePort, "provided port is already allocated")
      )
    ]),
    ...validateHealthPort(spec)
  ]
}

/** Nothing is given out to one that will be refused. */
export const isRefused = (spec: ServiceSpec, old?: ServiceSpec) =>
  validateAddresses(spec, old).length > 0 || validatePorts(spec).length > 0
