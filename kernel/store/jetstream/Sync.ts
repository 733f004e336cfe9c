/**
 * Whether servers write to their disks before they acknowledge. By default they do so every two minutes, and a power cut takes
 * what was acknowledged since; and then revisions are used again for something else. No answer of JetStream says it, so each
 * server is asked about itself: through NATS where the account may, else at its monitoring.
 */
import { createInbox } from "@nats-io/transport-node"
import { Effect, Schema } from "effect"
import { NatsUnfit, type Replicas } from "./JetStream.ts"
import type { Nats } from "./Nats.ts"

const Server = Schema.Struct({
  server_id: Schema.String,
  jetstream: Schema.optionalKey(
    Schema.Struct({
      config: Schema.optionalKey(Schema.Struct({ sync_always: Schema.optionalKey(Schema.Boolean) }))
    })
  )
})
const decodeServer = Schema.decodeUnknownEffect(Server)
const decodeAnswer = Schema.decodeUnknownEffect(Schema.fromJsonString(Schema.Struct({ data: Server })))

const about = "$SYS.REQ.SERVER.PING.VARZ"
/** Milliseconds for the answers of servers, of which nobody says how many they will be. */
const patience = 1000

/** Every server that this one is connected with answers; none if the account may not ask. */
const asked = ({ connection }: Nats, count: number) =>
  Effect.callback<ReadonlyArray<string>>((resume) => {
    const answers: Array<string> = []
    const done = () => resume(Effect.succeed(answers))
    const inbox = createInbox()
    const subscription = connection.subscribe(inbox, {
      callback: (error, msg) => {
        if (error !== null || msg.headers?.code === 503) return done()
        answers.push(msg.string())
        if (answers.length >= count) done()
      }
    })
    connection.publish(about, "", { reply: inbox })
    const timer = setTimeout(done, patience)
    return Effect.sync(() => {
      clearTimeout(timer)
      if (!connection.isClosed()) subscription.unsubscribe()
    })
  }).pipe(
    Effect.flatMap((answers) => Effect.forEach(answers, (answer) => Effect.option(decodeAnswer(answer)))),
    Effect.map((answers) => answers.flatMap((answer) => (answer._tag === "Some" ? [answer.value.data] : [])))
  )

const visited = (monitor: string) =>
  Effect.tryPromise(() =>
    fetch(new URL("/varz", monitor), { signal: AbortSignal.timeout(5000) }).then((answer) => answer.json())
  ).pipe(Effect.flatMap(decodeServer))

export interface Options {
  /** Where servers tell about themselves, `http://host:8222`; of the one that is connected if absent. */
  readonly monitor?: string | ReadonlyArray<string>
  /** Go on although servers may lose what they have acknowledged. */
  readonly allowUnsynced?: boolean
}

const hostOf = (server: string) => server.slice(0, server.lastIndexOf(":"))

const seenOf = Effect.fnUntraced(function* (nats: Nats, replicas: Replicas, monitor: Options["monitor"]) {
  const { connection } = nats
  const answers = yield* asked(nats, replicas)
  if (answers.length > 0) return answers
  const guessed = monitor === undefined
  const monitors = guessed ? [`http://${hostOf(connection.getServer())}:8222`] : [monitor].flat()
  const found = yield* Effect.forEach(monitors, (each) => Effect.option(visited(each)), { concurrency: "unbounded" })
  const servers = found.flatMap((one) => (one._tag === "Some" ? [one.value] : []))
  // What is found at the usual place may be another's.
  return servers.some(({ server_id }) => server_id === connection.info?.server_id) ? servers : []
})

/** Whether all that is acknowledged is on the disks of most servers. Refused if it is not, or cannot be seen. */
export const checkSync = Effect.fnUntraced(function* (nats: Nats, replicas: Replicas, options: Options) {
  const servers = (yield* seenOf(nats, replicas, options.monitor)).filter(({ jetstream }) => jetstream?.config !== undefined)
  const isLazy = servers.some(({ jetstream }) => jetstream?.config?.sync_always !== true)
  const seen = new Set(servers.map(({ server_id }) => server_id)).size
  if (!isLazy && seen > replicas / 2) return true
  const reason = isLazy
    ? "it acknowledges before its disk has it: set jetstream { sync_interval: always }"
    : `whether it has sync_interval: always was seen of ${seen} of ${replicas} server(s): name their monitoring, or let the account ask ${about}`
  const server = nats.connection.getServer()
  if (options.allowUnsynced !== true) return yield* new NatsUnfit({ server, reason })
  yield* Effect.logWarning(`the log at ${server} may lose what it has acknowledged, as is allowed: ${reason}`)
  return false
})
