/** The cluster's names as Keelson answers them, and before them those of the configuration: `{ "printer.example": ["192.0.2.7"] }`. */
import { ClusterDns } from "keelson/dns/ClusterDns"
import * as Plugin from "keelson/kernel/plugin/Plugin"
import type { NodeFacts } from "keelson/packages/NodeFacts"
import * as Dns from "keelson/parts/dns"

interface Options {
  readonly node: NodeFacts
  readonly names?: { readonly [name: string]: ReadonlyArray<string> }
}

export const plugin = ({ names = {}, node }: Options) => {
  const known = new Map(Object.entries(names))
  return Plugin.make({
    name: "dns-names",
    offers: [ClusterDns],
    layer: Dns.layer({ ...node.dns, own: (name) => known.get(name) })
  })
}
