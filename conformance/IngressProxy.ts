/**
 * The checks of the laws of `IngressProxy`: real requests to what listens on this machine's loopback, from there to backends that say
 * what reached them. A proxy that is checked listens at 127.0.0.1, at the ports that it is told.
 */
import { IngressProxy } from "../plugins/ingress/contracts/IngressProxy.ts"
import { checks as actions } from "./ingress-proxy/Actions.ts"
import { checks as life, type Victim } from "./ingress-proxy/Life.ts"
import { checks as routing } from "./ingress-proxy/Routing.ts"
import * as Suite from "./Suite.ts"

export { Victim } from "./ingress-proxy/Life.ts"

export const suite = Suite.make<IngressProxy, IngressProxy["Service"], typeof IngressProxy.laws, IngressProxy | Victim>(
  IngressProxy,
  { ...routing, ...actions, ...life }
)
