/**
 * Which address is whose: a ConfigMap in `kube-system` for each address, named for it, so that no address is given twice whoever gives
 * it. What is written there is all that there is of a load balancer here; the nodes answer to its address.
 */
import { Effect, Schema } from "effect"
import { Client } from "../../../kernel/client/Client.ts"
import { LoadBalancer, type ServiceReference } from "../../../plugins/cloud/contracts/LoadBalancers.ts"
import * as Addresses from "../../../plugins/resources/contracts/Addresses.ts"
import { ConfigMap } from "../../../plugins/resources/contracts/core/v1.ts"

const namespace = "kube-system"
const label = "cloud.keelson.io/load-balancer"

/** One address of a balancer. */
export const Page = Schema.Struct({ cluster: Schema.String, ...LoadBalancer.fields })
export type Page = typeof Page.Type

const encode = Schema.encodeSync(Schema.fromJsonString(Page))
const decode = Schema.decodeEffect(Schema.fromJsonString(Page))

const nameOf = (address: string) => `load-balancer-${address.replaceAll(":", "-")}`
const data = (page: Page) => ({ balancer: encode(page) })

export const open = Effect.gen(function* () {
  const client = yield* Client

  /** As the store has it, not as it was heard: two that ask one after another see one another. */
  const all = Effect.fnUntraced(function* (selector: string) {
    const found = yield* client.list(ConfigMap, { namespace, labelSelector: selector })
    const read = yield* Effect.forEach(found, (map) =>
      Effect.map(Effect.option(decode(map.data?.["balancer"] ?? "")), (page) => ({ map, page }))
    )
    return read.flatMap(({ map, page }) => (page._tag === "Some" ? [{ map, page: page.value }] : []))
  })

  /** The first address of the ranges that nobody has. */
  const give = (ranges: ReadonlyArray<string>, uid: string, page: (ip: string) => Page) =>
    Effect.gen(function* () {
      const taken = new Set((yield* all(label)).flatMap(({ page }) => page.ingress.map(({ ip }) => ip)))
      for (const range of ranges.flatMap((text) => Addresses.cidr(text) ?? [])) {
        const size = range.size > 65_536n ? 65_536 : Number(range.size)
        // The first and the last of a range of some size are the network's own.
        const [first, last] = range.family === 4 && size > 2 ? [1, size - 2] : [0, size - 1]
        for (let index = first; index <= last; index++) {
          const ip = Addresses.at(range, index)
          if (taken.has(ip)) continue
          const made = yield* client
            .create(ConfigMap, {
              metadata: { namespace, name: nameOf(ip), labels: { [label]: uid } },
              data: data(page(ip))
            })
            .pipe(Effect.catchTag("AlreadyExists", () => Effect.succeed(undefined)))
          if (made !== undefined) return ip
        }
      }
      return undefined
    })

  const of = ({ uid }: ServiceReference) => all(`${label}=${uid}`)
  const write = (map: ConfigMap, page: Page) => Effect.asVoid(client.update(ConfigMap, { ...map, data: data(page) }))
  const strike = ({ metadata }: ConfigMap) =>
    client.delete(ConfigMap, { namespace, name: metadata.name }).pipe(Effect.catchTag("NotFound", () => Effect.void))
  return { all: all(label), give, of, write, strike }
})
