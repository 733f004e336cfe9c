/** A bridge by CNI's own plugins, to begin with, and a line in the log for each Pod that joins it. Put your own in its place, method by method. */
import { Effect, Layer } from "effect"
import * as Plugin from "keelson/kernel/plugin/Plugin"
import { NetworkAttachment } from "keelson/kubelet/NetworkAttachment"
import { NetworkConfiguration } from "keelson/kubelet/NetworkConfiguration"
import type { NodeFacts } from "keelson/packages/NodeFacts"
import * as Bridge from "keelson/parts/bridge"

const attachment = Effect.map(NetworkAttachment, (bridge) =>
  NetworkAttachment.of({
    ...bridge,
    attach: (pod) =>
      Effect.tap(bridge.attach(pod), ({ addresses }) =>
        Effect.logInfo(`${pod.metadata?.name ?? pod.pod} has ${addresses.join(", ")}`)
      )
  })
)

/** In the node's own folder: Pods that run keep their addresses when one network follows another. */
export const plugin = ({ node: { network } }: { readonly node: NodeFacts }) =>
  Plugin.make({
    name: "sample-plugin",
    offers: [NetworkConfiguration, NetworkAttachment],
    layer: Layer.provideMerge(Layer.effect(NetworkAttachment, attachment), Bridge.layer(network))
  })
