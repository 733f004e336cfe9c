/**
 * Snapshots by the clock: one each `every`, of which the last `keep` are kept. When the last was made is read from where they are kept,
 * so that it does not matter which server makes the next.
 */
import { Clock, DateTime, Duration, Effect, Layer, Metric, Stream } from "effect"
import * as Plugin from "../../kernel/plugin/Plugin.ts"
import { verify } from "../../kernel/store/snapshot/Read.ts"
import { type Kept, SnapshotStorage } from "./contracts/SnapshotStorage.ts"

export interface Options<E> {
  /** The bytes of a snapshot, from the moment that they are asked for. */
  readonly save: Stream.Stream<Uint8Array, E>
  readonly every: Duration.Input
  readonly keep: number
}

export const ending = ".snapshot"
/** Only what it has made itself is removed by the keeper. */
const scheduled = /^scheduled-\d{8}T\d{6}Z\.snapshot$/

/** Such as `scheduled-20261121T190000Z.snapshot`: in the order of time. */
export const nameOf = (prefix: string, millis: number) => {
  const stamp = DateTime.formatIso(DateTime.makeUnsafe(millis)).replace(/[-:]|\.\d+/g, "")
  return `${prefix}-${stamp}${ending}`
}

/** Those that are too many: the oldest. */
export const outdated = (all: ReadonlyArray<Kept>, keep: number): ReadonlyArray<string> =>
  all
    .map(({ name }) => name)
    .filter((name) => scheduled.test(name))
    .toSorted()
    .slice(0, -keep)

/** In how many milliseconds the next one is due. */
export const dueIn = (all: ReadonlyArray<Kept>, every: number, now: number) => {
  const last = Math.max(...all.filter(({ name }) => scheduled.test(name)).map(({ time }) => time), -Infinity)
  return Math.min(every, Math.max(0, last + every - now))
}

/** Writes one, whole or not at all. Gives how many bytes it has. */
export const write = Effect.fn("Snapshots.write")(function* <E, R>(name: string, bytes: Stream.Stream<Uint8Array, E, R>) {
  const storage = yield* SnapshotStorage
  let count = 0
  const id = yield* storage.begin({ name })
  const add = (piece: Uint8Array) =>
    Effect.suspend(() => {
      count += piece.length
      return storage.add({ id, bytes: piece })
    })
  yield* Effect.andThen(Stream.runForEach(bytes, add), storage.complete({ id })).pipe(
    Effect.onError(() => Effect.ignore(storage.abandon({ id })))
  )
  return count
})

const failures = Metric.counter("keelson_snapshot_failures_total", {
  description: "Scheduled snapshots that could not be made.",
  incremental: true
})
const succeeded = Metric.gauge("keelson_snapshot_last_success_timestamp_seconds", {
  description: "When the last scheduled snapshot was made and read back."
})
const size = Metric.gauge("keelson_snapshot_last_size_bytes", { description: "How large the last one is." })
const took = Metric.gauge("keelson_snapshot_last_duration_seconds", { description: "How long it took to make." })

/** Makes one, reads it back, and removes those that are too many. */
const take = Effect.fn("Snapshots.take")(function* <E>({ keep, save }: Options<E>) {
  const storage = yield* SnapshotStorage
  const began = yield* Clock.currentTimeMillis
  const name = nameOf("scheduled", began)
  const bytes = yield* write(name, save)
  yield* verify(storage.read({ name }))
  const ended = yield* Clock.currentTimeMillis
  yield* Metric.update(succeeded, Math.round(ended / 1000))
  yield* Metric.update(size, bytes)
  yield* Metric.update(took, (ended - began) / 1000)
  yield* Effect.logInfo(`snapshot ${name}: ${bytes} bytes in ${ended - began} ms`)
  for (const old of outdated(yield* storage.list(), keep)) yield* storage.remove({ name: old })
})

/** After a failure it is tried again sooner than the next would be due. */
const soon = 60_000

export const run = Effect.fnUntraced(function* <E>(options: Options<E>) {
  const storage = yield* SnapshotStorage
  const every = Duration.toMillis(options.every)
  const failed = (cause: unknown) =>
    Effect.andThen(Metric.update(failures, 1), Effect.logError("a scheduled snapshot could not be made", cause))
  // They are there from the beginning, so that nobody has to wait for the first failure to see that there is none.
  yield* Metric.update(failures, 0)
  for (;;) {
    const due = Effect.map(Effect.zip(storage.list(), Clock.currentTimeMillis), ([all, now]) => dueIn(all, every, now))
    const once = Effect.flatMap(due, (wait) => (wait > 0 ? Effect.succeed(wait) : Effect.as(take(options), every)))
    const pause = yield* Effect.catchCause(once, (cause) => Effect.as(failed(cause), Math.min(every, soon)))
    yield* Effect.sleep(Duration.millis(pause))
  }
})

export const plugin = <E>(options: Options<E>) =>
  Plugin.make({ name: "snapshots", layer: Layer.effectDiscard(Plugin.background(run(options))) })
