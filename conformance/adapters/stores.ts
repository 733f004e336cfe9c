/** Stores: an SQLite file, and JetStream of one NATS server, of three, or of somebody else's. */
import { Effect, Layer, Schema } from "effect"
import { randomUUID } from "node:crypto"
import { existsSync, readFileSync } from "node:fs"
import { join } from "node:path"
import * as JetStreamLog from "../../kernel/store/jetstream/JetStreamLog.ts"
import * as Nats from "../../kernel/store/jetstream/Nats.ts"
import * as NatsCluster from "../../kernel/store/jetstream/NatsCluster.ts"
import * as NatsServer from "../../kernel/store/jetstream/NatsServer.ts"
import * as SqliteLog from "../../kernel/store/sqlite/SqliteLog.ts"
import { type Adapter, checked, kit, type Site } from "../Adapter.ts"
import * as Log from "../Log.ts"
import * as Machine from "../stage/Machine.ts"

const text = (file: string | undefined) => (file === undefined || file === "" ? undefined : readFileSync(file, "utf8"))

/** How a stranger's server is reached: files of credentials and keys are named on the command line. */
const accessOf = (servers: string, given: Site["given"]): Nats.Options => {
  const [credentials, ca, cert, key] = [given["credentials"], given["ca"], given["cert"], given["key"]].map(text)
  const tls = { ...(ca && { ca }), ...(cert && { cert }), ...(key && { key }) }
  const isTls = servers.startsWith("tls://") || Object.keys(tls).length > 0
  return { servers, ...(credentials && { credentials }), ...(isTls && { tls }) }
}

const Names = Schema.Struct({ streams: Schema.NullOr(Schema.Array(Schema.String)) })

/** Streams of this cluster's name, which nobody else has. */
const remove = Effect.fnUntraced(function* (access: Nats.Options, cluster: string) {
  const { api } = yield* Nats.make(access)
  const { streams } = yield* api("STREAM.NAMES", { subject: `k8s.${cluster}.>` }, Names)
  const own = (streams ?? []).filter((name) => name.startsWith(`K8S_${cluster}_`))
  yield* Effect.forEach(own, (name) => api(`STREAM.DELETE.${name}`, null, Schema.Json), { discard: true })
}, Effect.scoped)

/** A log of its own among what is there, and taken away again. */
const elsewhere = (endpoint: string, given: Site["given"]) => {
  const access = accessOf(endpoint, given)
  const cluster = `conformance-${randomUUID().slice(0, 8)}`
  const monitor = given["monitor"] ?? ""
  const log = JetStreamLog.layer({
    ...access,
    cluster,
    replicas: given["replicas"] === "3" ? 3 : 1,
    ...(monitor !== "" && { monitor: monitor.split(",") }),
    ...(given["allow-unsynced"] === "true" && { allowUnsynced: true })
  })
  const taken = Layer.effectDiscard(Effect.addFinalizer(() => Effect.orDie(remove(access, cluster))))
  return Layer.provideMerge(Log.restarting(log), taken)
}

const natsServer = () => (existsSync(Machine.cache("bin", "nats-server")) ? [] : Machine.lacking("nats-server"))

export const adapters: ReadonlyArray<Adapter> = [
  {
    name: "sqlite",
    title: "SQLite",
    isAlone: false,
    lacks: () => [],
    kits: {
      log: ({ directory }) => kit(Log.restarting(SqliteLog.layer({ file: join(directory, "log.db") })), checked(Log.suite))
    }
  },
  {
    name: "jetstream",
    title: "JetStream",
    isAlone: false,
    lacks: natsServer,
    endpoint: {
      words: "nats:// or tls://[user:password@]host:port, several with commas between",
      pattern: /^(nats|tls):\/\//
    },
    kits: {
      log: ({ directory, endpoint, given }) =>
        kit(
          endpoint === undefined ? Log.restarting(NatsServer.layer({ directory })) : elsewhere(endpoint, given),
          checked(Log.suite)
        )
    }
  },
  {
    name: "jetstream-3",
    title: "JetStream, three servers",
    isAlone: false,
    lacks: natsServer,
    kits: { log: ({ directory }) => kit(Log.restarting(NatsCluster.layer({ directory })), checked(Log.suite)) }
  }
]
