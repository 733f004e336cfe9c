/**
 * A snapshot of a log that is in use: all that lives at one seq of each log. It is read twice: first which entry of each key is the
 * living one, then those. So that it needs the memory of the keys alone, and its counts stand at its beginning.
 */
import { DateTime, Effect, Schema, Stream } from "effect"
import type { Unavailable } from "../../plugin/Contract.ts"
import { type Entry, type Log, type LogName, names } from "../Log.ts"
import * as Format from "./Format.ts"
import type { Part } from "./Read.ts"
import * as Restoring from "./Restoring.ts"
import * as Sealing from "./Sealing.ts"

type Service = Log["Service"]

/** What a manifest says that no log knows. */
export type About = Pick<Format.Manifest, "cluster" | "version" | "store">

export class SnapshotOvertaken extends Schema.TaggedError<SnapshotOvertaken>()("SnapshotOvertaken", {
  log: Schema.String,
  reason: Schema.String
}) {
  override get message() {
    return `the log ${this.log} ${this.reason} while it was read: begin again`
  }
}

/** Which entry of each key lives at a seq. */
export const livingAt = Effect.fnUntraced(function* (log: Service, name: LogName) {
  const { epoch } = yield* log.status({ log: name })
  const seq = yield* log.barrier({ log: name })
  const living = new Map<string, number>()
  yield* Stream.runForEachArray(log.history({ log: name, after: 0, upTo: seq }), (batches) =>
    Effect.sync(() => {
      for (const entry of batches.flat()) {
        if (entry.op === "put" && !Restoring.isMark(entry.key)) living.set(entry.key, entry.seq)
        else living.delete(entry.key)
      }
    })
  )
  return { name, epoch, seq, living }
})
type At = Effect.Success<ReturnType<typeof livingAt>>

/** What was read is the state at its seq only if nobody has compacted beyond, or begun another log in its place. */
const assertWhole = Effect.fnUntraced(function* (log: Service, { epoch, name, seq }: At, isMissing: boolean) {
  const now = yield* log.status({ log: name })
  if (now.epoch !== epoch) return yield* new SnapshotOvertaken({ log: name, reason: "was begun anew" })
  if (now.compacted > seq || isMissing) return yield* new SnapshotOvertaken({ log: name, reason: "was compacted" })
})

const withoutEmpty = (entry: Entry) => entry.op === "put"

/** Runs of entries that are about as large as a frame shall be. */
const batched = () => {
  let batch: Array<Format.Living> = []
  let bytes = 0
  return {
    add: (log: LogName, { bytes: content, key, seq, writeId }: Entry): ReadonlyArray<Format.Living> | undefined => {
      batch.push({ log, key, seq, writeId, bytes: content })
      bytes += content.length + key.length
      return bytes < Format.batchBytes ? undefined : take()
    },
    rest: () => (batch.length === 0 ? [] : [take()])
  }
  function take() {
    const taken = batch
    batch = []
    bytes = 0
    return taken
  }
}

/** The living entries of one log, a frame's worth at a time. */
const entriesOf = (log: Service, at: At) =>
  Stream.suspend(() => {
    const { living, name, seq } = at
    const batches = batched()
    let found = 0
    const frames = log.history({ log: name, after: 0, upTo: seq }).pipe(
      Stream.flatMap((entries) =>
        Stream.fromIterable(
          entries.filter(withoutEmpty).flatMap((entry) => {
            if (living.get(entry.key) !== entry.seq) return []
            found++
            const full = batches.add(name, entry)
            return full === undefined ? [] : [full]
          })
        )
      )
    )
    const rest = Stream.suspend(() => Stream.fromIterable(batches.rest()))
    const checked = Stream.fromEffectDrain(Effect.suspend(() => assertWhole(log, at, found !== living.size)))
    return Stream.concat(Stream.concat(frames, rest), checked)
  })

/** A snapshot's bytes, a part after another. */
class Encoding {
  private readonly writer: Format.Writer
  private readonly head: Uint8Array
  private readonly done = { entries: 0, bytes: 0 }

  constructor(key: Uint8Array | undefined) {
    const begin = Sealing.fresh(key)
    this.head = Format.cbor.encode(begin)
    this.writer = new Format.Writer(Sealing.of(begin, this.head, key))
  }

  async manifest(manifest: Format.Manifest) {
    const packed = await Format.pack(manifest)
    return [this.writer.frame(Format.kinds.begin, this.head), this.writer.frame(Format.kinds.manifest, packed)]
  }

  async entries(batch: ReadonlyArray<Format.Living>) {
    this.done.entries += batch.length
    for (const { bytes } of batch) this.done.bytes += bytes.length
    const packed = await Format.pack(batch)
    return [this.writer.frame(Format.kinds.entries, packed)]
  }

  async end() {
    const packed = await Format.pack(this.done)
    return [this.writer.frame(Format.kinds.end, packed), this.writer.sum()]
  }
}

/** Parts as the bytes of a snapshot: the manifest is the first of them. With a key it is encrypted. */
export const encode = <E, R>(parts: Stream.Stream<Part, E, R>, key?: Uint8Array): Stream.Stream<Uint8Array, E, R> =>
  Stream.suspend(() => {
    const encoding = new Encoding(key)
    const bytes = Stream.mapEffect(parts, (part) =>
      Effect.promise(() => (part._tag === "Manifest" ? encoding.manifest(part.manifest) : encoding.entries(part.entries)))
    )
    const end = Stream.fromIterableEffect(Effect.promise(() => encoding.end()))
    return Stream.concat(Stream.flatMap(bytes, Stream.fromIterable), end)
  })

/**
 * The bytes of a snapshot, from now. It fails with SnapshotOvertaken if compaction passes it: then what was made so far has no end,
 * and is refused by whoever reads it.
 */
export const save = (
  log: Service,
  about: About,
  key?: Uint8Array
): Stream.Stream<Uint8Array, Unavailable | SnapshotOvertaken> =>
  Stream.unwrap(
    Effect.gen(function* () {
      const all = {
        objects: yield* livingAt(log, "objects"),
        events: yield* livingAt(log, "events"),
        leases: yield* livingAt(log, "leases")
      }
      const of = ({ epoch, living, seq }: At) => ({ epoch, seq, entries: living.size })
      const manifest: Format.Manifest = {
        ...about,
        time: DateTime.formatIso(yield* DateTime.now),
        logs: { objects: of(all.objects), events: of(all.events), leases: of(all.leases) }
      }
      const entries = Stream.flatMap(Stream.fromIterable(names), (name) => entriesOf(log, all[name]))
      const first: Part = { _tag: "Manifest", manifest }
      const rest = Stream.map(entries, (some): Part => ({ _tag: "Entries", entries: some }))
      return encode(Stream.concat(Stream.succeed(first), rest), key)
    })
  )
