/** The servers of a control plane on several machines, as the ConfigMap that each of them reads and enters itself in. */
import { Effect, Option, Schema } from "effect"
import { Client } from "../kernel/client/Client.ts"
import { ConfigMap } from "../plugins/resources/contracts/core/v1.ts"
import * as Servers from "./Servers.ts"

export const key = { namespace: "kube-system", name: "keelson-servers" }
export const selection = { namespace: key.namespace, fieldSelector: `metadata.name=${key.name}` }

/** So many keep a store that outlives one of them. */
export const enough = 3

/** Says that the store is the one of which every server has a replica. */
const replicated = "keelson.io/replicated"
export const isReplicated = ({ metadata }: ConfigMap) => metadata.annotations?.[replicated] === "true"

const Entry = Schema.fromJsonString(Servers.Server)
const decode = Schema.decodeUnknownOption(Entry)
const encode = Schema.encodeSync(Entry)

/** By name. What is no server is somebody's mistake, and left out. */
export const serversOf = ({ data = {} }: ConfigMap): ReadonlyArray<Servers.Server> =>
  Object.entries(data)
    .toSorted(([a], [b]) => (a < b ? -1 : 1))
    .flatMap(([, text]) => Option.toArray(decode(text)))

export const find = Effect.flatMap(Client, (client) => client.find(ConfigMap, key))

const patch = Effect.fnUntraced(function* (body: { readonly [field: string]: Schema.Json }) {
  const client = yield* Client
  const create = client.create(ConfigMap, { metadata: key }).pipe(Effect.catchTag("AlreadyExists", () => Effect.void))
  const write = client.patch(ConfigMap, key, "merge", body)
  return yield* Effect.catchTag(write, "NotFound", () => Effect.andThen(create, write))
})

const isSame = (a: Servers.Server, b: Servers.Server) => encode(a) === encode(b)

/** Enters a server. Another one of the same name may be another machine, and its replica of the store. */
export const enter = Effect.fnUntraced(function* (self: Servers.Server) {
  const found = Option.getOrUndefined(yield* find)
  const before = found === undefined ? undefined : serversOf(found).find(({ name }) => name === self.name)
  if (before !== undefined && !isSame(before, self)) {
    return yield* new Servers.CannotServe({
      message: `there is a server ${self.name} at ${before.address}: take another --node-name, or remove that one with keelson member remove ${self.name}`
    })
  }
  if (before === undefined) yield* patch({ data: { [self.name]: encode(self) } })
})

export const leave = (name: string) => patch({ data: { [name]: null } })
export const sayReplicated = patch({ metadata: { annotations: { [replicated]: "true" } } })
