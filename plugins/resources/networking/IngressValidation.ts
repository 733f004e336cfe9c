/** What is wrong with Ingresses, and with the classes of those who serve them. */
import * as Causes from "../../../kernel/resource/Causes.ts"
import * as Names from "../../../kernel/resource/Names.ts"
import {
  between,
  each,
  enumerated,
  inside,
  isAddress,
  named,
  namedIfGiven,
  requiredName,
  when
} from "../../../kernel/resource/Rules.ts"
import type { HTTPIngressPath, Ingress, IngressBackend, IngressClass } from "../contracts/networking/v1.ts"

const hostRule: Names.Rule = (host) => (host.startsWith("*") ? Names.wildcardSubdomain(host) : Names.dns1123Subdomain(host))

const validateBackend = ({ resource, service }: IngressBackend, field: string): Causes.Causes => {
  const { name = "", number = 0 } = service?.port ?? {}
  if (resource !== undefined && service !== undefined)
    return [Causes.invalid(field, "", "cannot set both resource and service backends")]
  return [
    ...when(resource === undefined && service === undefined, () =>
      Causes.invalid(field, "", "resource or service backend is required")
    ),
    ...inside(resource, (one) => [
      ...namedIfGiven(`${field}.resource.apiGroup`, one.apiGroup, Names.dns1123Subdomain),
      ...requiredName(`${field}.resource.kind`, one.kind, Names.pathSegment),
      ...requiredName(`${field}.resource.name`, one.name, Names.pathSegment)
    ]),
    ...inside(service, (one) => [
      ...requiredName(`${field}.service.name`, one.name, Names.dns1123Label),
      ...when(name !== "" && number !== 0, () => Causes.invalid(field, "", "cannot set both port name & port number")),
      ...when(name === "" && number === 0, () => Causes.required(field, "port name or number is required")),
      ...(number === 0 ? namedIfGiven(`${field}.service.port.name`, name, Names.portName) : []),
      ...(name === "" && number !== 0 ? between(`${field}.service.port.number`, number, 1, 65535) : [])
    ])
  ]
}

const types = ["Exact", "ImplementationSpecific", "Prefix"]
const forbidden = ["//", "/./", "/../", "%2f", "%2F"]
const forbiddenAtEnd = ["/..", "/."]

const validatePath = ({ backend, path = "", pathType }: HTTPIngressPath, field: string): Causes.Causes => {
  const at = `${field}.path`
  const isStrict = pathType === "Exact" || pathType === "Prefix"
  return [
    ...when(isStrict && !path.startsWith("/"), () => Causes.invalid(at, path, "must be an absolute path")),
    ...(isStrict ? forbidden : []).flatMap((part) =>
      when(path.includes(part), () => Causes.invalid(at, path, `must not contain '${part}'`))
    ),
    ...(isStrict ? forbiddenAtEnd : []).flatMap((part) =>
      when(path.endsWith(part), () => Causes.invalid(at, path, `cannot end with '${part}'`))
    ),
    ...when(pathType === "ImplementationSpecific" && path !== "" && !path.startsWith("/"), () =>
      Causes.invalid(at, path, "must be an absolute path")
    ),
    ...(pathType === undefined
      ? [Causes.required(`${field}.pathType`, "pathType must be specified")]
      : enumerated(`${field}.pathType`, pathType, types)),
    ...(pathType === undefined ? [] : validateBackend(backend, `${field}.backend`))
  ]
}

export const validateIngress = ({ metadata, spec }: Ingress, old: Ingress | undefined): Causes.Causes => {
  const { defaultBackend, ingressClassName, rules = [], tls } = spec
  const annotation = metadata.annotations?.["kubernetes.io/ingress.class"]
  return [
    ...when(old === undefined && annotation !== undefined && ingressClassName !== undefined, () =>
      Causes.invalid(
        "metadata.annotations.kubernetes.io/ingress.class",
        annotation,
        "can not be set when the class field is also set"
      )
    ),
    ...when(rules.length === 0 && defaultBackend === undefined, () =>
      Causes.invalid("spec", null, "either `defaultBackend` or `rules` must be specified")
    ),
    ...inside(defaultBackend, (backend) => validateBackend(backend, "spec.defaultBackend")),
    ...each(rules, "spec.rules", ({ host = "", http }, at) => [
      ...when(isAddress(host), () => Causes.invalid(`${at}.host`, host, "must be a DNS name, not an IP address")),
      ...namedIfGiven(`${at}.host`, host, hostRule),
      ...inside(http, ({ paths }) =>
        paths.length === 0 ? [Causes.required(`${at}.http.paths`)] : each(paths, `${at}.http.paths`, validatePath)
      )
    ]),
    ...each(tls, "spec.tls", ({ hosts, secretName }, at) => [
      ...each(hosts, `${at}.hosts`, (host, one) => named(one, host, hostRule)),
      ...namedIfGiven(`${at}.secretName`, secretName, Names.dns1123Subdomain)
    ]),
    ...named("spec.ingressClassName", ingressClassName, Names.dns1123Subdomain)
  ]
}

const maxController = 250

const domainPath: Names.Rule = (value) => {
  const slash = value.indexOf("/")
  if (slash <= 0 || slash === value.length - 1) return ['must be a domain-prefixed path (such as "acme.io/foo")']
  return Names.dns1123Subdomain(value.slice(0, slash))
}

export const validateClass = ({ spec }: IngressClass): Causes.Causes => {
  const { controller = "", parameters } = spec ?? {}
  const field = "spec.parameters"
  return [
    ...requiredName("spec.controller", controller, domainPath),
    ...when(controller.length > maxController, () => Causes.tooLong("spec.controller", maxController)),
    ...inside(parameters, ({ apiGroup, kind, name, namespace, scope }) => [
      ...named(`${field}.apiGroup`, apiGroup, Names.dns1123Subdomain),
      ...requiredName(`${field}.kind`, kind, Names.pathSegment),
      ...requiredName(`${field}.name`, name, Names.pathSegment),
      ...enumerated(`${field}.scope`, scope, ["Cluster", "Namespace"]),
      ...when(scope === "Namespace" && namespace === undefined, () =>
        Causes.required(`${field}.namespace`, "`parameters.scope` is set to 'Namespace'")
      ),
      ...(scope === "Namespace" ? named(`${field}.namespace`, namespace, Names.dns1123Label) : []),
      ...when(scope === "Cluster" && namespace !== undefined, () =>
        Causes.forbidden(`${field}.namespace`, "`parameters.scope` is set to 'Cluster'")
      )
    ])
  ]
}
