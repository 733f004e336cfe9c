/** Three servers on one machine that keep one log: to try, to test and to measure. On three machines each starts its own member. */
import * as NodeServices from "@effect/platform-node/NodeServices"
import { Effect, Layer } from "effect"
import { freePort } from "../../FreePort.ts"
import * as JetStreamLog from "./JetStreamLog.ts"
import type { Keys } from "./NatsConfiguration.ts"
import type { Limits } from "./NatsLimits.ts"
import * as NatsServer from "./NatsServer.ts"

export interface Options {
  /** Each server has a folder of its own in it. */
  readonly directory: string
  /** Of the NATS cluster, and how the names of its servers begin. */
  readonly name?: string
  /** For 127.0.0.1, and one for all. */
  readonly tls?: Keys
  readonly binary?: string
  /** Of each. */
  readonly limits?: Partial<Limits>
  /** What goes before the command of the server with this index (from 0). */
  readonly wrap?: (index: number) => ReadonlyArray<string>
  /** The hosts they listen on, 127.0.0.1 if absent; with ports of its own each can be the same. */
  readonly hosts?: ReadonlyArray<string>
}

const size = 3

/** Ready when all three are. */
export const start = Effect.fn("NatsCluster.start")(function* (options: Options) {
  const { binary, directory, hosts = [], limits, name = "keelson", tls, wrap } = options
  const passwords = NatsServer.newPasswords()
  const indexes = Array.from({ length: size }, (_, index) => index)
  const place = (index: number) => Effect.map(freePort, (port) => `${hosts[index] ?? "127.0.0.1"}:${port}`)
  const routes = yield* Effect.forEach(indexes, place)
  const places = yield* Effect.forEach(indexes, (index) => Effect.all({ listen: place(index), monitor: place(index) }))
  const servers = yield* Effect.forEach(
    indexes,
    (index) =>
      NatsServer.start({
        directory: `${directory}/${index + 1}`,
        name: `${name}-${index + 1}`,
        cluster: { name, listen: routes[index] ?? "", routes },
        others: places.flatMap(({ listen }, other) => (other === index ? [] : [listen])),
        passwords,
        sharers: size,
        ...places[index],
        ...(tls && { tls }),
        ...(binary !== undefined && { binary }),
        ...(limits && { limits }),
        ...(wrap && { wrap: wrap(index) })
      }),
    { concurrency: "unbounded" }
  )
  yield* Effect.forEach(servers, ({ ready }) => ready, { concurrency: "unbounded", discard: true })
  const all = {
    servers: places.map(({ listen }) => listen),
    access: tls === undefined ? { passwords } : { keys: tls }
  }
  const log: JetStreamLog.Options = {
    ...NatsServer.accessOf(all.servers, all.access, "client"),
    cluster: "keelson",
    replicas: size
  }
  return { servers, log, admin: NatsServer.accessOf(all.servers, all.access, "admin") }
})

/** The log on three servers of its own. */
export const layer = (options: Options) =>
  Layer.provide(Layer.unwrap(Effect.map(start(options), ({ log }) => JetStreamLog.layer(log))), NodeServices.layer)
