/** The cloud that a cluster runs in: a line for each provider, and the controllers that follow it. */
import { Effect, Layer } from "effect"
import * as Aws from "../adapters/cloud/aws/Aws.ts"
import * as Azure from "../adapters/cloud/azure/Azure.ts"
import * as Gcp from "../adapters/cloud/gcp/Gcp.ts"
import * as Configuration from "../adapters/cloud/local/Configuration.ts"
import * as Local from "../adapters/cloud/local/Local.ts"
import type { Client } from "../kernel/client/Client.ts"
import * as Plugin from "../kernel/plugin/Plugin.ts"
import { Refused } from "../plugins/cloud/contracts/Cloud.ts"
import type { IngressBalancers } from "../plugins/cloud/contracts/IngressBalancers.ts"
import type { Instances } from "../plugins/cloud/contracts/Instances.ts"
import type { LoadBalancers } from "../plugins/cloud/contracts/LoadBalancers.ts"
import type { Routes } from "../plugins/cloud/contracts/Routes.ts"
import type { Zones } from "../plugins/cloud/contracts/Zones.ts"
import * as Ingresses from "../plugins/cloud/Ingresses.ts"
import * as NodeLifecycle from "../plugins/cloud/NodeLifecycle.ts"
import * as Nodes from "../plugins/cloud/Nodes.ts"
import * as RouteTable from "../plugins/cloud/RouteTable.ts"
import * as Services from "../plugins/cloud/Services.ts"
import * as Addresses from "../plugins/resources/contracts/Addresses.ts"
import * as CloudPackage from "./CloudPackage.ts"

export interface Options {
  readonly cloud: "local" | "aws" | "gcp" | "azure" | "package" | "none"
  /** The provider's own configuration, a file; or empty. */
  readonly configuration: string
  /** What this cluster is called in the cloud. */
  readonly cluster: string
  /** Of the Pods that routes of the cloud's network lead to; none: their network needs no routes. */
  readonly podCidrs: ReadonlyArray<string>
  /** Where load balancers of the local cloud get their addresses, if its configuration does not say otherwise. */
  readonly loadBalancerCidr: string
}

type Contracts = Instances | Zones | LoadBalancers

/** Runs a controller under the account `<name>-controller`. */
type Run<R> = <Needs extends Contracts | IngressBalancers | Routes>(
  name: string,
  plugin: Plugin.Plugin<never, Client | Needs>
) => Layer.Layer<never, unknown, R | Needs>

const local = ({ configuration, loadBalancerCidr }: Options) => {
  const standard = { loadBalancerAddresses: Addresses.list(loadBalancerCidr) }
  return Local.plugin({
    configuration: configuration === "" ? Effect.succeed(standard) : Configuration.fromFile(configuration, standard)
  })
}

/** Those of somebody else. */
const providers = {
  gcp: ({ configuration }: Options) => Plugin.install(Gcp.plugin(configuration)),
  azure: ({ configuration }: Options) => Plugin.install(Azure.plugin(configuration))
}

const noRoutes = new Refused({
  reason: "--configure-cloud-routes true: the local cloud has no routes, the network of its nodes brings its own"
})

/** `asSelf` is the server's own client, with which the local cloud keeps its books. */
export const layer = <R>(options: Options, run: Run<R>, asSelf: Layer.Layer<Client, never, R>) => {
  const { cloud, cluster, podCidrs } = options
  if (cloud === "none") return Layer.empty
  const controllers = Layer.mergeAll(
    run("node", Nodes.plugin),
    run("node", NodeLifecycle.plugin),
    run("service", Services.plugin({ cluster }))
  )
  const routes = podCidrs.length > 0 ? run("route", RouteTable.plugin({ cluster, podCidrs })) : Layer.empty
  const ingresses = (className: string) => run("cloud-ingress", Ingresses.plugin({ cluster, className }))
  if (cloud === "package") return CloudPackage.layer(controllers, routes, ingresses("cloud"))
  if (cloud === "local") {
    const own = Layer.provide(controllers, Layer.provide(Plugin.install(local(options)), asSelf))
    return podCidrs.length > 0 ? Layer.effectDiscard(Effect.fail(noRoutes)) : own
  }
  if (cloud === "aws") {
    const all = Layer.mergeAll(controllers, routes, ingresses("alb"))
    return Layer.provide(all, Plugin.install(Aws.plugin(options.configuration)))
  }
  const provider: Layer.Layer<Contracts | Routes, Plugin.PluginFailed, Plugin.Host> = providers[cloud](options)
  return Layer.provide(Layer.merge(controllers, routes), provider)
}
