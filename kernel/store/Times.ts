/**
 * When which revision was: a small entry that says the time and how far the logs were, written again whenever something has happened
 * since. Its own history is the index from times to revisions, and is forgotten with theirs.
 */
import { Clock, Effect, Layer, Option, Schedule, Schema, Stream } from "effect"
import { randomUUID } from "node:crypto"
import { Tables } from "../table/Tables.ts"
import { Log, type LogName } from "./Log.ts"

const [log, key] = ["leases", "keelson/time"] as const
/** No closer are two marks, and so no time is known better. */
const every = "2 seconds"

const Written = Schema.fromJsonString(Schema.Struct({ time: Schema.Int, objects: Schema.Int, events: Schema.Int }))
const encode = Schema.encodeSync(Written)
const decode = Schema.decodeUnknownOption(Written)
const text = { encoder: new TextEncoder(), decoder: new TextDecoder() }

export interface Mark {
  /** In milliseconds since the epoch. */
  readonly time: number
  /** How far each log was at that time. */
  readonly revisions: { readonly [_ in LogName]: number }
}

/** From the oldest on. */
export const marks = (service: Log["Service"]) =>
  Effect.map(Stream.runCollect(service.history({ log, after: 0, key })), (all) =>
    all.flat().flatMap(({ bytes, op, seq }): ReadonlyArray<Mark> => {
      const found = op === "put" ? Option.getOrUndefined(decode(text.decoder.decode(bytes))) : undefined
      if (found === undefined) return []
      return [{ time: found.time, revisions: { objects: found.objects, events: found.events, leases: seq } }]
    })
  )

/** Several that run side by side do no harm. */
export const run: Effect.Effect<never, never, Log | Tables> = Effect.gen(function* () {
  const service = yield* Log
  const tables = yield* Tables
  let prev = 0
  let told = ""
  const step = Effect.gen(function* () {
    const [objects, events] = [tables.revision("objects"), tables.revision("events")]
    if (told === `${objects} ${events}`) return
    const bytes = text.encoder.encode(encode({ time: yield* Clock.currentTimeMillis, objects, events }))
    prev = yield* service.append({ log, key, op: "put", bytes, prev, writeId: randomUUID() })
    told = `${objects} ${events}`
  }).pipe(
    Effect.catchTag("Conflict", ({ last }) =>
      Effect.sync(() => {
        prev = last
      })
    ),
    Effect.catch((error) => Effect.logDebug("the time was not marked", error))
  )
  return yield* Effect.andThen(Effect.repeat(step, Schedule.spaced(every)), Effect.never)
})

export const layer: Layer.Layer<never, never, Log | Tables> = Layer.effectDiscard(Effect.forkScoped(run))
