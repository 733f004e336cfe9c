/** What a Service wants, as listeners and target groups of a network load balancer; and what it cannot have. */
import type { ProtocolEnum } from "@aws-sdk/client-elastic-load-balancing-v2"
import { Effect } from "effect"
import { Refused } from "../../../plugins/cloud/contracts/Cloud.ts"
import type { BalancedPort, HealthCheck, Wanted } from "../../../plugins/cloud/contracts/LoadBalancers.ts"

export interface Way {
  readonly protocol: Extract<ProtocolEnum, "TCP" | "UDP" | "TCP_UDP">
  readonly port: number
  readonly nodePort: number
}

const no = (reason: string) => Effect.fail(new Refused({ reason }))

/** A listener has a port for itself: TCP and UDP of one port are one, if they lead to one node port. */
const together = (ports: ReadonlyArray<BalancedPort>) =>
  Effect.forEach([...Map.groupBy(ports, ({ port }) => port).values()], (same): Effect.Effect<Way, Refused> => {
    const [first, second] = same
    if (first === undefined || first.protocol === "SCTP")
      return no("only TCP and UDP are supported by load balancers of AWS")
    if (first.nodePort === 0)
      return no(`port ${first.port} has no node port: load balancers of AWS send traffic to node ports`)
    if (second === undefined) return Effect.succeed({ protocol: first.protocol, port: first.port, nodePort: first.nodePort })
    if (second.nodePort !== first.nodePort)
      return no(`TCP and UDP of port ${first.port} need the same node port on a load balancer of AWS`)
    return Effect.succeed({ protocol: "TCP_UDP", port: first.port, nodePort: first.nodePort })
  })

export const waysOf = ({ address, ports, sourceRanges }: Wanted) => {
  if (address !== "") return no("spec.loadBalancerIP cannot be given on AWS: leave it empty")
  if (sourceRanges.some((range) => range !== "0.0.0.0/0" && range !== "::/0"))
    return no("spec.loadBalancerSourceRanges are not supported on AWS: use a security group of the nodes")
  return together(ports)
}

/** Protocols as Services have them. */
export const protocolsOf = (protocol: string | undefined): ReadonlyArray<"TCP" | "UDP"> =>
  protocol === "TCP_UDP" ? ["TCP", "UDP"] : protocol === "UDP" ? ["UDP"] : ["TCP"]

export const isInternal = ({ annotations }: Wanted) =>
  annotations["service.beta.kubernetes.io/aws-load-balancer-internal"] === "true" ||
  annotations["service.beta.kubernetes.io/aws-load-balancer-scheme"] === "internal"

export const healthCheckOf = ({ path, port, protocol }: HealthCheck) => ({
  HealthCheckProtocol: protocol,
  HealthCheckPort: `${port}`,
  ...(protocol === "HTTP" && { HealthCheckPath: path })
})
