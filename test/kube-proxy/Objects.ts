/** Services and slices in few words. */
import { Service, type ServiceDraft } from "../../plugins/resources/contracts/core/v1.ts"
import { EndpointSlice, type EndpointDraft } from "../../plugins/resources/contracts/discovery/v1.ts"
import { Objects } from "../network/MemoryClient.ts"

export const node = "n1"
export const here = (address: string, conditions = {}): EndpointDraft => ({
  addresses: [address],
  nodeName: node,
  conditions
})
export const there = (address: string, conditions = {}): EndpointDraft => ({
  addresses: [address],
  nodeName: "n2",
  conditions
})

export const service = (
  name: string,
  clusterIP: string,
  spec: Partial<NonNullable<ServiceDraft["spec"]>> = {}
): ServiceDraft => ({
  metadata: { namespace: "default", name },
  spec: { clusterIP, ports: [{ port: 80, targetPort: 8080 }], ...spec }
})

export class World extends Objects {
  service(...args: Parameters<typeof service>) {
    return this.put(Service, service(...args))
  }
  endpoints(name: string, ...endpoints: ReadonlyArray<EndpointDraft>) {
    return this.put(EndpointSlice, {
      metadata: { namespace: "default", name: `${name}-1`, labels: { "kubernetes.io/service-name": name } },
      addressType: "IPv4",
      ports: [
        { name: "", port: 8080, protocol: "TCP" },
        { name: "dns", port: 8080, protocol: "UDP" }
      ],
      endpoints
    })
  }
}
