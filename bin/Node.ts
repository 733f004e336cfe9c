/** What a node runs: a line for each plugin and adapter. To swap a runtime, a network, a proxy or a DNS server, change its line. */
import { Effect, Latch, Layer } from "effect"
import { join } from "node:path"
import * as Https from "../adapters/client/https/Https.ts"
import * as Bridge from "../adapters/cni/bridge/Bridge.ts"
import * as Routes from "../adapters/cni/bridge/Routes.ts"
import * as OpenVSwitch from "../adapters/cni/openvswitch/OpenVSwitch.ts"
import * as Flannel from "../adapters/cni/flannel/Flannel.ts"
import * as CoreDns from "../adapters/dns/coredns/CoreDns.ts"
import * as MemoryPowers from "../adapters/memory/MemoryPowers.ts"
import * as CsiDrivers from "../adapters/volumes/csi/Following.ts"
import * as LocalPath from "../adapters/volumes/local-path/LocalPath.ts"
import * as ApiClient from "../kernel/client/ApiClient.ts"
import * as Plugin from "../kernel/plugin/Plugin.ts"
import { ClusterDns } from "../plugins/dns/contracts/ClusterDns.ts"
import * as Dns from "../plugins/dns/Dns.ts"
import * as KubeProxy from "../plugins/kube-proxy/KubeProxy.ts"
import { NetworkAttachment } from "../plugins/kubelet/contracts/NetworkAttachment.ts"
import { NetworkConfiguration } from "../plugins/kubelet/contracts/NetworkConfiguration.ts"
import * as ClaimDrivers from "../plugins/kubelet/devices/ClaimDrivers.ts"
import * as Devices from "../plugins/kubelet/devices/Providers.ts"
import * as CredentialProviders from "../plugins/kubelet/images/CredentialProviders.ts"
import * as Kubelet from "../plugins/kubelet/Kubelet.ts"
import { Attachments } from "../plugins/packages/contracts/Attachments.ts"
import * as Addresses from "../plugins/resources/contracts/Addresses.ts"
import type * as KubeletServer from "../plugins/kubelet/server/Server.ts"
import * as Drivers from "../plugins/volumes/contracts/Drivers.ts"
import * as Volumes from "../plugins/volumes/Volumes.ts"
import * as Choice from "./Choice.ts"
import * as DevicePlugins from "./DevicePlugins.ts"
import * as NodeIngress from "./NodeIngress.ts"
import * as NodePackages from "./NodePackages.ts"
import * as NodeRuntimes from "./NodeRuntimes.ts"
import { OwnNode } from "./OwnNode.ts"
import type * as Paths from "./Paths.ts"
import * as Registries from "./Registries.ts"
import { addressIn, type Settings } from "./Settings.ts"
import { version } from "./Version.ts"

/** How one of this node's parts reaches the API, and as whom. It may take a while until that is known. */
export type Access = Effect.Effect<Reach>
/** `file`: where what `identity` gives lies too, for programs of others. */
export type Reach = Https.Options & { readonly file?: string }

export interface Options {
  readonly settings: Settings
  readonly paths: Paths.Paths
  readonly access: { readonly [_ in "kubelet" | "kubeProxy" | "dns" | "ingress" | "volumes"]: Access }
  /** What the kubelet's server shows, and whom it knows by their certificates. */
  readonly serving: Pick<KubeletServer.Options, "tls" | "renewed">
  /** Where its Pods lie in the machine's cgroups, if not where the settings say. */
  readonly cgroupRoot?: string
  readonly hollow: boolean
  /** What becomes of the Pods when this ends. */
  readonly stop: "keep" | "remove"
}

/** The cluster under an identity of this node's parts. */
const as = (access: Access, userAgent: string) =>
  Layer.provide(
    Layer.fresh(ApiClient.layer).pipe(
      Layer.provide(Layer.unwrap(Effect.map(access, (options) => Https.layer({ ...options, userAgent }))))
    )
  )

/** A part that is chosen: it asks for its identity when it is started, and not when something else is chosen. */
const under = <Offers, Needs>(access: Access, plugin: Plugin.Plugin<Offers, Needs>) => ({
  ...plugin,
  layer: plugin.layer.pipe(as(access, plugin.name))
})

