/** nats-server with JetStream, one or three, each acknowledging what a quorum has on its disk: `sync_interval: always`. */
import { connect } from "@nats-io/transport-node"
import { Effect, Schedule, Schema } from "effect"
import { mkdirSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { freePort } from "../../kernel/FreePort.ts"
import * as Children from "./Children.ts"

const memberOf = (
  binary: string,
  directory: string,
  delay: number,
  ports: ReadonlyArray<number>,
  member: number,
  synced: boolean
): Children.Server => {
  const [client, monitor, route] = [0, 1, 2].map((kind) => ports[3 * member + kind])
  const name = `nats-${member}`
  const routes = Array.from({ length: ports.length / 3 }, (_, peer) => `"nats://127.0.0.1:${ports[3 * peer + 2]}"`)
  const cluster =
    routes.length > 1 ? `cluster { name: bench, listen: "127.0.0.1:${route}", routes: [${routes.join(", ")}] }` : ""
  const config = join(directory, `${name}.conf`)
  writeFileSync(
    config,
    `server_name: ${name}
listen: "127.0.0.1:${client}"
http: "127.0.0.1:${monitor}"
max_payload: 4MB
jetstream { store_dir: ${JSON.stringify(join(directory, name))}, sync_interval: ${synced ? "always" : "1m"} }
${cluster}
`
  )
  return { name, directory, delay, command: [binary, "--config", config], health: `http://127.0.0.1:${monitor}/healthz` }
}

/** How a server writes to its disk stands nowhere but there. */
const assertSync = Effect.fnUntraced(function* ({ health, name }: Children.Server) {
  const text = yield* Effect.tryPromise(() => fetch(health.replace("healthz", "varz")).then((answer) => answer.text()))
  if (!/"sync_always": true/.test(text)) return yield* Effect.fail(new Error(`${name} acknowledges before its disk has it`))
})

/** Starts them, and gives what `JetStreamLog.layer` takes. */
export const start = Effect.fnUntraced(function* (
  binary: string,
  directory: string,
  replicas: 1 | 3,
  delay: number,
  synced = true
) {
  mkdirSync(directory, { recursive: true })
  const ports = yield* Effect.replicateEffect(freePort, 3 * replicas)
  const servers = Array.from({ length: replicas }, (_, member) => memberOf(binary, directory, delay, ports, member, synced))
  const pids = yield* Children.startAll(servers)
  if (synced) yield* Effect.forEach(servers, assertSync, { discard: true })
  const access = {
    servers: [`nats://127.0.0.1:${ports[0]}`],
    monitor: servers.map(({ health }) => new URL(health).origin),
    cluster: "bench",
    replicas,
    ...(!synced && { allowUnsynced: true })
  }
  return { servers, pids, access }
})

const Led = Schema.fromJsonString(
  Schema.Struct({ cluster: Schema.optionalKey(Schema.Struct({ leader: Schema.optionalKey(Schema.String) })) })
)

/** Lets the server lead that the client is connected to, as etcd's client is to its leader. The stream is there by then. */
export const lead = Effect.fnUntraced(function* ({ servers }: { readonly servers: ReadonlyArray<string> }, stream: string) {
  const connection = yield* Effect.acquireRelease(
    Effect.tryPromise(() => connect({ servers: [...servers] })),
    (connection) => Effect.promise(() => connection.close())
  )
  const ask = (call: string, body = "") =>
    Effect.tryPromise(() => connection.request(`$JS.API.STREAM.${call}.${stream}`, body))
  const wanted = connection.info?.server_name ?? ""
  yield* Effect.gen(function* () {
    const { cluster } = yield* Schema.decodeEffect(Led)((yield* ask("INFO")).string())
    if (cluster?.leader === wanted) return
    yield* ask("LEADER.STEPDOWN", JSON.stringify({ placement: { preferred: wanted } }))
    yield* Effect.fail(new Error(`${stream} is led by ${cluster?.leader}`))
  }).pipe(Effect.retry({ schedule: Schedule.spaced("500 millis"), times: 20 }))
}, Effect.scoped)
