/**
 * When which revision was: one small entry with times and how far the logs were then, written again whenever something has happened
 * since. It says what is past too, the longer ago the less closely, because a driver may keep only the last versions of a key.
 */
import { Clock, Effect, Layer, Option, Schedule, Schema, Stream } from "effect"
import { randomUUID } from "node:crypto"
import { Tables } from "../table/Tables.ts"
import { Log, type LogName } from "./Log.ts"

const [log, key] = ["leases", "keelson/time"] as const
/** No closer are two marks, and so no time is known better. */
const every = "2 seconds"

const Mark = Schema.Struct({
  /** In milliseconds since the epoch. */
  time: Schema.Int,
  /** How far each log was at that time. */
  revisions: Schema.Struct({ objects: Schema.Int, events: Schema.Int, leases: Schema.Int })
})
export type Mark = typeof Mark.Type
const Written = Schema.fromJsonString(Schema.Struct({ marks: Schema.Array(Mark) }))
const encode = Schema.encodeSync(Written)
const decode = Schema.decodeUnknownOption(Written)
const text = { encoder: new TextEncoder(), decoder: new TextDecoder() }

/** How far apart marks are kept that are so old. In milliseconds, and no mark is older than the last. */
const thinning = [
  { age: 60_000, apart: 0 },
  { age: 10 * 60_000, apart: 10_000 },
  { age: 2 * 3_600_000, apart: 60_000 },
  { age: 48 * 3_600_000, apart: 1_800_000 }
]

/** The oldest of those that lie close together stays: it is the one that the next thinning keeps too. */
export const thinned = (marks: ReadonlyArray<Mark>, now: number): ReadonlyArray<Mark> => {
  const kept: Array<Mark> = []
  for (const mark of marks) {
    const apart = thinning.find(({ age }) => now - mark.time <= age)?.apart
    const before = kept.at(-1)
    if (apart !== undefined && (before === undefined || mark.time - before.time >= apart)) kept.push(mark)
  }
  return kept
}

const last = (service: Log["Service"]) =>
  Effect.map(Stream.runCollect(service.history({ log, after: 0, key })), (all) => {
    const entry = all.flat().at(-1)
    const found = entry?.op === "put" ? Option.getOrUndefined(decode(text.decoder.decode(entry.bytes))) : undefined
    return { seq: entry?.seq ?? 0, marks: found?.marks ?? [] }
  })

/** From the oldest on. */
export const marks = (service: Log["Service"]): Effect.Effect<ReadonlyArray<Mark>, Effect.Error<ReturnType<typeof last>>> =>
  Effect.map(last(service), (found) => found.marks)

/** Several that run side by side do no harm. */
export const run: Effect.Effect<never, never, Log | Tables> = Effect.gen(function* () {
  const service = yield* Log
  const tables = yield* Tables
  let known: { readonly seq: number; readonly marks: ReadonlyArray<Mark> } | undefined
  let told = ""
  const revision = (name: LogName) => tables.revision(name)
  const step = Effect.gen(function* () {
    const revisions = { objects: revision("objects"), events: revision("events"), leases: revision("leases") }
    const now = `${revisions.objects} ${revisions.events}`
    if (told === now) return
    known ??= yield* last(service)
    const time = yield* Clock.currentTimeMillis
    const marks = [...thinned(known.marks, time), { time, revisions }]
    const bytes = text.encoder.encode(encode({ marks }))
    const put = { log, key, op: "put", bytes, prev: known.seq, writeId: randomUUID() } as const
    // Whatever comes of it, what is there is read again unless it is known.
    known = undefined
    known = { seq: yield* service.append(put), marks }
    told = now
  }).pipe(Effect.catch((error) => Effect.logDebug("the time was not marked", error)))
  return yield* Effect.andThen(Effect.repeat(step, Schedule.spaced(every)), Effect.never)
})

export const layer: Layer.Layer<never, never, Log | Tables> = Layer.effectDiscard(Effect.forkScoped(run))
