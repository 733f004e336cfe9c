/**
 * Which node ports are taken: one object that every server changes by compare-and-swap. It is no kind of the API; it lies in
 * the log beside the kinds, so that what correctness needs is never in one process.
 */
import { Clock, Effect, Option, Random } from "effect"
import { Client } from "../../kernel/client/Client.ts"
import * as Field from "../../kernel/resource/Field.ts"
import * as Kind from "../../kernel/resource/Kind.ts"
import { type ObjectMeta, ObjectMetaDraft } from "../../kernel/resource/Metadata.ts"
import { choose, nodePorts } from "./Ranges.ts"

/** By port: who has it (`namespace/name`), and since when, in milliseconds. */
interface Taken {
  readonly [port: string]: { readonly owner: string; readonly since: number }
}
interface NodePorts {
  readonly metadata: ObjectMeta
  readonly taken: Taken
}
interface NodePortsDraft {
  readonly metadata: ObjectMetaDraft
  readonly taken: Taken
}
const { Int64, Text, asJson, define, defaulted, map, struct } = Field
const Owner = define<Taken[string]>("keelson.v1.NodePortOwner", () => struct({ owner: Text, since: Int64 }))
const Schema = define<NodePortsDraft>("keelson.v1.NodePorts", () =>
  struct({ metadata: defaulted(ObjectMetaDraft(), {}), taken: map(Owner()) })
)
const NodePorts = Kind.make<NodePorts, NodePortsDraft>({
  kind: "NodePorts",
  plural: "nodeports",
  singular: "nodeports",
  namespaced: false,
  storage: "nodeports.keelson.dev",
  verbs: ["get", "create", "update"],
  versions: [{ group: "keelson.dev", version: "v1", schema: asJson(Schema) }]
})
const key = { namespace: "", name: "services" }

/** Changes the table until nobody came between. The change answers `undefined` if there is nothing to write. */
const change = Effect.fnUntraced(function* <A>(make: (taken: Taken) => readonly [Taken | undefined, A]) {
  const client = yield* Client
  for (;;) {
    const found = yield* client.find(NodePorts, key)
    const [taken, answer] = make(Option.isSome(found) ? found.value.taken : {})
    if (taken === undefined) return answer
    const written = Option.isSome(found)
      ? client.update(NodePorts, { ...found.value, taken })
      : client.create(NodePorts, { metadata: { name: key.name }, taken })
    const done = yield* written.pipe(
      Effect.as(true),
      Effect.catchTag(["Conflict", "AlreadyExists"], () => Effect.succeed(false))
    )
    if (done) return answer
  }
})

/** Takes a port: the one that is asked for, or any. `undefined`: it is somebody else's, or there is none. */
export const take = Effect.fnUntraced(function* (owner: string, asked: number | undefined) {
  const [random, since] = [yield* Random.next, yield* Clock.currentTimeMillis]
  return yield* change((taken) => {
    if (asked !== undefined && taken[asked]?.owner === owner) return [undefined, asked]
    const isFree = (port: number) => taken[port] === undefined
    const port = asked === undefined ? choose(nodePorts, random, isFree) : isFree(asked) ? asked : undefined
    return port === undefined ? [undefined, undefined] : [{ ...taken, [port]: { owner, since } }, port]
  })
})

/** Gives back the ports that nobody uses, unless they were taken just now and their Service is still on its way. */
export const release = Effect.fnUntraced(function* (isUsed: (port: number, owner: string) => boolean, olderThan: number) {
  yield* change((taken) => {
    const kept = Object.entries(taken).filter(([port, { owner, since }]) => since > olderThan || isUsed(Number(port), owner))
    return [kept.length === Object.keys(taken).length ? undefined : Object.fromEntries(kept), undefined]
  })
})
