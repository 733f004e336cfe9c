/** CNI's bridge in the place of the network that nodes have; who joins and leaves it, is told. Pods that run keep their addresses. */
import { Effect, Layer } from "effect"
import * as Plugin from "keelson/kernel/plugin/Plugin"
import { NetworkAttachment } from "keelson/kubelet/NetworkAttachment"
import { NetworkConfiguration } from "keelson/kubelet/NetworkConfiguration"
import type { NodeFacts } from "keelson/packages/NodeFacts"
import * as Bridge from "keelson/parts/bridge"

const told = Effect.map(NetworkAttachment, (bridge) =>
  NetworkAttachment.of({
    ...bridge,
    attach: (pod) =>
      Effect.tap(bridge.attach(pod), ({ addresses }) =>
        Effect.logInfo(`${pod.metadata?.name ?? pod.pod} joins with ${addresses.join(", ")}`)
      ),
    detach: (pod) => Effect.tap(bridge.detach(pod), () => Effect.logInfo(`${pod.pod} leaves`))
  })
)

export const plugin = ({ node: { network } }: { readonly node: NodeFacts }) =>
  Plugin.make({
    name: "network-told",
    offers: [NetworkConfiguration, NetworkAttachment],
    layer: Layer.provideMerge(Layer.effect(NetworkAttachment, told), Bridge.layer(network))
  })
