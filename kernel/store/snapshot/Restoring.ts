/**
 * What is restored, or moved to another store, is not served before it is all there. While it is under way each log has a mark,
 * which says of what; it is put first and deleted last. Keys below `keelson/` are no objects.
 */
import { Effect, Schema, Stream } from "effect"
import { alone } from "../Copy.ts"
import { type Log, type LogName, names } from "../Log.ts"

export const key = "keelson/restoring"
export const isMark = (other: string) => other === key

const Mark = Schema.fromJsonString(Schema.Struct({ id: Schema.String, what: Schema.String }))
/** `id`: of this one attempt. `what`: for people. */
export type Mark = typeof Mark.Type
const decode = Schema.decodeUnknownEffect(Mark)
const encode = Schema.encodeSync(Mark)

export class NotRestored extends Schema.TaggedError<NotRestored>()("NotRestored", { what: Schema.String }) {
  override get message() {
    return `what is in the store is not whole: ${this.what} was not finished. Run it again`
  }
}

const text = new TextDecoder()

/** The mark in one log, and its seq. */
export const find = Effect.fnUntraced(function* (log: Log["Service"], name: LogName) {
  const entries = yield* Stream.runCollect(log.history({ log: name, after: 0, key }))
  const last = entries.flat().at(-1)
  if (last === undefined) return { seq: 0, mark: undefined }
  if (last.op === "delete") return { seq: last.seq, mark: undefined }
  const mark = yield* Effect.orElseSucceed(decode(text.decode(last.bytes)), () => ({ id: "", what: "a restore" }))
  return { seq: last.seq, mark }
})

export const put = Effect.fnUntraced(function* (log: Log["Service"], name: LogName, mark: Mark) {
  const { seq } = yield* find(log, name)
  const bytes = new TextEncoder().encode(encode(mark))
  const writeId = `${mark.id} ${name} ${seq}`
  yield* alone(log.append({ log: name, key, op: "put", bytes, prev: seq, writeId }))
})

/** What is there is whole. `objects` last: as long as one has its mark, none is served. */
export const clear = Effect.fnUntraced(function* (log: Log["Service"]) {
  for (const name of names.toReversed()) {
    const { mark, seq } = yield* find(log, name)
    if (mark === undefined) continue
    const writeId = `${mark.id} ${name} ${seq}`
    yield* alone(log.append({ log: name, key, op: "delete", bytes: new Uint8Array(), prev: seq, writeId }))
  }
})

/**
 * Fails if something is not whole. What was finished, and could only not say so any more, is known by its id: `finished` is what
 * was remembered elsewhere.
 */
export const assertWhole = Effect.fnUntraced(function* (log: Log["Service"], finished?: string) {
  for (const name of names) {
    const { mark } = yield* find(log, name)
    if (mark === undefined) continue
    if (mark.id !== finished) return yield* new NotRestored({ what: mark.what })
    return yield* clear(log)
  }
})
