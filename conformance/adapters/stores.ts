/** Stores: an SQLite file, and JetStream of a NATS server. */
import { Effect, Layer, Schedule } from "effect"
import { spawn } from "node:child_process"
import { writeFileSync } from "node:fs"
import { connect, createServer } from "node:net"
import { join } from "node:path"
import * as Program from "../../adapters/Program.ts"
import * as JetStreamLog from "../../kernel/store/jetstream/JetStreamLog.ts"
import * as SqliteLog from "../../kernel/store/sqlite/SqliteLog.ts"
import { type Adapter, checked, kit } from "../Adapter.ts"
import * as Log from "../Log.ts"
import * as Machine from "../stage/Machine.ts"

const freePort = Effect.callback<number>((resume) => {
  const server = createServer()
  server.listen(0, "127.0.0.1", () => {
    const address = server.address()
    server.close(() => resume(Effect.succeed(typeof address === "object" ? (address?.port ?? 0) : 0)))
  })
})

const listens = (port: number) =>
  Effect.callback<void, string>((resume) => {
    const socket = connect(port, "127.0.0.1")
    socket.once("connect", () => resume(Effect.sync(() => void socket.destroy())))
    socket.once("error", ({ message }) => resume(Effect.fail(message)))
  }).pipe(Effect.retry({ schedule: Schedule.spaced("50 millis"), times: 200 }))

/** A server in this folder, which ends with the scope. */
const nats = Effect.fnUntraced(function* (directory: string) {
  const [port, monitor] = [yield* freePort, yield* freePort]
  const config = join(directory, "nats.conf")
  const limits = "max_payload: 4MB\nmax_pending: 128MB"
  const store = `jetstream { store_dir: ${JSON.stringify(directory)}, sync_interval: always }`
  yield* Effect.sync(() =>
    writeFileSync(config, `listen: "127.0.0.1:${port}"\nhttp: "127.0.0.1:${monitor}"\n${limits}\n${store}\n`)
  )
  yield* Effect.acquireRelease(
    Effect.sync(() => spawn(Program.find("nats-server") ?? "nats-server", ["-c", config], { stdio: "ignore" })),
    (child) =>
      Effect.callback<void>((resume) => {
        child.once("close", () => resume(Effect.void))
        if (!child.kill("SIGKILL")) resume(Effect.void)
      })
  )
  yield* listens(port)
  return { servers: `nats://127.0.0.1:${port}`, monitor: `http://127.0.0.1:${monitor}` }
})

const jetstream = (directory: string, endpoint: string | undefined) =>
  Layer.unwrap(
    // The laws are not about power cuts: a stranger's server may tell nobody how it writes to its disk.
    Effect.map(
      endpoint === undefined ? nats(directory) : Effect.succeed({ servers: endpoint, allowUnsynced: true }),
      (options) => JetStreamLog.layer({ ...options, cluster: "conformance" })
    )
  )

export const adapters: ReadonlyArray<Adapter> = [
  {
    name: "sqlite",
    title: "SQLite",
    isAlone: false,
    lacks: () => [],
    kits: { log: ({ directory }) => kit(SqliteLog.layer({ file: join(directory, "log.db") }), checked(Log.suite)) }
  },
  {
    name: "jetstream",
    title: "JetStream",
    isAlone: false,
    lacks: () => Machine.lacking("nats-server"),
    endpoint: { words: "nats://[user:password@]host:port", pattern: /^(nats|tls):\/\// },
    kits: { log: ({ directory, endpoint }) => kit(jetstream(directory, endpoint), checked(Log.suite)) }
  }
]
