/**
 * Whether the server writes to its disk before it acknowledges. By default it does so every two minutes, and a power cut takes
 * what was acknowledged since; and then revisions are used again for something else. No answer of JetStream says it.
 */
import { Effect, Schema } from "effect"
import { NatsUnfit } from "./JetStream.ts"
import type { Nats } from "./Nats.ts"

const About = Schema.Struct({
  server_id: Schema.String,
  jetstream: Schema.Struct({ config: Schema.Struct({ sync_always: Schema.optionalKey(Schema.Boolean) }) })
})

const ask = (monitor: string) =>
  Effect.tryPromise(() =>
    fetch(new URL("/varz", monitor), { signal: AbortSignal.timeout(5000) }).then((answer) => answer.json())
  ).pipe(Effect.flatMap(Schema.decodeUnknownEffect(About)))

/** Looks at `monitor`, or where a server's monitoring usually is. */
export const checkSync = Effect.fnUntraced(function* ({ connection }: Nats, monitor: string | undefined) {
  const server = connection.getServer()
  const address = monitor ?? `http://${server.slice(0, server.lastIndexOf(":"))}:8222`
  const about = yield* Effect.result(ask(address))
  if (about._tag === "Failure" || about.success.server_id !== connection.info?.server_id) {
    const why = `its monitoring does not answer at ${address}`
    yield* Effect.logWarning(`whether the NATS server ${server} has sync_interval: always could not be seen: ${why}`)
    return false
  }
  if (about.success.jetstream.config.sync_always === true) return true
  const reason = "it acknowledges before its disk has it: set jetstream { sync_interval: always }"
  return yield* new NatsUnfit({ server, reason })
})
