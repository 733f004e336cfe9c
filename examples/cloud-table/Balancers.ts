/** Load balancers that know HTTP, for Ingresses of the class `cloud`: each is a page of this cloud, and no request comes through it. */
import { Effect, Layer, Option, Schema } from "effect"
import { Refused } from "keelson/cloud/Cloud"
import { IngressBalancer, IngressBalancers, type Wanted } from "keelson/cloud/IngressBalancers"
import { Client } from "keelson/kernel/client/Client"
import * as Pages from "./Pages.ts"

const Page = Schema.fromJsonString(Schema.Struct({ cluster: Schema.String, balancer: IngressBalancer }))
const [encode, decode] = [Schema.encodeSync(Page), Schema.decodeUnknownOption(Page)]

const balancerOf = ({ certificates, ingress, paths }: Wanted, targets: ReadonlyArray<string>): IngressBalancer => ({
  ingress,
  addresses: [{ ip: "", hostname: `${ingress.uid}.table.example`, ipMode: "Proxy" }],
  listeners: [
    { protocol: "HTTP", port: 80 },
    ...(certificates.length > 0 ? [{ protocol: "HTTPS", port: 443 } as const] : [])
  ],
  paths: paths.map(({ backend: { nodePort }, host, path, pathType }) => ({ host, path, pathType, nodePort })),
  certificates: certificates.map(({ name }) => name),
  targets
})
const nameOf = ({ uid }: Wanted["ingress"]) => `cloud-table-ingress-${uid}`
const strange = ({ paths }: Wanted) => paths.find(({ path }) => /[*?]/.test(path))?.path

const service = Effect.map(Client, (client) => {
  const pages = Pages.make(client, { "cloud-table": "ingress" })
  const of = (cluster: string) => (text: string | undefined) =>
    Option.filter(decode(text), (page) => page.cluster === cluster)
  return IngressBalancers.of({
    get: ({ cluster, ingress }) =>
      Effect.map(pages.read(nameOf(ingress)), (text) =>
        Option.match(of(cluster)(text), { onNone: () => null, onSome: ({ balancer }) => balancer })
      ),
    ensure: Effect.fnUntraced(function* ({ cluster, targets, wanted }) {
      const path = strange(wanted)
      if (path !== undefined) return yield* new Refused({ reason: `this cloud has no path ${path}` })
      const balancer = balancerOf(
        wanted,
        targets.map(({ providerID }) => providerID)
      )
      yield* pages.write(nameOf(wanted.ingress), encode({ cluster, balancer }))
      return balancer
    }),
    remove: ({ ingress }) => pages.remove(nameOf(ingress)),
    list: ({ cluster }) =>
      Effect.map(pages.all, (all) =>
        all.flatMap((text) => Option.toArray(of(cluster)(text))).map(({ balancer }) => balancer.ingress)
      )
  })
})

export const layer = Layer.effect(IngressBalancers, service)
