/** Routes to the addresses of Pods: one page of this cloud, by destinations. */
import { Effect, Layer, Schema } from "effect"
import { Instances } from "keelson/cloud/Instances"
import { Routes } from "keelson/cloud/Routes"
import { Client } from "keelson/kernel/client/Client"
import * as Pages from "./Pages.ts"

/** Provider ids, by where they lead. */
const Page = Schema.fromJsonString(Schema.Record(Schema.String, Schema.String))
const [encode, decode] = [Schema.encodeSync(Page), Schema.decodeUnknownSync(Page)]
const nameOf = (cluster: string) => `cloud-table-routes-${cluster}`

const service = Effect.gen(function* () {
  const [client, instances] = [yield* Client, yield* Instances]
  const pages = Pages.make(client, { "cloud-table": "routes" })
  const read = (cluster: string) => Effect.map(pages.read(nameOf(cluster)), (text = "{}") => decode(text))
  return Routes.of({
    list: ({ cluster }) =>
      Effect.map(read(cluster), (all) =>
        Object.entries(all).map(([destination, providerID]) => ({
          ...{ name: destination, destination, providerID },
          blackhole: false
        }))
      ),
    create: Effect.fnUntraced(function* ({ cluster, destination, node }) {
      const { providerID } = yield* instances.find({ node })
      yield* pages.write(nameOf(cluster), encode({ ...(yield* read(cluster)), [destination]: providerID }))
    }),
    delete: Effect.fnUntraced(function* ({ cluster, route }) {
      const { [route.destination]: _, ...others } = yield* read(cluster)
      yield* pages.write(nameOf(cluster), encode(others))
    })
  })
})

export const layer = Layer.effect(Routes, service)
