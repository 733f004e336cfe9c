/** Where routes are served, for the status of Ingresses. Pure. */
import type { Node, Service } from "../resources/contracts/core/v1.ts"
import type { IngressLoadBalancerIngress } from "../resources/contracts/networking/v1.ts"
import { serves } from "./contracts/Published.ts"

const addressesOf = ({ status: { addresses = [] } }: Node, type: string) =>
  addresses.filter((one) => one.type === type).map(({ address }) => address)

/** By whom nodes are reached from outside, or else from each other. */
const addressOf = (node: Node) => [...addressesOf(node, "ExternalIP"), ...addressesOf(node, "InternalIP")].slice(0, 1)

/** Nodes whose proxy serves, and that are ready themselves. */
export const serving = (nodes: ReadonlyArray<Node>) =>
  nodes
    .filter(({ metadata, status: { conditions = [] } }) => {
      const isReady = conditions.some(({ status, type }) => type === "Ready" && status === "True")
      return isReady && metadata.annotations?.[serves] !== undefined && metadata.deletionTimestamp === undefined
    })
    .toSorted((one, other) => (one.metadata.name < other.metadata.name ? -1 : 1))

/** The load balancer in front of the nodes, where there is one; else the nodes themselves. */
export const addresses = (
  service: Service | undefined,
  nodes: ReadonlyArray<Node>
): ReadonlyArray<IngressLoadBalancerIngress> => {
  const balanced = service?.status?.loadBalancer?.ingress ?? []
  if (balanced.length > 0)
    return balanced.map(({ hostname, ip }) => ({
      ...(ip !== undefined && { ip }),
      ...(hostname !== undefined && { hostname })
    }))
  return serving(nodes).flatMap((node) => addressOf(node).map((ip) => ({ ip })))
}
