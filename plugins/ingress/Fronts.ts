/**
 * The Services by which routes are reached from outside: of type LoadBalancer, without a selector, with the nodes whose proxies serve as
 * their endpoints. Pure: as they shall be.
 */
import type { Node, Service, ServiceDraft } from "../resources/contracts/core/v1.ts"
import type { EndpointSliceDraft } from "../resources/contracts/discovery/v1.ts"
import { serving } from "./Statuses.ts"

export interface Port {
  readonly name: string
  /** Where it is asked for, and where the proxy listens. */
  readonly port: number
  readonly target: number
}

export const managedBy = { "app.kubernetes.io/managed-by": "keelson-ingress" }
const serviceName = "kubernetes.io/service-name"

export const service = (
  key: { readonly namespace: string; readonly name: string },
  ports: ReadonlyArray<Port>
): ServiceDraft => ({
  metadata: { ...key, labels: managedBy },
  spec: {
    type: "LoadBalancer",
    ports: ports.map(({ name, port }) => ({ name, port, targetPort: port, protocol: "TCP" }))
  }
})

/** Under the Service's own name: there is one for it. */
export const slice = ({ metadata }: Service): EndpointSliceDraft => ({
  metadata: {
    name: metadata.name,
    namespace: metadata.namespace ?? "",
    labels: { ...managedBy, [serviceName]: metadata.name, "endpointslice.kubernetes.io/managed-by": "keelson-ingress" },
    ownerReferences: [{ apiVersion: "v1", kind: "Service", name: metadata.name, uid: metadata.uid, controller: true }]
  },
  addressType: "IPv4",
  endpoints: []
})

/** What is behind it. */
export const behind = (ports: ReadonlyArray<Port>, nodes: ReadonlyArray<Node>) => ({
  ports: ports.map(({ name, target }) => ({ name, port: target, protocol: "TCP" })),
  endpoints: serving(nodes).flatMap(({ metadata: { name }, status: { addresses = [] } }) => {
    const own = addresses.find(({ address, type }) => type === "InternalIP" && !address.includes(":"))
    return own === undefined ? [] : [{ addresses: [own.address], nodeName: name, conditions: { ready: true } }]
  })
})
