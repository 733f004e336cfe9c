/** What a node runs: a line for each plugin and adapter. To swap a runtime, a network, a proxy or a DNS server, change its line. */
import { Layer } from "effect"
import { join } from "node:path"
import * as Https from "../adapters/client/https/Https.ts"
import * as Bridge from "../adapters/cni/bridge/Bridge.ts"
import * as Routes from "../adapters/cni/bridge/Routes.ts"
import * as Containerd from "../adapters/cri/containerd/Containerd.ts"
import * as MemoryPowers from "../adapters/memory/MemoryPowers.ts"
import * as ApiClient from "../kernel/client/ApiClient.ts"
import * as Plugin from "../kernel/plugin/Plugin.ts"
import * as Dns from "../plugins/dns/Dns.ts"
import * as KubeProxy from "../plugins/kube-proxy/KubeProxy.ts"
import * as Kubelet from "../plugins/kubelet/Kubelet.ts"
import type { Keys } from "./Keys.ts"
import type { Paths } from "./Paths.ts"
import { addressIn, type Settings } from "./Settings.ts"
import { version } from "./Version.ts"

export interface Options {
  readonly settings: Settings
  readonly paths: Paths
  readonly keys: Pick<Keys, "ca" | "kubelet" | "kubeletServing" | "kubeProxy" | "dns">
  /** Where this node reaches the API. Absent: on this machine. */
  readonly api?: string
  /** Where its Pods lie in the machine's cgroups. Absent: `/kubepods`. */
  readonly cgroupRoot?: string
  readonly hollow: boolean
  /** What becomes of the Pods when this ends. */
  readonly stop: "keep" | "remove"
}

/** The cluster under an identity of this node's parts. */
const as = ({ api, keys, settings }: Options, { cert, key }: Keys["admin"], userAgent: string) =>
  Layer.provide(
    Layer.fresh(ApiClient.layer).pipe(
      Layer.provide(
        Https.layer({
          server: api ?? `https://127.0.0.1:${settings.apiPort}`,
          ca: keys.ca.cert,
          clientCertificate: cert,
          clientKey: key,
          userAgent
        })
      )
    )
  )

/** This node's containerd: its own, or one that is there. */
export const containerd = ({ cniBinDir, containerdEndpoint }: Settings, { node }: Paths) => ({
  directory: join(node, "containerd"),
  cniPrograms: cniBinDir,
  ...(containerdEndpoint === "" ? {} : { endpoint: containerdEndpoint })
})

/** The runtime's powers: containers, images, exec, logs and figures. */
const runtime = (options: Options) =>
  options.hollow
    ? MemoryPowers.layer({ network: "runtime", images: [] })
    : Containerd.layer({ ...containerd(options.settings, options.paths), stop: options.stop })

const network = (options: Options) => Plugin.install(Bridge.plugin({ directory: join(paths(options), "cni") }))
const paths = ({ paths: { node } }: Options) => node

const kubelet = (options: Options) => {
  const { cgroupRoot, keys } = options
  const { clusterDomain, kubeletPort, nodeIp, nodeName, podCidr, serviceCidr } = options.settings
  return Kubelet.plugin({
    nodeName,
    directory: join(paths(options), "kubelet"),
    cniFolder: Containerd.folders(containerd(options.settings, options.paths)).cni,
    addresses: [nodeIp],
    clusterDns: [addressIn(serviceCidr, 10)],
    clusterDomain,
    clusterCidrs: [podCidr, serviceCidr],
    ...(cgroupRoot === undefined ? {} : { cgroupRoot }),
    hollow: options.hollow,
    stop: options.stop,
    server: { port: kubeletPort, tls: { ...keys.kubeletServing, clientCa: keys.ca.cert } },
    version: `${version.kubernetes}+keelson`
  })
}

const complete = Layer.satisfiesServicesType<never>()

/** A node with containers also serves Services and names; a hollow one changes nothing on its machine. */
export const node = (options: Options) => {
  const { keys, settings } = options
  const { clusterDomain, nodeName, podCidr, serviceCidr } = settings
  const agent = Plugin.install(kubelet(options)).pipe(as(options, keys.kubelet, "kubelet"))
  const proxy = Plugin.install(KubeProxy.plugin({ nodeName, podCidr })).pipe(as(options, keys.kubeProxy, "kube-proxy"))
  const dns = Plugin.install(Dns.plugin({ address: addressIn(serviceCidr, 10), domain: clusterDomain })).pipe(
    as(options, keys.dns, "dns")
  )
  const routes = Plugin.install(Routes.plugin({ nodeName })).pipe(as(options, keys.kubelet, "routes"))
  const all = options.hollow ? agent : Layer.mergeAll(agent, proxy, dns, routes)
  return all.pipe(
    Layer.provide(runtime(options)),
    Layer.provide(network(options)),
    Layer.provide(Plugin.Host.layer),
    complete
  )
}
