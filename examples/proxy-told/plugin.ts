/** A data plane of Keelson's own, iptables, in the place of the one that nodes have; what it is told to program, it tells. */
import { Effect, Layer } from "effect"
import * as Plugin from "keelson/kernel/plugin/Plugin"
import { ServiceProxy } from "keelson/kube-proxy/ServiceProxy"
import type { NodeFacts } from "keelson/packages/NodeFacts"
import * as KubeProxy from "keelson/parts/service-proxy"

const told = Effect.map(ServiceProxy, (plane) =>
  ServiceProxy.of({
    ...plane,
    describe: () => Effect.map(plane.describe(), (about) => ({ ...about, name: "proxy-told" })),
    sync: (change) =>
      Effect.tap(plane.sync(change), () =>
        Effect.logInfo(`${change.whole ? "all" : "changed"}: ${change.services.map(({ name }) => name).join(", ")}`)
      )
  })
)

export const plugin = ({ node: { podCidr, within = [] } }: { readonly node: NodeFacts }) =>
  Plugin.make({
    name: "proxy-told",
    offers: [ServiceProxy],
    layer: Layer.provide(Layer.effect(ServiceProxy, told), KubeProxy.plane({ mode: "iptables", podCidr, within }))
  })
