/**
 * The network of a node in a Flannel network: what every network of ours does on the node itself, with the MTU that is left of its
 * packets. What leads to other nodes is a plugin beside it: `Routes.ts`, or flanneld itself (`Flanneld.ts`).
 */
import { Context, Effect, Layer } from "effect"
import { existsSync, rmSync } from "node:fs"
import { Unavailable } from "../../../kernel/plugin/Contract.ts"
import * as Plugin from "../../../kernel/plugin/Plugin.ts"
import { NetworkAttachment } from "../../../plugins/kubelet/contracts/NetworkAttachment.ts"
import { NetworkConfiguration } from "../../../plugins/kubelet/contracts/NetworkConfiguration.ts"
import * as LocalNetwork from "../LocalNetwork.ts"
import { familyOf } from "../Range.ts"
import * as Flanneld from "./Flanneld.ts"
import * as Kernel from "./Kernel.ts"
import * as Masquerade from "./Masquerade.ts"
import * as Owners from "./Owners.ts"
import * as Routes from "./Routes.ts"
import * as Speaker from "./Speaker.ts"
import * as SubnetFile from "./SubnetFile.ts"

interface About extends LocalNetwork.Options {
  readonly nodeName: string
  /** By which other nodes reach this one: one a family. */
  readonly addresses: ReadonlyArray<string>
  /** The ranges of all Pods of the cluster. */
  readonly podCidrs: ReadonlyArray<string>
  readonly vni?: number
  /** What becomes of the ways to other nodes when the scope ends: they go, or stay for who starts next. */
  readonly stop?: "keep" | "remove"
}

export type Options = About &
  (
    | { readonly backend: "vxlan" | "host-gw" }
    | { readonly backend: "flanneld"; readonly api: Flanneld.Options["api"]; readonly type?: "vxlan" | "host-gw" }
  )

type Write = Parameters<NetworkConfiguration["Service"]["write"]>[0]

const failed = (cause: unknown) => new Unavailable({ contract: NetworkConfiguration.key, applied: "no", cause })

/** Of the links that others are reached by, what is left for Pods. */
const tunnelled = Effect.fnUntraced(function* ({ addresses }: Options, { podCidrs }: Write) {
  const { deviceOf } = Kernel.make([])
  const families = new Set(podCidrs.map(familyOf))
  const used = addresses.filter((address) => families.has(familyOf(address)))
  const found = yield* Effect.forEach(used, (address) =>
    Effect.map(deviceOf(address), (device) =>
      device === undefined ? [] : [device.mtu - Routes.overhead(familyOf(address))]
    )
  )
  const mtus = found.flat()
  return mtus.length === 0
    ? yield* Effect.fail(`no link of this node has an address of ${addresses.join(", ")}`)
    : Math.min(...mtus)
})

const mtuOf = (options: Options, write: Write): Effect.Effect<number | undefined, unknown> => {
  if (options.backend === "flanneld") return Effect.map(SubnetFile.wait(options.directory, write.podCidrs), ({ mtu }) => mtu)
  return options.backend === "vxlan" ? tunnelled(options, write) : Effect.succeed(undefined)
}

type Swept = Pick<About, "directory" | "podCidrs" | "vni">

/**
 * Takes back what a node whose agent was killed had to lead to others, whichever backend it was; true if there was anything. A Flannel
 * network that is not ours is left alone: ours are known by flanneld's folder, our tunnel's table and our own routes.
 */
export const sweep = Effect.fn("flannel.sweepAll")(function* (options: Swept) {
  const hadDaemon = existsSync(SubnetFile.folderOf(options.directory))
  if (hadDaemon) yield* Flanneld.sweep(options)
  const tables = yield* Effect.orElseSucceed(Kernel.make([]).run("nft", ["list", "tables"]), () => "")
  const hadTunnel = Masquerade.isAmong(tables)
  if (hadTunnel) yield* Routes.sweep({ ...options, backend: "vxlan" })
  const hadRoutes = yield* Routes.sweep({ ...options, backend: "host-gw" })
  return hadDaemon || hadTunnel || hadRoutes
})

/** For a node whose network is no Flannel network: takes back, and withdraws, what an agent that was killed has left of one. */
export const left = (options: Swept & Pick<About, "nodeName">) =>
  Layer.effectDiscard(
    Effect.gen(function* () {
      const speaker = yield* Speaker.make(options.nodeName)
      if (Owners.isClaimed(options.nodeName)) return
      if (yield* sweep(options)) yield* speaker.withdraw
    })
  )

/** Ends a flanneld whose agent was killed, where all that it made goes with the node's namespaces. */
export const end = ({ directory }: Pick<About, "directory">) =>
  Effect.andThen(
    Flanneld.end(directory),
    Effect.sync(() => rmSync(SubnetFile.folderOf(directory), { recursive: true, force: true }))
  )

const make = Effect.fnUntraced(function* (options: Options) {
  const { attachment, configuration } = yield* LocalNetwork.make(options)
  const flannel = NetworkConfiguration.of({
    write: Effect.fn("flannel.write")(function* (network) {
      const mtu = network.mtu ?? (yield* Effect.mapError(mtuOf(options, network), failed))
      yield* configuration.write({ ...network, ...(mtu !== undefined && { mtu }) })
    }),
    remove: (network) => configuration.remove(network)
  })
  return Context.make(NetworkConfiguration, flannel).pipe(Context.add(NetworkAttachment, attachment))
})

/** The node's own part, without the ways to other nodes. */
export const local = (options: Options) => Layer.effectContext(make(options))

/** Two programs may not have the same links: each backend is a plugin of its own name, so that one can follow the other. */
export const plugin = (options: Options) =>
  Plugin.make({
    name: `cni-flannel-${options.backend}`,
    offers: [NetworkConfiguration, NetworkAttachment],
    layer: Layer.merge(
      local(options),
      options.backend === "flanneld" ? Flanneld.layer(options) : Routes.layer({ ...options, backend: options.backend })
    )
  })