/** Whom a program of others is told to ask, and who it is there. */
const told = (access: Access) =>
  Effect.map(access, ({ ca = "", clientCertificate = "", clientKey = "", file, identity, server }) => ({
    server,
    ca,
    ...(file !== undefined && { file }),
    ...(identity?.() ?? { cert: clientCertificate, key: clientKey })
  }))

/** All networks keep what they have given in one folder: who follows another takes back what that has given. */
const network = (options: Options, swapped: Effect.Effect<void>) => {
  const { access, settings } = options
  const { nodeName } = settings
  const directory = join(paths(options), "cni")
  // A node may not see the others on every cluster; the proxy may. Nobody waits for routes.
  const launched = Layer.launch(Routes.layer({ nodeName }).pipe(as(access.kubeProxy, "routes")))
  const routes = Layer.effectDiscard(
    Effect.forkScoped(Effect.tapError(launched, (error) => Effect.logError("there are no routes to other nodes", error)))
  )
  const offers = [NetworkConfiguration, NetworkAttachment] as const
  const flannel = {
    ...{ directory, nodeName, stop: options.stop, addresses: NodeIngress.addressesOf(settings) },
    podCidrs: Addresses.list(settings.podCidr)
  }
  const plain = Layer.merge(routes, Flannel.left(flannel))
  return Choice.layer({
    name: "network",
    annotation: "keelson.io/network",
    standard: settings.network,
    swapped,
    choices: {
      bridge: Plugin.make({ name: "cni-bridge", offers, layer: Layer.merge(Bridge.layer({ directory }), plain) }),
      openvswitch: Plugin.make({
        name: "cni-openvswitch",
        offers,
        layer: Layer.merge(OpenVSwitch.layer({ directory }), plain)
      }),
      "flannel-vxlan": Flannel.plugin({ ...flannel, backend: "vxlan" }),
      "flannel-host-gw": Flannel.plugin({ ...flannel, backend: "host-gw" }),
      flanneld: Flannel.plugin({ ...flannel, backend: "flanneld", api: told(access.kubelet) })
    },
    outside: NodePackages.network(plain)
  }).pipe(as(access.kubelet, "network"))
}

const paths = ({ paths: { node } }: Options) => node

/** Of a cloud that is somebody else's: its machines are not known before it has said so. */
const isExternal = ({ cloud, cloudProvider }: Settings) =>
  cloudProvider === "external" || (cloud !== "local" && cloud !== "none")

const kubelet = (
  options: Options,
  networkSwapped: Latch.Latch,
  credentialProviders: CredentialProviders.CredentialProviders,
  devices: Devices.Providers,
  claimDrivers: ClaimDrivers.ClaimDrivers
) => {
  const { serving } = options
  const { clusterDomain, kubeletPort, nodeName, podCidr, serviceCidr } = options.settings
  return Kubelet.plugin({
    nodeName,
    directory: join(paths(options), "kubelet"),
    cniFolders: NodeRuntimes.cniFolders(options),
    addresses: NodeIngress.addressesOf(options.settings),
    clusterDns: [addressIn(serviceCidr, 10)],
    clusterDomain,
    clusterCidrs: [...Addresses.list(podCidr), ...Addresses.list(serviceCidr)],
    cgroupRoot: options.cgroupRoot ?? options.settings.cgroupRoot,
    networkSwapped,
    parallelPulls: options.settings.maxParallelImagePulls,
    credentialProviders,
    devices,
    claimDrivers,
    podResources: DevicePlugins.folders(options).map((folder) => join(folder, "pod-resources", "kubelet.sock")),
    hollow: options.hollow,
    providerId: options.settings.providerId,
    externalCloud: isExternal(options.settings),
    stop: options.stop,
    server: { port: kubeletPort, ...serving },
    version: `${version.kubernetes}+keelson`
  })
}

