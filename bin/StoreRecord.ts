/**
 * Where the store is, once it has moved: a file in the data directory that goes before every setting, so that the next start does not
 * begin with the store that was left. It is there whole or not at all, and on the disk when it is.
 */
import { Effect, Schema } from "effect"
import * as Fs from "node:fs/promises"
import { dirname, join } from "node:path"
import * as Paths from "./Paths.ts"
import type { Settings } from "./Settings.ts"

const Record = Schema.Struct({
  /** As the setting `store`. */
  store: Schema.String,
  /** As the setting `controlPlanes`: how many servers of this machine have a replica of it. */
  controlPlanes: Schema.Literals([1, 3]),
  /** Where it was before. */
  from: Schema.String,
  /** Of the move: what it left unfinished in the new store is known by it. */
  id: Schema.String,
  /** When, as an RFC 3339 time. */
  time: Schema.String
})
export type Record = typeof Record.Type
/** Where it shall be. */
export type Target = Pick<Record, "store" | "controlPlanes">
const Kept = Schema.fromJsonString(Record)
const decode = Schema.decodeUnknownEffect(Kept)
const encode = Schema.encodeSync(Kept)

export class RecordUnusable extends Schema.TaggedError<RecordUnusable>()("RecordUnusable", {
  file: Schema.String,
  reason: Schema.String
}) {
  override get message() {
    return `${this.file}, which says where the store is, cannot be used: ${this.reason}`
  }
}

/** One for all servers of a machine. */
export const fileOf = ({ root }: Pick<Paths.Paths, "root">) => join(root, "store", "moved.json")

/** Absent: it has never moved. */
export const read = Effect.fnUntraced(function* (file: string) {
  const unusable = (cause: unknown) => new RecordUnusable({ file, reason: String(cause) })
  const text = yield* Effect.tryPromise({
    try: () => Fs.readFile(file, "utf8").catch((cause) => (cause.code === "ENOENT" ? undefined : Promise.reject(cause))),
    catch: unusable
  })
  return text === undefined ? undefined : yield* Effect.mapError(decode(text), unusable)
})

/** Where the store is goes before where it shall be. */
export const applied = Effect.fnUntraced(function* (settings: Settings) {
  const record = yield* read(fileOf(Paths.make(settings.dataDir, settings.nodeName)))
  if (record === undefined) return settings
  const { controlPlanes, store } = record
  return { ...settings, store, controlPlanes }
})

const flushed = async (path: string, flags: string, text?: string) => {
  const handle = await Fs.open(path, flags, 0o600)
  try {
    if (text !== undefined) await handle.writeFile(text)
    await handle.sync()
  } finally {
    await handle.close()
  }
}

export const write = (file: string, record: Record) =>
  Effect.tryPromise({
    try: async () => {
      await Fs.mkdir(dirname(file), { recursive: true, mode: 0o700 })
      await flushed(`${file}.new`, "w", encode(record))
      await Fs.rename(`${file}.new`, file)
      await flushed(dirname(file), "r")
    },
    catch: (cause) => new RecordUnusable({ file, reason: String(cause) })
  })
