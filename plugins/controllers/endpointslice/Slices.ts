/** How the endpoints of a Service are put into slices, changing as few of them as can be. Pure. */
import { same } from "../../../kernel/resource/JsonEqual.ts"
import * as Kind from "../../../kernel/resource/Kind.ts"
import { type Node, Service } from "../../resources/contracts/core/v1.ts"
import type { Endpoint, EndpointSlice, EndpointSliceDraft } from "../../resources/contracts/discovery/v1.ts"
import * as Backends from "./Backends.ts"

/** A slice is watched and sent as a whole. */
const most = 100

export const serviceLabel = "kubernetes.io/service-name"
export const managerLabel = "endpointslice.kubernetes.io/managed-by"
export const manager = "endpointslice-controller.k8s.io"

const zoneLabel = "topology.kubernetes.io/zone"

export const endpointOf = (
  service: Service,
  { pod, ready, serving, terminating }: Backends.Backend,
  addresses: ReadonlyArray<string>,
  node: Node | undefined
): Endpoint => {
  const hostname = Backends.hostnameOf(service, pod)
  const zone = node?.metadata.labels?.[zoneLabel]
  return {
    addresses,
    conditions: { ready, serving, terminating },
    ...(hostname !== undefined && { hostname }),
    ...(pod.spec.nodeName && { nodeName: pod.spec.nodeName }),
    targetRef: Backends.targetOf(pod),
    ...(zone !== undefined && { zone })
  }
}

export const labelsOf = (service: Service) => {
  const { [Backends.headlessLabel]: _, ...labels } = service.metadata.labels ?? {}
  return {
    ...labels,
    [serviceLabel]: service.metadata.name,
    [managerLabel]: manager,
    ...(Backends.isHeadless(service) && { [Backends.headlessLabel]: "" })
  }
}

export interface Plan {
  readonly create: ReadonlyArray<EndpointSliceDraft>
  readonly update: ReadonlyArray<EndpointSlice>
  readonly remove: ReadonlyArray<EndpointSlice>
}

const nothing: Plan = { create: [], update: [], remove: [] }
const merge = (a: Plan, b: Plan): Plan => ({
  create: [...a.create, ...b.create],
  update: [...a.update, ...b.update],
  remove: [...a.remove, ...b.remove]
})

const identity = ({ targetRef }: Endpoint) => targetRef?.uid ?? ""

interface Group {
  readonly family: Backends.Family
  readonly ports: ReadonlyArray<Backends.Port>
  readonly endpoints: ReadonlyArray<Endpoint>
}

/** Endpoints stay in the slice that they are in; new ones fill what has room. */
const arrange = (
  service: Service,
  { endpoints, family, ports: numbers }: Group,
  slices: ReadonlyArray<EndpointSlice>
): Plan => {
  const ports = numbers.map((port) => ({ name: "", ...port }))
  const left = new Map(endpoints.map((endpoint) => [identity(endpoint), endpoint]))
  const kept = slices.map((slice) => {
    const here = (slice.endpoints ?? []).flatMap((before) => {
      const after = left.get(identity(before))
      left.delete(identity(before))
      return after === undefined ? [] : [after]
    })
    return { slice, here }
  })
  const rest = [...left.values()]
  for (const { here } of kept) here.push(...rest.splice(0, Math.max(0, most - here.length)))
  const labels = labelsOf(service)
  const { name, namespace = "" } = service.metadata
  const update = kept
    .filter(({ here }) => here.length > 0)
    .map(({ here, slice }) => ({ ...slice, metadata: { ...slice.metadata, labels }, endpoints: here, ports }))
    .filter((after, index) => !same(after, kept.filter(({ here }) => here.length > 0)[index]?.slice))
  const create: Array<EndpointSliceDraft> = []
  while (rest.length > 0) {
    create.push({
      metadata: {
        generateName: `${name}-`,
        namespace,
        labels,
        ownerReferences: [Kind.controllerReference(Service, service)]
      },
      addressType: family,
      endpoints: rest.splice(0, most),
      ports
    })
  }
  return { create, update, remove: kept.filter(({ here }) => here.length === 0).map(({ slice }) => slice) }
}

/** A Service without endpoints keeps one empty slice: it says that somebody has looked. */
const placeholder = (service: Service, family: Backends.Family, slices: ReadonlyArray<EndpointSlice>): Plan => {
  const labels = labelsOf(service)
  const { name, namespace = "" } = service.metadata
  const [first, ...others] = slices
  if (first === undefined) {
    const metadata = {
      generateName: `${name}-`,
      namespace,
      labels,
      ownerReferences: [Kind.controllerReference(Service, service)]
    }
    return { ...nothing, create: [{ metadata, addressType: family, endpoints: [], ports: [] }] }
  }
  const empty = { ...first, metadata: { ...first.metadata, labels }, endpoints: [], ports: [] }
  const isEmpty = (first.endpoints ?? []).length + (first.ports ?? []).length === 0 && same(labels, first.metadata.labels)
  return { ...nothing, update: isEmpty ? [] : [empty], remove: others }
}

export const plan = (
  service: Service,
  backends: ReadonlyArray<Backends.Backend>,
  slices: ReadonlyArray<EndpointSlice>,
  nodeOf: (name: string | undefined) => Node | undefined
): Plan => {
  const families = Backends.familiesOf(service)
  const strangers = slices.filter(({ addressType }) => !families.some((family) => family === addressType))
  const ofFamily = families.map((family): Plan => {
    const mine = slices.filter(({ addressType }) => addressType === family)
    const groups = Backends.byPorts(service, backends)
      .map(({ backends, ports }): Group => {
        const endpoints = backends.flatMap((backend) => {
          const addresses = Backends.addressesOf(backend.pod, family)
          return addresses.length === 0 ? [] : [endpointOf(service, backend, addresses, nodeOf(backend.pod.spec.nodeName))]
        })
        return { family, ports, endpoints }
      })
      .filter(({ endpoints }) => endpoints.length > 0)
    if (groups.length === 0) return placeholder(service, family, mine)
    const keyed = Object.groupBy(mine, ({ ports = [] }) => Backends.portKey(ports))
    const wanted = new Set(groups.map(({ ports }) => Backends.portKey(ports)))
    const old = mine.filter(({ ports = [] }) => !wanted.has(Backends.portKey(ports)))
    return groups
      .map((group) => arrange(service, group, keyed[Backends.portKey(group.ports)] ?? []))
      .reduce(merge, { ...nothing, remove: old })
  })
  return ofFamily.reduce(merge, { ...nothing, remove: strangers })
}