/** Its own volumes. A cluster of others may not let it make any, and the node is one without. */
const volumes = (options: Options) => {
  const { access, settings } = options
  const { nodeName } = settings
  const folders = LocalPath.make({ directory: join(paths(options), "volumes"), nodeName })
  const launched = Layer.launch(Plugin.install(Volumes.plugin({ nodeName })).pipe(as(access.volumes, "volumes")))
  const registry = join(paths(options), "kubelet", "plugins_registry")
  const csi = Layer.merge(CsiDrivers.given(settings.csiDrivers), CsiDrivers.registered(registry))
  const own = Layer.effectDiscard(
    Effect.gen(function* () {
      yield* Drivers.offer(folders, true)
      yield* Effect.forkScoped(Effect.tapError(launched, (error) => Effect.logError("this node makes no volumes", error)))
    })
  )
  return options.hollow ? own : Layer.merge(own, csi)
}

/** Containers and what connects them. A hollow node has both in memory alone. */
const machine = (options: Options, swapped: Effect.Effect<void>) => {
  if (options.hollow) return MemoryPowers.layer({ network: "runtime", images: [] })
  const more = NodePackages.runtimes(paths(options))
  return Layer.provideMerge(more, Layer.provideMerge(NodeRuntimes.layer(options), network(options, swapped)))
}

const complete = Layer.satisfiesServicesType<never>()

/** A node with containers also serves Services and names; a hollow one changes nothing on its machine. */
export const node = (options: Options) => {
  const networkSwapped = Latch.makeUnsafe()
  const { access, settings } = options
  const { clusterDomain, nodeName, podCidr, serviceCidr } = settings
  const credentialProviders = CredentialProviders.make()
  const devices = Devices.make()
  const claimDrivers = ClaimDrivers.make()
  const registries = options.hollow ? Layer.empty : Registries.layer(settings, credentialProviders)
  const agent = Plugin.install(kubelet(options, networkSwapped, credentialProviders, devices, claimDrivers)).pipe(
    as(access.kubelet, "kubelet"),
    Layer.provide(registries),
    Layer.merge(DevicePlugins.layer(options, devices, claimDrivers))
  )
  const proxy = Choice.layer({
    name: "service proxy",
    annotation: "keelson.io/service-proxy",
    standard: settings.proxy,
    choices: {
      nftables: under(access.kubeProxy, KubeProxy.plugin({ nodeName, podCidr, mode: "nftables" })),
      iptables: under(access.kubeProxy, KubeProxy.plugin({ nodeName, podCidr, mode: "iptables" })),
      none: Plugin.nothing("no-service-proxy")
    },
    outside: NodePackages.proxy({ nodeName, podCidr }, (plugin) => under(access.kubeProxy, plugin))
  })
  const names = { address: addressIn(serviceCidr, 10), domain: clusterDomain }
  const dns = Choice.layer({
    name: "DNS server",
    annotation: "keelson.io/dns",
    standard: settings.dns,
    choices: {
      builtin: under(access.dns, Dns.plugin(names)),
      coredns: Plugin.make({
        name: "dns",
        offers: [ClusterDns],
        layer: Layer.unwrap(
          Effect.map(told(access.dns), (api) => CoreDns.layer({ ...names, api, directory: join(paths(options), "coredns") }))
        )
      }),
      none: Plugin.nothing("no-dns")
    },
    outside: NodePackages.dns(names)
  })
  const ingress = NodeIngress.layer(options, (plugin) => under(access.ingress, plugin))
  const packages = NodePackages.loader(options, names).pipe(as(access.kubelet, "packages"))
  // Packages live as long as what they stand for, and Pods that are removed need theirs.
  const all = options.hollow
    ? Layer.merge(agent, volumes(options))
    : Layer.provide(
        Layer.mergeAll(
          agent,
          proxy,
          dns,
          NodePackages.credentials(credentialProviders),
          NodePackages.devices(devices),
          ingress,
          volumes(options),
          NodePackages.volumes
        ),
        packages
      )
  return all.pipe(
    Layer.provide(machine(options, networkSwapped.open)),
    Layer.provide(Drivers.layer),
    Layer.provide(OwnNode.layer(nodeName).pipe(as(access.kubelet, "agent"))),
    Layer.provide(Layer.merge(Plugin.Host.layer, Attachments.layer)),
    complete
  )
}
