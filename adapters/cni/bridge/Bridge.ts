/**
 * The network of a node by CNI's own plugins: a bridge, addresses from the node's ranges, host ports. What Pods send out of the
 * cluster leaves with the node's address; to one another they speak with their own.
 */
import { Context, Effect, Layer } from "effect"
import * as Plugin from "../../../kernel/plugin/Plugin.ts"
import { NetworkAttachment } from "../../../plugins/kubelet/contracts/NetworkAttachment.ts"
import { NetworkConfiguration } from "../../../plugins/kubelet/contracts/NetworkConfiguration.ts"
import * as LocalNetwork from "../LocalNetwork.ts"

export type Options = LocalNetwork.Options

export const layer = (options: Options) =>
  Layer.effectContext(
    Effect.map(LocalNetwork.make(options), ({ attachment, configuration }) =>
      Context.make(NetworkConfiguration, configuration).pipe(Context.add(NetworkAttachment, attachment))
    )
  )

export const plugin = (options: Options) =>
  Plugin.make({ name: "cni-bridge", offers: [NetworkConfiguration, NetworkAttachment], layer: layer(options) })
