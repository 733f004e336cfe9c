/** Which Pods are behind a Service, and on which ports: what Endpoints and EndpointSlices are both made of. */
import { type Key, keyOf } from "../../../kernel/resource/Kind.ts"
import * as Selector from "../../../kernel/resource/Selector.ts"
import type { ObjectReference, Pod, Service, ServicePort } from "../../resources/contracts/core/v1.ts"
import { isFinished, isReady, isTerminating } from "../contracts/Pods.ts"

type Labels = { readonly [key: string]: string } | undefined

const matchers = new WeakMap<Service, (labels: Labels) => boolean>()

/** A Service without a selector, or for a name elsewhere, has no Pods of its own. */
export const isSelecting = ({ spec }: Service) => spec.type !== "ExternalName" && Object.keys(spec.selector ?? {}).length > 0

export const selects = (service: Service, { metadata }: Pod) => {
  const found = matchers.get(service)
  const matches =
    found ?? (isSelecting(service) ? Selector.matcher({ matchLabels: service.spec.selector ?? {} }) : () => false)
  if (found === undefined) matchers.set(service, matches)
  return matches(metadata.labels)
}

export const servicesOf = (pod: Pod, services: ReadonlyArray<Service>): ReadonlyArray<Key> =>
  services.filter((service) => selects(service, pod)).map(keyOf)

export const isHeadless = ({ spec }: Service) => spec.clusterIP === "None"
export const headlessLabel = "service.kubernetes.io/headless"

export type Family = "IPv4" | "IPv6"
const familyOf = (ip: string): Family => (ip.includes(":") ? "IPv6" : "IPv4")

export const familiesOf = ({ spec: { ipFamilies = [] } }: Service): ReadonlyArray<Family> => {
  const asked = ipFamilies.filter((family) => family === "IPv4" || family === "IPv6")
  return asked.length === 0 ? ["IPv4"] : asked
}

export const addressesOf = ({ status: { podIP = "", podIPs = [] } }: Pod, family: Family): ReadonlyArray<string> => {
  const all = podIPs.length > 0 ? podIPs.map(({ ip }) => ip) : podIP === "" ? [] : [podIP]
  return all.filter((ip) => familyOf(ip) === family)
}

export interface Backend {
  readonly pod: Pod
  readonly ready: boolean
  readonly serving: boolean
  readonly terminating: boolean
}

export const backendsOf = (service: Service, pods: ReadonlyArray<Pod>): ReadonlyArray<Backend> =>
  pods
    .filter((pod) => selects(service, pod) && !isFinished(pod))
    .map((pod) => {
      const serving = isReady(pod)
      const terminating = isTerminating(pod)
      return {
        pod,
        serving,
        terminating,
        ready: service.spec.publishNotReadyAddresses === true || (serving && !terminating)
      }
    })

export interface Port {
  readonly name?: string
  readonly port: number
  readonly protocol: string
  readonly appProtocol?: string
}

/** The number of a port in a Pod; undefined when the Pod has none of that name. */
const numberOf = (
  { spec: { containers, initContainers = [] } }: Pod,
  { port, protocol, targetPort = port }: ServicePort
) => {
  if (typeof targetPort === "number") return targetPort === 0 ? port : targetPort
  const sidecars = initContainers.filter(({ restartPolicy }) => restartPolicy === "Always")
  const ports = [...containers, ...sidecars].flatMap((container) => container.ports ?? [])
  return ports.find((one) => one.name === targetPort && one.protocol === protocol)?.containerPort
}

export const portsOf = (service: Service, pod: Pod): ReadonlyArray<Port> =>
  (service.spec.ports ?? []).flatMap((wanted) => {
    const port = numberOf(pod, wanted)
    const { appProtocol, name, protocol } = wanted
    if (port === undefined) return []
    return [{ port, protocol, ...(name !== undefined && { name }), ...(appProtocol !== undefined && { appProtocol }) }]
  })

/** Backends whose ports are the same numbers. */
export const byPorts = (service: Service, backends: ReadonlyArray<Backend>) => {
  const groups = new Map<string, { readonly ports: ReadonlyArray<Port>; readonly backends: Array<Backend> }>()
  for (const backend of backends) {
    const ports = portsOf(service, backend.pod)
    const key = portKey(ports)
    const group = groups.get(key) ?? { ports, backends: [] }
    group.backends.push(backend)
    groups.set(key, group)
  }
  return [...groups.values()]
}

export const portKey = (
  ports: ReadonlyArray<{
    readonly name?: string
    readonly port?: number
    readonly protocol?: string
    readonly appProtocol?: string
  }>
) =>
  ports
    .map(({ appProtocol = "", name = "", port = "", protocol = "TCP" }) => [name, port, protocol, appProtocol].join("/"))
    .toSorted()
    .join()

/** Pods of a headless Service that say so have names of their own in DNS. */
export const hostnameOf = ({ metadata }: Service, { metadata: { namespace }, spec: { hostname, subdomain } }: Pod) =>
  hostname !== undefined && hostname !== "" && subdomain === metadata.name && namespace === metadata.namespace
    ? hostname
    : undefined

export const targetOf = ({ metadata: { name, namespace = "", uid } }: Pod): ObjectReference => ({
  kind: "Pod",
  namespace,
  name,
  uid
})
