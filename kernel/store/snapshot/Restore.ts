/**
 * A snapshot as the state of a store, whichever driver keeps it. Revisions go on beyond all that were told before, under another
 * epoch: who watched is told once that what was known is void.
 */
import { Effect, Schema, Stream } from "effect"
import { randomUUID } from "node:crypto"
import * as Copy from "../Copy.ts"
import { type Log, type LogName, names } from "../Log.ts"
import { damaged, type Manifest } from "./Format.ts"
import { type Failure, type Part, read, verify } from "./Read.ts"
import * as Restoring from "./Restoring.ts"

type Service = Log["Service"]

export class StoreNotEmpty extends Schema.TaggedError<StoreNotEmpty>()("StoreNotEmpty", {
  log: Schema.String,
  objects: Schema.Int
}) {
  override get message() {
    return `the store is not empty (${this.log} has ${this.objects} objects): restore into a new one, or say --force to lose them`
  }
}

/** How many keys live in a log. */
export const countOf = Effect.fnUntraced(function* (log: Service, name: LogName) {
  const living = new Set<string>()
  yield* Stream.runForEach(log.history({ log: name, after: 0 }), (entries) =>
    Effect.sync(() => {
      for (const { key, op } of entries) {
        if (op === "put" && !Restoring.isMark(key)) living.add(key)
        else living.delete(key)
      }
    })
  )
  return living.size
})

/** What a restore that was not finished has left may be overwritten: nobody was served it. */
const assertEmpty = Effect.fnUntraced(function* (log: Service) {
  for (const name of names) {
    const { mark } = yield* Restoring.find(log, name)
    if (mark !== undefined) return
  }
  for (const name of names) {
    const objects = yield* countOf(log, name)
    if (objects > 0) return yield* new StoreNotEmpty({ log: name, objects })
  }
})

/** Empty logs, with a mark in each, that go on beyond `highest`. At every moment at least one of them has its mark. */
export const clear = Effect.fnUntraced(function* (log: Service, mark: Restoring.Mark, highest: (name: LogName) => number) {
  for (const name of names) {
    // One that has moved elsewhere takes no mark, and needs none: nobody is served from it.
    const { last, sealed } = yield* log.status({ log: name })
    if (!sealed && last > 0) yield* Restoring.put(log, name, mark)
  }
  for (const name of names) {
    const { last } = yield* log.status({ log: name })
    yield* log.reset({ log: name, after: Math.max(last, highest(name)) + Copy.leap })
    yield* Restoring.put(log, name, mark)
  }
})

export interface Options {
  readonly key?: Uint8Array | undefined
  /** What is in the store may be lost. */
  readonly force?: boolean
  /** For people. */
  readonly name: string
}

const manifestOf = Effect.fnUntraced(function* <E>(bytes: Stream.Stream<Uint8Array, E>, key: Uint8Array | undefined) {
  const { manifest } = yield* verify(bytes, { key, isDeep: true })
  if (manifest === undefined) return yield* damaged("it is encrypted: its key is needed (--key-file)")
  return manifest
})

/** How far the restored store goes on in each log. */
export interface Restored {
  readonly manifest: Manifest
  readonly revisions: { readonly [_ in LogName]: number }
}

/** `bytes` is read twice: nothing is touched before all of it was found to be sound. */
export const restore = Effect.fn("Snapshot.restore")(function* <E>(
  log: Service,
  bytes: Stream.Stream<Uint8Array, E>,
  { force = false, key, name }: Options
) {
  const manifest = yield* manifestOf(bytes, key)
  if (!force) yield* assertEmpty(log)
  const mark = { id: randomUUID(), what: `the restore of the snapshot ${name}` }
  yield* clear(log, mark, (of) => manifest.logs[of].seq)
  const written = { objects: new Map(), events: new Map(), leases: new Map() } satisfies Record<LogName, Copy.Written>
  const bring = (part: Part) =>
    part._tag === "Manifest"
      ? Effect.void
      : Effect.forEach(
          Map.groupBy(part.entries, (entry) => entry.log),
          ([of, some]) =>
            Copy.put(
              log,
              of,
              some.map((one) => ({ ...one, op: "put" })),
              written[of]
            ),
          { discard: true }
        )
  const parts: Stream.Stream<Part, E | Failure> = read(bytes, key)
  yield* Stream.runForEach(parts, bring)
  for (const of of names) {
    const found = yield* countOf(log, of)
    if (found !== manifest.logs[of].entries) {
      return yield* damaged(`${found} of its ${manifest.logs[of].entries} entries are in the log ${of}`)
    }
  }
  yield* Restoring.clear(log)
  const revision = (of: LogName) => log.barrier({ log: of })
  const revisions = {
    objects: yield* revision("objects"),
    events: yield* revision("events"),
    leases: yield* revision("leases")
  }
  const restored: Restored = { manifest, revisions }
  return restored
})
