/** Load balancers of a cloud that know HTTP, as the ingress controller has them made for Ingresses of the cloud's class. */
import { Schema } from "effect"
import * as Contract from "../../../kernel/plugin/Contract.ts"
import { NotReady, Refused } from "./Cloud.ts"
import { HealthCheck, Ingress, Target } from "./LoadBalancers.ts"

const { Array: List, Int, Literals, NullOr, Record, String: Text, Struct } = Schema

/** Which Ingress a balancer is for: the uid decides, names are for people. */
export const IngressReference = Struct({ uid: Text, namespace: Text, name: Text })
export type IngressReference = typeof IngressReference.Type

/** Who answers. */
export const Backend = Struct({
  /** Where nodes answer for the Service. 0: there is nobody, and requests get 503. */
  nodePort: Int,
  healthCheck: HealthCheck
})
export type Backend = typeof Backend.Type

export const Path = Struct({
  /** Empty: every host. It may begin with `*.`. */
  host: Text,
  path: Text,
  pathType: Literals(["Exact", "Prefix"]),
  backend: Backend
})
export type Path = typeof Path.Type

/** For TLS, as PEM: what hosts are shown is a matter of what the certificate says. */
export const Certificate = Struct({ name: Text, chain: Text, key: Text })
export type Certificate = typeof Certificate.Type

/** What an Ingress wants. */
export const Wanted = Struct({
  ingress: IngressReference,
  /** Of the Ingress: providers read their own. */
  annotations: Record(Text, Text),
  /** The first that matches has the request. */
  paths: List(Path),
  /** Who has what no path matches; null: it gets 404. */
  otherwise: NullOr(Backend),
  /** Without any, and if annotations name none, there is no TLS. */
  certificates: List(Certificate)
})
export type Wanted = typeof Wanted.Type

/** What there is, as the cloud tells it. */
export const IngressBalancer = Struct({
  ingress: IngressReference,
  /** By what it is reached. */
  addresses: List(Ingress),
  listeners: List(Struct({ protocol: Literals(["HTTP", "HTTPS"]), port: Int })),
  /** In the order in which they are tried. */
  paths: List(Struct({ host: Text, path: Text, pathType: Literals(["Exact", "Prefix"]), nodePort: Int })),
  /** The names of those that it shows. */
  certificates: List(Text),
  /** The provider ids of the nodes that it sends requests to. */
  targets: List(Text)
})
export type IngressBalancer = typeof IngressBalancer.Type

export class IngressBalancers extends Contract.make<IngressBalancers>()(
  "cloud/IngressBalancers",
  {
    version: "1.0.0",
    laws: {
      "ensure/address":
        "A balancer that was ensured has an address or a hostname, its paths in their order, and its targets.",
      "ensure/again": "To ensure the same again changes nothing, and makes no second.",
      "ensure/at-once": "What is ensured twice at the same time is one balancer.",
      "ensure/apart": "Ingresses have balancers of their own.",
      "ensure/paths": "Paths that are changed are followed: those that came, went, or have another backend.",
      "ensure/order": "Paths in another order are tried in that order.",
      "ensure/backends": "Backends that nobody needs any more are gone from the cloud.",
      "ensure/targets": "Nodes that are other than before are the balancer's targets.",
      "ensure/tls":
        "With a certificate there is TLS, one that changed takes the place of the old one, and without it there is none.",
      "ensure/refused": "What the cloud cannot do is Refused, and nothing is made.",
      "get/missing": "Of an Ingress that has no balancer there is none.",
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
    doc: "The balancer of an Ingress, if there is any part of one.",
    payload: { cluster: Text, ingress: IngressReference },
    success: NullOr(IngressBalancer),
    errors: [Refused]
  }),
  Contract.method("ensure", {
    doc: "Makes it, or makes it what is wanted. Whoever is told NotReady asks again.",
    payload: { cluster: Text, wanted: Wanted, targets: List(Target) },
    success: IngressBalancer,
    errors: [Refused, NotReady]
  }),
  Contract.method("remove", {
    doc: "Takes all parts of it away, whichever of them are there.",
    payload: { cluster: Text, ingress: IngressReference },
    errors: [Refused, NotReady]
  }),
  Contract.method("list", {
    doc: "The Ingresses that there is a balancer for, or any part of one: those whose Ingress is gone are removed.",
    payload: { cluster: Text },
    success: List(IngressReference),
    errors: [Refused]
  })
) {}
