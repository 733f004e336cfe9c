/** Routes in a cloud's network, by which the addresses of Pods lead to the node that has them. */
import { Schema } from "effect"
import * as Contract from "../../../kernel/plugin/Contract.ts"
import { InstanceNotFound, NodeReference, NotReady, Refused } from "./Cloud.ts"

const { Array: List, Boolean, String: Text, Struct } = Schema

export const Route = Struct({
  /** The cloud's name for it. */
  name: Text,
  /** The provider id of the instance it leads to; empty: of none that the cloud knows. */
  providerID: Text,
  /** Which addresses: a CIDR. */
  destination: Text,
  /** It leads nowhere: the instance is gone or stopped. */
  blackhole: Boolean
})
export type Route = typeof Route.Type

export class Routes extends Contract.make<Routes>()(
  "cloud/Routes",
  {
    version: "1.0.0",
    laws: {
      "create/listed": "A route that was made is listed, and leads to its instance.",
      "create/again": "To make the same again changes nothing.",
      "create/moved": "A destination that another node has now leads there, and nowhere else.",
      "create/gone": "A route to an instance that is not there is InstanceNotFound, and is not made.",
      "delete/again": "A route that was deleted is not listed, and deleting it again succeeds.",
      "delete/others": "Deleting one leaves the others.",
      "interrupted/any":
        "When any one call is throttled, or its answer lost, trying again ends in one route, and in none when it is deleted."
    }
  },
  Contract.method("list", {
    doc: "The routes to instances in the network of this cluster.",
    payload: { cluster: Text },
    success: List(Route),
    errors: [Refused]
  }),
  Contract.method("create", {
    doc: "Leads a destination to a node.",
    payload: { cluster: Text, node: NodeReference, destination: Text },
    errors: [InstanceNotFound, Refused, NotReady]
  }),
  Contract.method("delete", {
    doc: "Takes a route away, as it was listed.",
    payload: { cluster: Text, route: Route },
    errors: [Refused, NotReady]
  })
) {}
