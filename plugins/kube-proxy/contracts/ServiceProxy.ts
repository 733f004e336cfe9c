/**
 * How Services come into a node's kernel. What they ask of this node is decided by the proxy's controller (readiness, topology,
 * Pods on their way out); a data plane programs it, such as by nftables or iptables.
 */
import { Schema } from "effect"
import * as Contract from "../../../kernel/plugin/Contract.ts"

const { Array: List, Boolean, Int, Literals, String: Text, Struct } = Schema

export const Endpoint = Struct({
  address: Text,
  port: Int,
  /** On this node. */
  local: Boolean
})
export type Endpoint = typeof Endpoint.Type

const Policy = Literals(["Cluster", "Local"])

/** One port of a Service in one IP family. All addresses are of that family. */
export const ServicePort = Struct({
  /** Empty where the Service has but one. */
  name: Text,
  family: Literals(["IPv4", "IPv6"]),
  protocol: Literals(["tcp", "udp", "sctp"]),
  clusterIP: Text,
  port: Int,
  /** 0: none. */
  nodePort: Int,
  externalIPs: List(Text),
  loadBalancerIPs: List(Text),
  /** Who may come by the load balancer's addresses, as CIDRs that do not overlap. Empty: everybody. */
  sourceRanges: List(Text),
  /** How long a client keeps its endpoint after it was last here. 0: not at all. */
  affinitySeconds: Int,
  internalPolicy: Policy,
  /** Of node port, external and load balancer's addresses, for those who come from outside. */
  externalPolicy: Policy,
  /** Who answers where the policy is Cluster. */
  endpoints: List(Endpoint),
  /** Who answers where it is Local. */
  localEndpoints: List(Endpoint)
})
export type ServicePort = typeof ServicePort.Type

/** By `namespace/name`. Without ports it is not served. */
export const ProxiedService = Struct({ name: Text, ports: List(ServicePort) })
export type ProxiedService = typeof ProxiedService.Type

/** The kernel did not take it. What was programmed before may stand or not; the next `sync` makes all of it anew. */
export class NotProgrammed extends Schema.TaggedError<NotProgrammed>()("NotProgrammed", { reason: Text }) {
  override get message() {
    return `Services are not programmed: ${this.reason}`
  }
}

export class ServiceProxy extends Contract.make<ServiceProxy>()(
  "kube-proxy/ServiceProxy",
  {
    version: "1.1.0",
    laws: {
      "cluster-ip/everywhere": "A cluster IP is answered to Pods and to the node itself, by every endpoint.",
      "cluster-ip/hairpin": "A Pod that is led to itself gets its answer.",
      "cluster-ip/dual-stack": "A Service of two families is answered in both.",
      "affinity/keeps": "A client with affinity keeps its endpoint, also when others come and go.",
      "affinity/expires": "A client that stays away for longer than the timeout may be led elsewhere.",
      "node-port/everywhere":
        "A node port is answered at the node's addresses, to those outside, to Pods and to the node itself.",
      "external/addresses": "External IPs and a load balancer's addresses are answered to those who come by this node.",
      "load-balancer/ranges":
        "With source ranges, nobody else reaches the load balancer's addresses; other addresses are as before.",
      "policy/external-local":
        "With an external policy of Local those outside reach local endpoints only, which see who asks; Pods reach all.",
      "policy/external-nobody":
        "With an external policy of Local and no local endpoint those outside get no answer and no refusal.",
      "policy/internal-local": "With an internal policy of Local a cluster IP leads to local endpoints only.",
      "refuse/at-once": "Where nobody answers, connections and datagrams are refused at once.",
      "udp/follows": "A client that goes on sending from one UDP port is led elsewhere when its endpoint goes.",
      "sync/changes": "A change set leaves the connections and the counts of all other Services alone.",
      "sync/whole": "Services that are not in a whole sync are served no more.",
      "sync/again": "To sync the same again changes nothing in the kernel.",
      "sync/restart": "A proxy that starts where one was killed keeps its connections.",
      "repair/lost": "What somebody else has removed is found missing, and made anew.",
      "remove/nothing": "Removing leaves nothing, and succeeds however often."
    },
    optional: ["cluster-ip/dual-stack"]
  },
  Contract.method("describe", {
    doc: "What it is, and the IP families that this node's kernel can serve; ports of others are left alone.",
    success: Struct({ name: Text, families: List(Literals(["IPv4", "IPv6"])) }),
    errors: []
  }),
  Contract.method("sync", {
    doc: "Programs the kernel, a change set as one transaction. Whole: these are all the Services that there are.",
    payload: { whole: Boolean, services: List(ProxiedService) },
    errors: [NotProgrammed]
  }),
  Contract.method("repair", {
    doc: "Looks whether what was programmed still stands, and makes it anew if not. Says whether it stood.",
    success: Boolean,
    errors: [NotProgrammed]
  }),
  Contract.method("connections", {
    doc: "How many connections each Service was given since it was programmed, by name; without those that were given none.",
    success: List(Struct({ name: Text, connections: Int })),
    errors: [NotProgrammed]
  }),
  Contract.method("remove", { doc: "Takes all of it back.", errors: [NotProgrammed] })
) {}
