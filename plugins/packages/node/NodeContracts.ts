/** The contracts that nodes keep, each for itself: a package that offers one runs on nodes, and on no server. */
import { ClusterDns } from "../../dns/contracts/ClusterDns.ts"
import { IngressProxy } from "../../ingress/contracts/IngressProxy.ts"
import { ServiceProxy } from "../../kube-proxy/contracts/ServiceProxy.ts"
import { ContainerRuntime } from "../../kubelet/contracts/ContainerRuntime.ts"
import { Events } from "../../kubelet/contracts/Events.ts"
import { Exec } from "../../kubelet/contracts/Exec.ts"
import { ImageCredentials } from "../../kubelet/contracts/ImageCredentials.ts"
import { Images } from "../../kubelet/contracts/Images.ts"
import { Logs } from "../../kubelet/contracts/Logs.ts"
import { NetworkAttachment } from "../../kubelet/contracts/NetworkAttachment.ts"
import { NetworkConfiguration } from "../../kubelet/contracts/NetworkConfiguration.ts"
import { NodeDevices } from "../../kubelet/contracts/NodeDevices.ts"
import { Stats } from "../../kubelet/contracts/Stats.ts"
import { Volumes } from "../../volumes/contracts/Volumes.ts"
import type { Manifest } from "../contracts/Manifest.ts"

export const runtime = [ContainerRuntime, Events, Exec, Images, Logs, Stats] as const
export const network = [NetworkConfiguration, NetworkAttachment] as const

const keys = new Set<string>(
  [ClusterDns, ImageCredentials, IngressProxy, NodeDevices, ServiceProxy, Volumes, ...runtime, ...network].map(
    ({ key }) => key
  )
)

/** What nodes load. A package that offers something of a server's too is refused there, by name. */
export const isForNodes = ({ offers }: Pick<Manifest, "offers">) =>
  offers.length > 0 && offers.every(({ contract }) => keys.has(contract))
