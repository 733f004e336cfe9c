/**
 * Where a node finds the API of a cluster that has several servers: the one that it joined by, and those to which the Service `kubernetes`
 * leads. They are kept, so that the node also starts when the first is gone.
 */
import { Effect, FileSystem, Option, Schema, Stream } from "effect"
import { join } from "node:path"
import { Client } from "../kernel/client/Client.ts"
import { EndpointSlice } from "../plugins/resources/contracts/discovery/v1.ts"
import * as Join from "./Join.ts"
import type { Access } from "./Node.ts"
import type { Settings } from "./Settings.ts"

const Urls = Schema.fromJsonString(Schema.Array(Schema.String))
const decode = Schema.decodeOption(Urls)
const encode = Schema.encodeSync(Urls)

const selection = { namespace: "default", labelSelector: "kubernetes.io/service-name=kubernetes" }

/** Of the slices, in a steady order. */
export const urlsOf = (slices: ReadonlyArray<EndpointSlice>): ReadonlyArray<string> =>
  slices
    .flatMap(({ endpoints = [], ports = [] }) =>
      endpoints.flatMap(({ addresses, conditions }) =>
        conditions?.ready === false
          ? []
          : addresses.flatMap((address) =>
              ports.map(({ port }) => `https://${address.includes(":") ? `[${address}]` : address}:${port}`)
            )
      )
    )
    .toSorted()

export const open = Effect.fnUntraced(function* ({ dataDir }: Settings) {
  const files = yield* FileSystem.FileSystem
  const file = join(dataDir, "api-servers.json")
  const before = yield* Effect.option(files.readFileString(file))
  let urls = Option.getOrElse(Option.flatMap(before, decode), (): ReadonlyArray<string> => [])

  const learn = Effect.fnUntraced(function* (slices: ReadonlyArray<EndpointSlice>) {
    const found = urlsOf(slices)
    // A cluster that has none at the moment is reached where it was reached.
    if (found.length === 0 || found.join() === urls.join()) return
    urls = found
    yield* Effect.logInfo(`the API is at ${found.join(", ")}`)
    yield* files.writeFileString(`${file}.new`, encode(found), { mode: 0o600 })
    yield* files.rename(`${file}.new`, file)
  })

  const watched = Effect.fnUntraced(function* (access: Access) {
    const { client } = yield* Join.clientOf(yield* access)
    const cache = yield* Effect.provideService(
      Effect.flatMap(Client, (client) => client.cache(EndpointSlice, { indexes: {}, selection })),
      Client,
      client
    )
    yield* Stream.runForEach(cache.changes, () => learn(cache.all()))
  }, Effect.scoped)

  return {
    others: () => urls,
    /** By an identity that may see it; whoever may not stays with what is known. */
    follow: (access: Access) =>
      watched(access).pipe(
        Effect.catchCause((cause) => Effect.logDebug("the servers of the API are not followed", cause)),
        Effect.forkScoped
      )
  }
})
