/** The EndpointSlices that say the same as an Endpoints object. Pure. */
import { same } from "../../../kernel/resource/JsonEqual.ts"
import { controllerReference } from "../../../kernel/resource/Kind.ts"
import { type EndpointAddress, Endpoints, type EndpointSubset, type Service } from "../../resources/contracts/core/v1.ts"
import type { Endpoint, EndpointSlice, EndpointSliceDraft } from "../../resources/contracts/discovery/v1.ts"

/** Of one subset; as upstream. */
const most = 1000

export const serviceLabel = "kubernetes.io/service-name"
export const managerLabel = "endpointslice.kubernetes.io/managed-by"
export const manager = "endpointslicemirroring-controller.k8s.io"
const skipLabel = "endpointslice.kubernetes.io/skip-mirror"
const leaderAnnotation = "control-plane.alpha.kubernetes.io/leader"
const lastApplied = "kubectl.kubernetes.io/last-applied-configuration"

/** Endpoints that somebody writes by hand for a Service without a selector: those of other Services have slices already. */
export const isMirrored = ({ metadata }: Endpoints, service: Service | undefined): boolean =>
  service !== undefined &&
  Object.keys(service.spec.selector ?? {}).length === 0 &&
  metadata.deletionTimestamp === undefined &&
  metadata.labels?.[skipLabel] !== "true" &&
  metadata.annotations?.[leaderAnnotation] === undefined

const endpointOf = ({ hostname, ip, nodeName, targetRef }: EndpointAddress, ready: boolean): Endpoint => ({
  addresses: [ip],
  conditions: { ready },
  ...(hostname && { hostname }),
  ...(nodeName && { nodeName }),
  ...(targetRef && { targetRef })
})

const ofSubset = ({ addresses = [], notReadyAddresses = [], ports = [] }: EndpointSubset) => {
  const endpoints = [
    ...addresses.map((address) => endpointOf(address, true)),
    ...notReadyAddresses.map((address) => endpointOf(address, false))
  ].slice(0, most)
  const families = Object.entries({
    IPv4: endpoints.filter(({ addresses: [ip = ""] }) => !ip.includes(":")),
    IPv6: endpoints.filter(({ addresses: [ip = ""] }) => ip.includes(":"))
  })
  return families
    .filter(([, some]) => some.length > 0)
    .map(([addressType, some]) => ({
      addressType,
      endpoints: some,
      ports: ports.map((port) => ({ name: "", ...port }))
    }))
}

const metadataOf = (endpoints: Endpoints) => {
  const { annotations = {}, labels, name, namespace = "" } = endpoints.metadata
  const { [lastApplied]: _, ...others } = annotations
  return {
    generateName: `${name}-`,
    namespace,
    labels: { ...labels, [serviceLabel]: name, [managerLabel]: manager },
    ...(Object.keys(others).length > 0 && { annotations: others }),
    ownerReferences: [controllerReference(Endpoints, endpoints)]
  }
}

export interface Plan {
  readonly create: ReadonlyArray<EndpointSliceDraft>
  readonly update: ReadonlyArray<EndpointSlice>
  readonly remove: ReadonlyArray<EndpointSlice>
}

/** A slice goes on as the slice of the subset that has its place: its family never changes. */
export const plan = (endpoints: Endpoints | undefined, existing: ReadonlyArray<EndpointSlice>): Plan => {
  if (endpoints === undefined) return { create: [], update: [], remove: existing }
  const metadata = metadataOf(endpoints)
  const { annotations, labels, ownerReferences } = metadata
  const left = existing.toSorted((a, b) => (a.metadata.name < b.metadata.name ? -1 : 1))
  const create: Array<EndpointSliceDraft> = []
  const update: Array<EndpointSlice> = []
  for (const wanted of (endpoints.subsets ?? []).flatMap(ofSubset)) {
    const index = left.findIndex(({ addressType }) => addressType === wanted.addressType)
    const [slice] = index < 0 ? [] : left.splice(index, 1)
    if (slice === undefined) {
      create.push({ metadata, ...wanted })
      continue
    }
    const { annotations: _, ...kept } = slice.metadata
    const after = {
      ...slice,
      ...wanted,
      metadata: { ...kept, labels, ownerReferences, ...(annotations && { annotations }) }
    }
    if (!same(slice, after)) update.push(after)
  }
  return { create, update, remove: left }
}
