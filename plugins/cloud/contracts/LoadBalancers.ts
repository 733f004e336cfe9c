/** Load balancers of a cloud, as the service controller has them made for Services of type LoadBalancer. */
import { Schema } from "effect"
import * as Contract from "../../../kernel/plugin/Contract.ts"
import { Address, NotReady, Refused } from "./Cloud.ts"

const { Array: List, Boolean, Int, Literals, NullOr, Record, String: Text, Struct } = Schema

const Protocol = Literals(["TCP", "UDP", "SCTP"])

export const BalancedPort = Struct({
  name: Text,
  protocol: Protocol,
  /** Where the balancer listens. */
  port: Int,
  /** Where nodes answer. 0: they have none, and answer at the balancer's own address. */
  nodePort: Int
})
export type BalancedPort = typeof BalancedPort.Type

/** How a node is asked whether it shall get traffic. */
export const HealthCheck = Struct({ protocol: Literals(["HTTP", "TCP"]), port: Int, path: Text })
export type HealthCheck = typeof HealthCheck.Type

/** Which Service a balancer is for: the uid decides, names are for people. */
export const ServiceReference = Struct({ uid: Text, namespace: Text, name: Text })
export type ServiceReference = typeof ServiceReference.Type

/** What a Service wants. */
export const Wanted = Struct({
  service: ServiceReference,
  /** Of the Service: providers read their own. */
  annotations: Record(Text, Text),
  ports: List(BalancedPort),
  families: List(Literals(["IPv4", "IPv6"])),
  /** `spec.loadBalancerIP`, or empty. */
  address: Text,
  /** Who may come, as CIDRs. Empty: everybody. */
  sourceRanges: List(Text),
  /** Nodes without an endpoint answer no traffic, and their health check says so. */
  local: Boolean,
  /** How long a client keeps its endpoint. 0: not at all. */
  affinitySeconds: Int,
  healthCheck: HealthCheck
})
export type Wanted = typeof Wanted.Type

/** A node that traffic may be sent to. */
export const Target = Struct({ name: Text, providerID: Text, addresses: List(Address), zone: Text })
export type Target = typeof Target.Type

export const Ingress = Struct({
  /** One of the two is empty. */
  ip: Text,
  hostname: Text,
  /** VIP: packets come with the balancer's address, and nodes answer to it; Proxy: with a node's. */
  ipMode: Literals(["VIP", "Proxy"])
})
export type Ingress = typeof Ingress.Type

/** What there is, as the cloud tells it. */
export const LoadBalancer = Struct({
  service: ServiceReference,
  ingress: List(Ingress),
  ports: List(Struct({ protocol: Protocol, port: Int, nodePort: Int })),
  /** The provider ids of the nodes that it sends traffic to. */
  targets: List(Text)
})
export type LoadBalancer = typeof LoadBalancer.Type

export class LoadBalancerNotFound extends Schema.TaggedError<LoadBalancerNotFound>()("LoadBalancerNotFound", {
  service: Text
}) {
  override get message() {
    return `there is no load balancer for ${this.service}`
  }
}

export class LoadBalancers extends Contract.make<LoadBalancers>()(
  "cloud/LoadBalancers",
  {
    version: "1.0.0",
    laws: {
      "ensure/address": "A balancer that was ensured has an address or a hostname, its ports and its targets.",
      "ensure/again": "To ensure the same again changes nothing, and makes no second.",
      "ensure/at-once": "What is ensured twice at the same time is one balancer.",
      "ensure/apart": "Services have balancers of their own, also those of the same name that came after one another.",
      "ensure/ports": "Ports that are changed are followed: those that went away are not listened at any more.",
      "ensure/targets": "Nodes that are other than before are the balancer's targets.",
      "ensure/refused": "What the cloud cannot do is Refused, and nothing is made.",
      "update/targets": "To update changes the targets, and neither address nor ports.",
      "update/missing": "To update what is not there is LoadBalancerNotFound, and nothing is made.",
      "get/missing": "Of a Service that has no balancer there is none.",
      "list/own": "Those of this cluster are listed, and of no other.",
      "remove/nothing": "Removing leaves nothing in the cloud, and succeeds however often.",
      "interrupted/throttled": "When the cloud throttles any one call, what was asked is done in the end, and once.",
      "interrupted/lost":
        "When the answer of any one call is lost, trying again ends in one balancer, and in none when it is removed.",
      "interrupted/crash":
        "When who asks dies after any one call, the next who asks ends in one balancer, and in none when it is removed."
    }
  },
  Contract.method("get", {
    doc: "The balancer of a Service, if there is any part of one.",
    payload: { cluster: Text, service: ServiceReference },
    success: NullOr(LoadBalancer),
    errors: [Refused]
  }),
  Contract.method("ensure", {
    doc: "Makes it, or makes it what is wanted. Whoever is told NotReady asks again.",
    payload: { cluster: Text, wanted: Wanted, targets: List(Target) },
    success: LoadBalancer,
    errors: [Refused, NotReady]
  }),
  Contract.method("update", {
    doc: "Other nodes get the traffic; all else stays.",
    payload: { cluster: Text, wanted: Wanted, targets: List(Target) },
    errors: [Refused, NotReady, LoadBalancerNotFound]
  }),
  Contract.method("remove", {
    doc: "Takes all parts of it away, whichever of them are there.",
    payload: { cluster: Text, service: ServiceReference },
    errors: [Refused, NotReady]
  }),
  Contract.method("list", {
    doc: "The Services that there is a balancer for, or any part of one: those whose Service is gone are removed.",
    payload: { cluster: Text },
    success: List(ServiceReference),
    errors: [Refused]
  })
) {}
