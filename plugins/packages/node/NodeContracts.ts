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
import { isMade, type Manifest } from "../contracts/Manifest.ts"

export const runtime = [ContainerRuntime, Events, Exec, Images, Logs, Stats] as const
export const network = [NetworkConfiguration, NetworkAttachment] as const

const keys = new Set<string>(
  [ClusterDns, ImageCredentials, IngressProxy, NodeDevices, ServiceProxy, Volumes, ...runtime, ...network].map(
    ({ key }) => key
  )
)

/** What it offers besides contracts that it has made itself, which are taken anywhere. */
export const taken = ({ contracts = [], offers }: Pick<Manifest, "contracts" | "offers">) =>
  offers.filter(({ contract }) => !isMade(contracts, contract))

/** What nodes load. A package that offers something of a server's too is refused there, by name. */
export const isForNodes = (manifest: Pick<Manifest, "contracts" | "offers" | "runsOn">) => {
  const offers = taken(manifest)
  return offers.every(({ contract }) => keys.has(contract)) && (offers.length > 0 || manifest.runsOn === "nodes")
}
