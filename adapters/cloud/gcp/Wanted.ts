/** What a Service wants, as forwarding rules and firewalls of a passthrough network load balancer; and what it cannot have. */
import { Effect, Schema } from "effect"
import { Refused } from "../../../plugins/cloud/contracts/Cloud.ts"
import { LoadBalancer, type Wanted } from "../../../plugins/cloud/contracts/LoadBalancers.ts"
import * as Owned from "../Owned.ts"

export interface Rule {
  /** Its name is the balancer's, and this. */
  readonly suffix: "tcp" | "udp" | "all"
  readonly IPProtocol: "TCP" | "UDP" | "L3_DEFAULT"
  readonly lets: { readonly ports: Array<string> } | { readonly portRange: string } | { readonly allPorts: true }
}

export interface Shape {
  readonly scheme: "EXTERNAL" | "INTERNAL"
  readonly rules: ReadonlyArray<Rule>
  readonly allowed: Array<{ IPProtocol: string; ports: Array<string> }>
}

/** Rules name so many ports at most. */
const most = 5

const isInternal = ({ annotations }: Wanted) =>
  (annotations["networking.gke.io/load-balancer-type"] ?? annotations["cloud.google.com/load-balancer-type"]) === "Internal"

const no = (reason: string) => Effect.fail(new Refused({ reason }))

const portsOf = ({ ports }: Wanted, protocol: "TCP" | "UDP") =>
  [...new Set(ports.filter((one) => one.protocol === protocol).map(({ port }) => port))].toSorted((a, b) => a - b)

export const shapeOf = (wanted: Wanted): Effect.Effect<Shape, Refused> => {
  if (wanted.ports.some(({ protocol }) => protocol === "SCTP"))
    return no("only TCP and UDP are supported by load balancers of GCP")
  if (!wanted.families.includes("IPv4"))
    return no("load balancers of GCP are made for IPv4: the Service has no such address")
  const ways = (["TCP", "UDP"] as const).flatMap((protocol) => {
    const ports = portsOf(wanted, protocol)
    return ports.length === 0 ? [] : [{ protocol, ports }]
  })
  const allowed = ways.map(({ ports, protocol }) => ({ IPProtocol: protocol.toLowerCase(), ports: ports.map(String) }))
  // Within a network one rule leads all ports on; the firewall says which of them.
  if (isInternal(wanted))
    return Effect.succeed({
      scheme: "INTERNAL",
      rules: [{ suffix: "all", IPProtocol: "L3_DEFAULT", lets: { allPorts: true } }],
      allowed
    })
  const rules = ways.map(
    ({ ports, protocol }): Rule => ({
      suffix: protocol === "TCP" ? "tcp" : "udp",
      IPProtocol: protocol,
      lets: ports.length > most ? { portRange: `${ports[0]}-${ports.at(-1)}` } : { ports: ports.map(String) }
    })
  )
  return Effect.succeed({ scheme: "EXTERNAL", rules, allowed })
}

/** What stands in the description of a backend service: the node ports, which traffic does not pass here. */
const Description = Schema.fromJsonString(Schema.Struct({ ...Owned.Mark.fields, ports: LoadBalancer.fields.ports }))
export const describe = (cluster: string, { ports, service }: Wanted) =>
  Schema.encodeSync(Description)({
    cluster,
    service,
    ports: ports.map(({ nodePort, port, protocol }) => ({ protocol, port, nodePort }))
  })
const decoded = Schema.decodeUnknownOption(Description)
export const portsIn = (description: unknown): LoadBalancer["ports"] => {
  const found = decoded(description)
  return found._tag === "Some" ? found.value.ports : []
}

/** As a health check has it. */
export const healthCheckOf = ({ healthCheck: { path, port, protocol } }: Wanted) =>
  protocol === "HTTP"
    ? { type: "HTTP" as const, httpHealthCheck: { port, requestPath: path } }
    : { type: "TCP" as const, tcpHealthCheck: { port } }
