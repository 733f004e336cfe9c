/**
 * The node agent: registers this machine as a node, and runs the Pods that the cluster gives it. It knows the cluster by
 * `Client` alone and the machine's containers by the contracts in `contracts/`.
 */
import { Cause, Effect, Exit, type Latch, Layer } from "effect"
import { mkdirSync, rmSync } from "node:fs"
import { networkInterfaces } from "node:os"
import { join } from "node:path"
import * as Plugin from "../../kernel/plugin/Plugin.ts"
import type { Taint } from "../resources/contracts/core/v1.ts"
import { NetworkConfiguration } from "./contracts/NetworkConfiguration.ts"
import * as ClaimDrivers from "./devices/ClaimDrivers.ts"
import * as Providers from "./devices/Providers.ts"
import * as Slices from "./devices/Slices.ts"
import * as CredentialProviders from "./images/CredentialProviders.ts"
import * as Registration from "./node/Registration.ts"
import * as Cgroups from "./pod/Cgroups.ts"
import * as Pods from "./Pods.ts"
import * as Server from "./server/Server.ts"
import * as Site from "./Site.ts"
import * as CsiNode from "./volumes/CsiNode.ts"
import * as Volumes from "./volumes/Volumes.ts"

export interface Options {
  readonly nodeName: string
  /** Where Pods have their folders. */
  readonly directory: string
  /** Where runtimes that call CNI look for their network: `Containerd.folders(…).cni`. */
  readonly cniFolders: ReadonlyArray<string>
  /** By which others reach this node. Absent: the machine's own first address. */
  readonly addresses?: ReadonlyArray<string>
  readonly clusterDns?: ReadonlyArray<string>
  readonly clusterDomain?: string
  /** What Pods reach with their own addresses: the ranges of Pods and Services. */
  readonly clusterCidrs?: ReadonlyArray<string>
  /** Absent: what the cluster gives the node. */
  readonly podCidr?: string
  readonly mtu?: number
  /** Opened when another network has taken the place of the one that was configured. */
  readonly networkSwapped?: Latch.Latch
  readonly cgroupRoot?: string
  readonly maxPods?: number
  /** How many images are pulled at once: 5 where nothing is said. */
  readonly parallelPulls?: number
  /** Who knows logins for images besides the Pods' own secrets. */
  readonly credentialProviders?: CredentialProviders.CredentialProviders
  /** Who has devices that Pods can ask for. */
  readonly devices?: Providers.Providers
  /** Who gets ready what Pods claim. */
  readonly claimDrivers?: ClaimDrivers.ClaimDrivers
  /** Sockets where programs of the machine ask which devices Pods have. */
  readonly podResources?: ReadonlyArray<string>
  readonly labels?: { readonly [key: string]: string }
  readonly taints?: ReadonlyArray<Taint>
  /** The machine as its cloud names it. */
  readonly providerId?: string
  /** A cloud's controller initializes the node: it gets no Pods before, and its addresses are the cloud's. */
  readonly externalCloud?: boolean
  readonly version?: string
  /** Pods without containers, on a machine that has no runtime: nothing is mounted or asked over the network. */
  readonly hollow?: boolean
  /** What becomes of the Pods when the scope ends, unless it ends by a failure. */
  readonly stop?: "keep" | "remove"
  /** Where others ask the kubelet for logs and commands. Absent: nowhere. */
  readonly server?: Server.Options
}

/** The first address that is not the machine's own to itself. */
export const ownAddress = () =>
  Object.values(networkInterfaces())
    .flatMap((addresses) => addresses ?? [])
    .find(({ address, family, internal }) => family === "IPv4" && !internal && !address.startsWith("169.254."))?.address ??
  "127.0.0.1"

