/** nginx as what lets HTTP in at a node, as ever, but for the hosts of the configuration: these are closed, and answer 503. */
import { Effect, Layer } from "effect"
import { randomUUID } from "node:crypto"
import { IngressProxy, type Server } from "keelson/ingress/IngressProxy"
import * as Plugin from "keelson/kernel/plugin/Plugin"
import type { NodeFacts } from "keelson/packages/NodeFacts"
import * as Nginx from "keelson/parts/nginx"

interface Options {
  readonly node: NodeFacts
  readonly closed?: ReadonlyArray<string>
}

const closedRule: Server["rules"][number] = {
  match: { path: { type: "Prefix", value: "/" }, headers: [], query: [] },
  action: { type: "Respond", status: 503 }
}

export const plugin = ({ closed = [], node: { ingress } }: Options) => {
  const shown = (server: Server) => (closed.includes(server.host) ? { ...server, rules: [closedRule] } : server)
  const proxy = Effect.map(IngressProxy, (nginx) =>
    IngressProxy.of({
      ...nginx,
      sync: ({ certificates, listeners }) =>
        nginx.sync({ certificates, listeners: listeners.map((one) => ({ ...one, servers: one.servers.map(shown) })) })
    })
  )
  // One version ends after the next has begun: each has files of its own.
  const directory = `${ingress.directory}-${randomUUID().slice(0, 8)}`
  const nginx = Nginx.layer({ addresses: ingress.addresses, directory })
  return Plugin.make({
    name: "ingress-maintenance",
    offers: [IngressProxy],
    layer: Layer.provide(Layer.effect(IngressProxy, proxy), nginx)
  })
}
