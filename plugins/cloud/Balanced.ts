/** An Ingress as a load balancer of a cloud shall serve it. Pure. */
import type { Key } from "../../kernel/resource/Kind.ts"
import type { Backend, Certificate, Path, Wanted } from "./contracts/IngressBalancers.ts"
import type { Secret, Service } from "../resources/contracts/core/v1.ts"
import type { HTTPIngressPath, Ingress, IngressBackend } from "../resources/contracts/networking/v1.ts"
import { certificateOf } from "../ingress/contracts/Certificates.ts"

export interface World {
  readonly service: (key: Key) => Service | undefined
  readonly secret: (key: Key) => Secret | undefined
}

export interface Balanced {
  readonly wanted: Wanted
  /** What is amiss, for its Events. */
  readonly problems: ReadonlyArray<string>
}

/** Every node's proxy says there whether it leads to Services. KEP-3836. */
const proxyHealth = { protocol: "HTTP", port: 10256, path: "/healthz" } as const

/** Exact before prefix, long before short, a host before all hosts, and before those that an asterisk stands for. */
const precedence = (one: Path, other: Path) => {
  const rank = ({ host }: Path) => (host === "" ? 2 : host.startsWith("*.") ? 1 : 0)
  if (rank(one) !== rank(other)) return rank(one) - rank(other)
  if (one.host !== other.host) return other.host.length - one.host.length
  if (one.pathType !== other.pathType) return one.pathType === "Exact" ? -1 : 1
  return other.path.length - one.path.length
}

export const translate = ({ secret, service: find }: World, { metadata, spec }: Ingress): Balanced => {
  const namespace = metadata.namespace ?? ""
  const problems: Array<string> = []

  const nodePortOf = ({ resource, service }: IngressBackend) => {
    const name = `${namespace}/${service?.name ?? resource?.name ?? ""}`
    const found = service === undefined ? undefined : find({ namespace, name: service.name })
    const { ports = [], type } = found?.spec ?? {}
    const { name: portName, number } = service?.port ?? {}
    const port = ports.find((one) => (portName === undefined ? one.port === number : one.name === portName))
    if (service === undefined) problems.push(`the backend ${name} is no Service`)
    else if (found === undefined) problems.push(`services "${service.name}" not found`)
    else if (type !== "NodePort" && type !== "LoadBalancer")
      problems.push(`service type must be either 'NodePort' or 'LoadBalancer': ${name}`)
    else if (port === undefined) problems.push(`unable to find port ${portName ?? number} on service ${name}`)
    else return { nodePort: port.nodePort ?? 0, spec: found.spec }
    return { nodePort: 0, spec: undefined }
  }
  const backendOf = (backend: IngressBackend): Backend => {
    const { nodePort, spec } = nodePortOf(backend)
    const own = spec?.externalTrafficPolicy === "Local" ? (spec.healthCheckNodePort ?? 0) : 0
    return { nodePort, healthCheck: own > 0 ? { ...proxyHealth, port: own } : proxyHealth }
  }
  const pathOf = (host: string, { backend, path = "/", pathType }: HTTPIngressPath): Path => ({
    host,
    path: path || "/",
    pathType: pathType === "Exact" ? "Exact" : "Prefix",
    backend: backendOf(backend)
  })
  const certificates = (spec.tls ?? []).flatMap(({ secretName = "" }): ReadonlyArray<Certificate> => {
    if (secretName === "") return []
    const key = { namespace, name: secretName }
    const found = certificateOf(secret(key), key)
    if (typeof found !== "string") return [found]
    problems.push(found)
    return []
  })
  const paths = (spec.rules ?? []).flatMap(({ host = "", http }) => (http?.paths ?? []).map((path) => pathOf(host, path)))
  return {
    wanted: {
      ingress: { uid: metadata.uid, namespace, name: metadata.name },
      annotations: metadata.annotations ?? {},
      paths: paths.toSorted(precedence),
      otherwise: spec.defaultBackend === undefined ? null : backendOf(spec.defaultBackend),
      certificates: [...new Map(certificates.map((one) => [one.name, one])).values()]
    },
    problems
  }
}