const settings = (options: Options): Site.Settings => ({
  nodeName: options.nodeName,
  directory: options.directory,
  logDirectory: join(options.directory, "pod-logs"),
  addresses: options.addresses ?? [ownAddress()],
  dns: { servers: options.clusterDns ?? ["10.96.0.10"], domain: options.clusterDomain ?? "cluster.local" },
  cgroupRoot: options.cgroupRoot ?? "/kubepods",
  hollow: options.hollow ?? false,
  maxPods: options.maxPods ?? 110,
  parallelPulls: options.parallelPulls ?? 5,
  credentialProviders: options.credentialProviders ?? CredentialProviders.make(),
  devices: options.devices ?? Providers.make(),
  claimDrivers: options.claimDrivers ?? ClaimDrivers.make()
})

/** Ends every Pod that runs here, and takes back what was made for it. */
const removeAll = Effect.fn("Kubelet.removeAll")(function* (site: Site.Site, options: Options) {
  const { runtime, settings } = site
  const network = yield* NetworkConfiguration
  const pods = yield* Effect.orElseSucceed(runtime.list({}), () => [])
  yield* Effect.forEach(pods, ({ id }) => Effect.ignore(runtime.removePod({ pod: id })), { concurrency: 8, discard: true })
  if (!settings.hollow) {
    const uids = new Set([...Volumes.known(join(settings.directory, "pods")), ...pods.map(({ uid }) => uid)])
    for (const uid of uids) {
      // What a driver does not take back any more is unmounted all the same.
      yield* Effect.ignore(site.driven.unpublish(site.directoryOf(uid)))
      yield* Volumes.unmount(site.directoryOf(uid))
      yield* Cgroups.removePod(settings.cgroupRoot, uid)
    }
    yield* Cgroups.removeRoot(settings.cgroupRoot)
    yield* Effect.sync(() => rmSync(settings.logDirectory, { recursive: true, force: true }))
  }
  yield* Effect.forEach(options.cniFolders, (folder) => Effect.ignore(network.remove({ folder })), { discard: true })
})

/** Not an end by a failure: of that whoever starts next shall find its Pods as they are. */
const isIntended = (exit: Exit.Exit<unknown, unknown>) => Exit.isSuccess(exit) || Cause.hasInterruptsOnly(exit.cause)

const agent = Effect.fnUntraced(function* (options: Options) {
  yield* Effect.sync(() => mkdirSync(options.directory, { recursive: true, mode: 0o700 }))
  const site = yield* Site.make(settings(options))
  if (options.stop === "remove") {
    const network = yield* NetworkConfiguration
    yield* Effect.addFinalizer((exit) =>
      isIntended(exit) ? Effect.provideService(removeAll(site, options), NetworkConfiguration, network) : Effect.void
    )
  }
  const port = options.server === undefined ? 10250 : yield* Server.make(site, options.server)
  yield* Registration.run(site, {
    version: options.version ?? "v1.36.0",
    port,
    labels: options.labels ?? {},
    taints: options.taints ?? [],
    providerId: options.providerId ?? "",
    externalCloud: options.externalCloud ?? false,
    cniFolders: options.cniFolders,
    clusterCidrs: options.clusterCidrs ?? ["10.244.0.0/16", "10.96.0.0/16"],
    ...(options.podCidr !== undefined && { podCidr: options.podCidr }),
    ...(options.mtu !== undefined && { mtu: options.mtu }),
    ...(options.networkSwapped !== undefined && { networkSwapped: options.networkSwapped })
  })
  yield* CsiNode.run(site.client, options.nodeName)
  if (!site.settings.hollow) yield* Slices.run(site.client, options.nodeName, site.settings.claimDrivers)
  yield* Pods.make(site)
  const { podResources = [] } = options
  if (podResources.length === 0) return
  // It speaks gRPC, which takes its time to be read.
  const PodResources = yield* Effect.promise(() => import("./server/PodResources.ts"))
  for (const socket of podResources) yield* PodResources.serve(site, socket)
})

/** Needs the cluster (`Client`) and the machine: the runtime's `Powers`, and `NetworkConfiguration`. */
export const layer = (options: Options) => Layer.effectDiscard(agent(options))

export const plugin = (options: Options) => Plugin.make({ name: "kubelet", layer: layer(options) })
