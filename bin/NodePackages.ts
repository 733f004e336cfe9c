/** How packages stand in for the parts of a node: a line for each part that can come from outside. */
import { Context, Effect, Layer, SubscriptionRef } from "effect"
import { join } from "node:path"
import * as Https from "../adapters/client/https/Https.ts"
import { Api } from "../kernel/client/Api.ts"
import type { Client } from "../kernel/client/Client.ts"
import * as Plugin from "../kernel/plugin/Plugin.ts"
import * as DnsAddresses from "../plugins/dns/contracts/Addresses.ts"
import { ClusterDns } from "../plugins/dns/contracts/ClusterDns.ts"
import { ServiceProxy } from "../plugins/kube-proxy/contracts/ServiceProxy.ts"
import * as KubeProxy from "../plugins/kube-proxy/KubeProxy.ts"
import * as Remembered from "../plugins/kube-proxy/Remembered.ts"
import { ImageCredentials } from "../plugins/kubelet/contracts/ImageCredentials.ts"
import type { CredentialProviders } from "../plugins/kubelet/images/CredentialProviders.ts"
import { NetworkAttachment } from "../plugins/kubelet/contracts/NetworkAttachment.ts"
import { NodeDevices } from "../plugins/kubelet/contracts/NodeDevices.ts"
import { NetworkConfiguration } from "../plugins/kubelet/contracts/NetworkConfiguration.ts"
import type { Providers } from "../plugins/kubelet/devices/Providers.ts"
import type { Powers } from "../plugins/kubelet/contracts/Powers.ts"
import * as GivenNetwork from "../plugins/kubelet/runtimes/GivenNetwork.ts"
import { MoreRuntimes } from "../plugins/kubelet/runtimes/Runtimes.ts"
import * as Addresses from "../plugins/resources/contracts/Addresses.ts"
import * as Group from "../plugins/packages/node/Group.ts"
import * as NodeContracts from "../plugins/packages/node/NodeContracts.ts"
import * as NodeLoader from "../plugins/packages/node/NodeLoader.ts"
import * as Drivers from "../plugins/volumes/contracts/Drivers.ts"
import { Volumes } from "../plugins/volumes/contracts/Volumes.ts"
import type { Outside } from "./Choice.ts"
import type { Options } from "./Node.ts"
import * as NodeIngress from "./NodeIngress.ts"

/** A network from outside; `plain` is what every network of a node has that knows no other nodes. */
export const network = <E, R>(
  plain: Layer.Layer<never, E, R>
): Outside<NetworkConfiguration | NetworkAttachment, R, NetworkConfiguration | NetworkAttachment> => ({
  contracts: NodeContracts.network,
  plugin: (given, { name }) =>
    Plugin.make({
      name: `network-${name}`,
      offers: [NetworkConfiguration, NetworkAttachment],
      layer: Layer.merge(Layer.succeedContext(given), plain)
    })
})

/** A data plane from outside, under our controller. What it has programmed goes when another one serves. */
export const proxy = <R>(
  options: KubeProxy.Options,
  under: (plugin: Plugin.Plugin<never, Client | Plugin.Host>) => Plugin.Plugin<never, R>
): Outside<never, R, ServiceProxy> => ({
  contracts: [ServiceProxy],
  plugin: (given, { name }) => {
    const remembered = Effect.map(Plugin.Host, ({ states }) => {
      const restarts = () => SubscriptionRef.getUnsafe(states).find((state) => state.name === name)?.restarts ?? 0
      return Remembered.make(Context.get(given, ServiceProxy), restarts)
    })
    const layer = Layer.provide(KubeProxy.under(options), Layer.effect(ServiceProxy, remembered))
    return under(Plugin.make({ name: "kube-proxy", layer }))
  },
  left: (given) => Effect.ignore(Context.get(given, ServiceProxy).remove())
})

