/** The network configuration list of a node's bridge, for runtimes that call CNI themselves and for our own calls. */
import { Schema } from "effect"
import type { NetworkConfiguration } from "../../plugins/kubelet/contracts/NetworkConfiguration.ts"
import type { NetworkAttachment } from "../../plugins/kubelet/contracts/NetworkAttachment.ts"
import type { NetworkList, PluginConfig } from "./Cni.ts"
import { dataDirIn, network } from "./Local.ts"

export type Write = Parameters<NetworkConfiguration["Service"]["write"]>[0]
type Asked = Parameters<NetworkAttachment["Service"]["attach"]>[0]

export interface Options {
  /** Of the node: the same for all its networks. */
  readonly directory: string
  /** The name of the link: at most 15 characters. */
  readonly bridge?: string
}

const bridgeOf = ({ bridge = "keelson0", directory }: Options, { mtu, podCidrs }: Write): PluginConfig => ({
  type: "bridge",
  bridge,
  isGateway: true,
  isDefaultGateway: true,
  hairpinMode: true,
  ipMasq: false,
  ...(mtu !== undefined && { mtu }),
  ipam: {
    type: "host-local",
    dataDir: dataDirIn(directory),
    ranges: podCidrs.map((subnet) => [{ subnet }])
  }
})

const hostPorts: PluginConfig = { type: "portmap", capabilities: { portMappings: true }, snat: true }
const bandwidth: PluginConfig = { type: "bandwidth", capabilities: { bandwidth: true } }

/** For a network that is no CNI program and leaves host ports to one. */
export const hostPortsOnly: NetworkList = { cniVersion: "0.4.0", name: network, plugins: [hostPorts] }

export const unconfigured = "the node has no range of addresses for Pods yet"

/**
 * Runtimes do not collect what they do not know: several share the network, and what is cached of it is the machine's. Only of what
 * a runtime declares in a list does it tell the programs.
 */
export const forRuntimes = (options: Options, write: Write): NetworkList => ({
  cniVersion: "0.4.0",
  cniVersions: ["0.4.0", "1.0.0"],
  name: network,
  disableGC: true,
  plugins: [bridgeOf(options, write), hostPorts]
})

const Ranges = Schema.Struct({
  ipam: Schema.Struct({ ranges: Schema.Array(Schema.Array(Schema.Struct({ subnet: Schema.String }))) })
})
const decodeRanges = Schema.decodeUnknownOption(Ranges)

/** The ranges of the first program that gives addresses by host-local. */
export const rangesOf = ({ plugins }: NetworkList): ReadonlyArray<string> => {
  const found = plugins.map((plugin) => decodeRanges(plugin)).find(({ _tag }) => _tag === "Some")
  return found?._tag === "Some" ? found.value.ipam.ranges.flat().map(({ subnet }) => subnet) : []
}

export const textOf = (list: NetworkList) => `${JSON.stringify(list, null, 2)}\n`

/** We know of all attachments, and what is new in 1.1. */
export const forUs = (list: NetworkList): NetworkList => ({
  ...list,
  cniVersions: [...(list.cniVersions ?? []), "1.1.0"],
  disableGC: false
})

/** Programs that would have nothing to do are left out: portmap alone takes longer than all others. */
export const forPod = (list: NetworkList, { bandwidth: limits, ports }: Asked): NetworkList => ({
  ...forUs(list),
  plugins: [
    ...list.plugins.filter(({ type }) => type !== hostPorts.type || ports.length > 0),
    ...(limits === undefined ? [] : [bandwidth])
  ]
})

/** The capability arguments, as CNI's conventions have them. */
export const capabilities = ({ bandwidth: limits, ports }: Asked): { readonly [name: string]: Schema.Json } => ({
  ...(ports.length > 0 && {
    portMappings: ports.map(({ containerPort, hostIp, hostPort, protocol }) => ({
      hostPort,
      containerPort,
      protocol: protocol.toLowerCase(),
      ...(hostIp !== undefined && { hostIP: hostIp })
    }))
  }),
  // A burst of what flows in a tenth of a second, in bits, and not too little for one packet.
  ...(limits !== undefined && {
    bandwidth: {
      ...(limits.ingress !== undefined && { ingressRate: limits.ingress, ingressBurst: burst(limits.ingress) }),
      ...(limits.egress !== undefined && { egressRate: limits.egress, egressBurst: burst(limits.egress) })
    }
  })
})
const burst = (rate: number) => Math.min(Math.max(Math.ceil(rate / 10), 1_500_000), 2 ** 31 - 1)

/** What runtimes tell programs of the Pod, which may ignore it. */
export const argsOf = ({ metadata, pod }: Asked): ReadonlyArray<readonly [string, string]> =>
  metadata === undefined
    ? []
    : [
        ["IgnoreUnknown", "1"],
        ["K8S_POD_NAMESPACE", metadata.namespace],
        ["K8S_POD_NAME", metadata.name],
        ["K8S_POD_INFRA_CONTAINER_ID", pod],
        ["K8S_POD_UID", metadata.uid]
      ]
