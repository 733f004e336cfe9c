/** How far a soak has come: kept in a file after every step, so that whoever starts it again goes on. */
import { Effect, FileSystem, Schema } from "effect"
import { join } from "node:path"

export const Progress = Schema.Struct({
  seed: Schema.String,
  /** Steps that are done. */
  steps: Schema.Int,
  /** How long it has run, over all starts. */
  seconds: Schema.Number,
  starts: Schema.Int,
  counts: Schema.Record(Schema.String, Schema.Int),
  /** The longest that the cluster has taken to come to rest after a step. */
  slowestSeconds: Schema.Number,
  largestMiB: Schema.Int
})
export type Progress = typeof Progress.Type

const Text = Schema.fromJsonString(Progress)
const fileIn = (directory: string) => join(directory, "progress.json")

export const read = Effect.fnUntraced(function* (directory: string, seed: string) {
  const files = yield* FileSystem.FileSystem
  const none: Progress = { seed, steps: 0, seconds: 0, starts: 0, counts: {}, slowestSeconds: 0, largestMiB: 0 }
  if (!(yield* files.exists(fileIn(directory)))) return none
  return yield* Schema.decodeUnknownEffect(Text)(yield* files.readFileString(fileIn(directory)))
})

/** Appears whole: a soak may be killed at any moment. */
export const write = Effect.fnUntraced(function* (directory: string, progress: Progress) {
  const files = yield* FileSystem.FileSystem
  const fresh = `${fileIn(directory)}.new`
  yield* files.writeFileString(fresh, JSON.stringify(progress, undefined, 2))
  yield* files.rename(fresh, fileIn(directory))
})