/** The address stays on this node whoever serves the names at it. */
export const dns = ({ address }: { readonly address: string }): Outside<ClusterDns, never, ClusterDns> => ({
  contracts: [ClusterDns],
  plugin: (given) => {
    const hold = Effect.forEach(Addresses.list(address), (one) => DnsAddresses.hold(one, 53), { discard: true })
    return Plugin.make({
      name: "dns",
      offers: [ClusterDns],
      layer: Layer.merge(Layer.succeedContext(given), Layer.effectDiscard(hold))
    })
  }
})

/** A runtime from outside is a further one: its handler is the plugin's name. One that makes no network gets ours. */
export const runtimes = (directory: string) =>
  Layer.effectDiscard(
    Effect.gen(function* () {
      const [more, attachment] = [yield* MoreRuntimes, yield* NetworkAttachment]
      yield* Group.once<Powers>(NodeContracts.runtime, (given, { name }) =>
        Effect.gen(function* () {
          const folder = GivenNetwork.folder(directory, name)
          const networked = GivenNetwork.layer({ directory: folder, stop: "keep" }).pipe(
            Layer.provideMerge(Layer.succeedContext(given)),
            Layer.provide(Layer.succeed(NetworkAttachment, attachment))
          )
          yield* more.add(name, yield* Layer.build(networked))
        })
      )
    })
  )

/** Who knows logins for images; of several packages each is asked. */
export const credentials = (providers: CredentialProviders) =>
  Layer.effectDiscard(
    Group.add([ImageCredentials], (given, { name }) => providers.add(name, Context.get(given, ImageCredentials)))
  )

/** Who has devices; of two packages for the same resource the later one counts. */
export const devices = (providers: Providers) =>
  Layer.effectDiscard(Group.add([NodeDevices], (given) => providers.add(Context.get(given, NodeDevices))))

/** Drivers of volumes, under the names that they give themselves. The node does for them what concerns no node, too. */
export const volumes = Layer.effectDiscard(
  Effect.flatMap(Drivers.Drivers, (drivers) =>
    Group.add([Volumes], (given) =>
      Effect.provideService(Drivers.offer(Context.get(given, Volumes), true), Drivers.Drivers, drivers)
    )
  )
)

/** Which part a package is one of, and so as whom it asks the API. */
const accessOf = ({ access }: Options, offers: ReadonlyArray<string>) => {
  if (offers.includes(ClusterDns.key)) return access.dns
  return offers.includes(ServiceProxy.key) ? access.kubeProxy : access.kubelet
}

/** One connection for each part, whatever packages come and go. */
const connections = (options: Options) =>
  Effect.map(Effect.scope, (scope) => {
    const made = new Map<Options["access"]["dns"], Layer.Layer<Api>>()
    return (offers: ReadonlyArray<string>) => {
      const access = accessOf(options, offers)
      const found = made.get(access)
      if (found !== undefined) return found
      return Layer.effect(
        Api,
        Effect.gen(function* () {
          const own = Https.layer({ ...(yield* access), userAgent: "keelson-plugin" })
          const api = Context.get(yield* Layer.buildWithScope(own, scope), Api)
          made.set(access, Layer.succeed(Api, api))
          return api
        })
      )
    }
  })

/** Loads packages on this node, and tells them where they are. */
export const loader = (options: Options, { address, domain }: { readonly address: string; readonly domain: string }) =>
  Layer.unwrap(
    Effect.map(connections(options), (as) => {
      const { nodeIp, nodeName, podCidr, serviceCidr } = options.settings
      return NodeLoader.layer({
        nodeName,
        directory: join(options.paths.node, "plugins"),
        facts: {
          name: nodeName,
          address: nodeIp,
          podCidr,
          serviceCidr,
          // One network follows another on the same records and links.
          network: { directory: join(options.paths.node, "cni") },
          ingress: {
            addresses: NodeIngress.addressesOf(options.settings),
            directory: NodeIngress.directoryOf(options.paths, "ingress")
          },
          // The address is on this node already, whoever serves the names there.
          dns: { address: Addresses.list(address), domain, port: 53, held: true }
        },
        as
      })
    })
  )
