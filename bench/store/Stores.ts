/** The stores that are compared, as the clients in processes of their own are told of them. */
import { Context, Effect, Layer, Schema } from "effect"
import { Log } from "../../kernel/store/Log.ts"
import * as JetStreamLog from "../../kernel/store/jetstream/JetStreamLog.ts"
import * as SqliteLog from "../../kernel/store/sqlite/SqliteLog.ts"
import * as EtcdApi from "./EtcdApi.ts"
import type { Write } from "./Writes.ts"

export const Address = Schema.Union([
  Schema.Struct({ file: Schema.String }),
  Schema.Struct({
    servers: Schema.Array(Schema.String),
    monitor: Schema.Array(Schema.String),
    cluster: Schema.String,
    replicas: Schema.Literals([1, 3]),
    /** Only to fill it sooner. */
    allowUnsynced: Schema.optionalKey(Schema.Boolean)
  }),
  Schema.Struct({ etcd: Schema.String })
])
export type Address = typeof Address.Type

export const layerOf = (address: Exclude<Address, { readonly etcd: string }>): Layer.Layer<Log> =>
  "file" in address ? Layer.orDie(SqliteLog.layer(address)) : Layer.orDie(JetStreamLog.layer(address))

/** Our log, as an API server has it. One that is not durable is not compared. */
export const openLog = Effect.fnUntraced(function* (address: Exclude<Address, { readonly etcd: string }>) {
  const log = Context.get(yield* Layer.build(layerOf(address)), Log)
  const { durable, replicas } = yield* log.status({ log: "objects" })
  if (!durable && !("allowUnsynced" in address))
    return yield* Effect.die(new Error("the store does not say that it is durable"))
  return { log, replicas }
})

export const open = (address: Address) =>
  "etcd" in address
    ? Effect.map(
        EtcdApi.make(address.etcd),
        ({ put }): Write =>
          (key, bytes, prev) =>
            put(`/registry/${key}`, bytes, prev)
      )
    : Effect.map(
        openLog(address),
        ({ log }): Write =>
          (key, bytes, prev, writeId) =>
            log.append({ log: "objects", key, op: "put", bytes, prev, writeId })
      )
