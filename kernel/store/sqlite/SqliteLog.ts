/**
 * The log in one SQLite file: the embedded store of one machine. One process owns the file; its recent entries are kept in
 * memory, so that followers that keep up cost no reading.
 */
import { Effect, FileSystem, Layer, Path, Stream } from "effect"
import * as NodeServices from "@effect/platform-node/NodeServices"
import { randomUUID } from "node:crypto"
import { Unavailable } from "../../plugin/Contract.ts"
import * as Plugin from "../../plugin/Plugin.ts"
import { batchEnd, indexAfter, type Read } from "../Batch.ts"
import { follow, Head } from "../Feed.ts"
import {
  type Change,
  Conflict,
  Damaged,
  type Entry,
  Full,
  Log,
  type LogName,
  limit,
  names,
  Sealed,
  type Status,
  TooLarge
} from "../Log.ts"
import * as Owner from "./SqliteOwner.ts"
import type { LogState } from "./SqliteDatabase.ts"
import type { Answer } from "./SqliteThread.ts"

export interface Options {
  readonly file: string
  /** What runs in the thread: a test's own can lose answers. */
  readonly thread?: URL
}

/** When the end of a log in memory gets larger than this, its older half goes. */
const most = { entries: 20_000, bytes: 8 * 1024 * 1024 }
/** One step of a compaction: how long an append may have to wait for it. */
const step = 5000

const overtaken = "the log was compacted while its history was read: read it again"

const refused = (cause: unknown) => Effect.fail(new Unavailable({ contract: Log.key, applied: "no", cause }))

/** One log: what is new in it, and how to ask the thread for it. */
const makeLog = (file: string, log: LogName, ask: Owner.Owner["ask"]) => {
  let epoch = ""
  const head = new Head(0)
  let seq = 0
  let compacted = 0
  /** All entries after `from`, up to `seq`. */
  let recent: Array<Entry> = []
  let from = 0
  let size = 0

  const call = <A>(request: Owner.Ask, found: (answer: Answer) => A | undefined) =>
    Effect.callback<A, Unavailable>((resume) =>
      ask(request, (answer) => {
        if ("_tag" in answer) return () => resume(Effect.fail(answer))
        if ("full" in answer) return () => resume(refused(new Full({ where: file })))
        if ("broken" in answer) return () => resume(refused(new Damaged({ where: file, log, ...answer.broken })))
        const value = found(answer)
        const strange = Effect.die("the store's thread gave another answer than was asked for")
        const exit = value === undefined ? strange : Effect.succeed(value)
        return () => resume(exit)
      })
    )

  const push = (entry: Entry) => {
    seq = entry.seq
    size += entry.bytes.length
    if (recent.push(entry) < most.entries && size < most.bytes) return
    const dropped = recent.splice(0, Math.ceil(recent.length / 2))
    from = dropped.at(-1)?.seq ?? from
    size = recent.reduce((sum, { bytes }) => sum + bytes.length, 0)
  }

  /** The entry goes to the followers whether or not who wrote it still waits. */
  const append = (change: Change) =>
    Effect.flatMap(
      call({ ask: "append", log, change }, (answer) => {
        if (!("appended" in answer)) return undefined
        const { appended } = answer
        if ("seq" in appended && appended.fresh) push({ ...change, seq: appended.seq })
        return appended
      }),
      (appended): Effect.Effect<number, Conflict | Unavailable> => {
        if ("seq" in appended) return Effect.succeed(appended.seq)
        if ("conflict" in appended) return Effect.fail(new Conflict({ key: change.key, last: appended.conflict }))
        return refused(new Sealed({ log }))
      }
    )

  const read = (after: number): Effect.Effect<Read, Unavailable> =>
    Effect.suspend(() => {
      if (after < Math.max(from, compacted)) {
        return call({ ask: "read", log, after }, (answer) => ("read" in answer ? answer.read : undefined))
      }
      const start = indexAfter(recent, after)
      const end = batchEnd(recent, start)
      const upTo = end < recent.length ? recent[end - 1]!.seq : head.seq
      return Effect.succeed({ entries: recent.slice(start, end), upTo, compacted })
    })

  const living = (after: number, until: number) =>
    call({ ask: "living", log, after, until }, (answer) => ("read" in answer ? answer.read : undefined))

  const compact = Effect.fnUntraced(function* (to: number) {
    while (compacted < Math.min(to, head.seq)) {
      const next = Math.min(to, head.seq, compacted + step)
      compacted = yield* call({ ask: "compact", log, seq: next }, (answer) =>
        "compacted" in answer ? answer.compacted : undefined
      )
    }
  })

  const status = Effect.map(
    call({ ask: "state", log }, (answer) => ("state" in answer ? answer.state : undefined)),
    ({ bytes, compacted, entries, epoch, last, sealed }): Status => ({
      ...{ epoch, last, compacted, entries, bytes, sealed },
      replicas: 1,
      durable: true
    })
  )

  const history = (after: number, upTo: number, key: string | undefined) => {
    let at = after
    /** How far it was compacted at the beginning: what is dropped later may be missing in what is told. */
    let base: number | undefined
    const next = Effect.suspend(() =>
      call({ ask: "history", log, range: { after: at, upTo, key } }, (answer) =>
        "read" in answer ? answer.read : undefined
      )
    ).pipe(
      Effect.flatMap((read) => {
        base ??= read.compacted
        if (read.compacted !== base && at < read.compacted) return refused(overtaken)
        at = read.entries.at(-1)?.seq ?? at
        return Effect.succeed(read.entries)
      })
    )
    return Stream.fromEffectRepeat(next).pipe(Stream.takeWhile((entries) => entries.length > 0))
  }

  const begin = (state: LogState) => {
    recent = []
    size = 0
    from = seq = state.last
    compacted = state.compacted
    epoch = state.epoch
    head.advance(seq)
  }
  const changed = (request: Owner.Ask) =>
    Effect.asVoid(
      call(request, (answer) => {
        if (!("state" in answer)) return undefined
        begin(answer.state)
        return answer.state
      })
    )

  return {
    get epoch() {
      return epoch
    },
    head,
    append,
    read,
    living,
    compact,
    status,
    history,
    seal: changed({ ask: "seal", log }),
    reset: (after: number) => Effect.suspend(() => changed({ ask: "reset", log, after, epoch: randomUUID() })),
    /** Followers see what was appended when its whole frame is taken in. */
    publish: () => seq > head.seq && head.advance(seq),
    begin
  }
}

/** The file is its owner's alone. */
const prepare = (file: string) =>
  Effect.gen(function* () {
    const fs = yield* FileSystem.FileSystem
    const path = yield* Path.Path
    yield* fs.makeDirectory(path.dirname(file), { recursive: true, mode: 0o700 })
    yield* Effect.scoped(fs.open(file, { flag: "a", mode: 0o600 }))
    yield* fs.chmod(file, 0o600)
  }).pipe(Effect.mapError(({ message }) => new Owner.SqliteUnusable({ file, reason: message })))

const make = Effect.fnUntraced(function* ({ file, thread = new URL("./SqliteMain.ts", import.meta.url) }: Options) {
  yield* prepare(file)
  let epoch: string | undefined
  const logs = new Map<LogName, ReturnType<typeof makeLog>>()
  const owner = yield* Owner.make({
    file,
    epoch: randomUUID(),
    thread,
    onReady: (state) => {
      if (epoch !== undefined && state.epoch !== epoch) {
        return Effect.fail(new Owner.SqliteUnusable({ file, reason: "it is not the file that was there before" }))
      }
      epoch = state.epoch
      for (const name of names) {
        const log = logs.get(name) ?? makeLog(file, name, (request, settle) => owner.ask(request, settle))
        logs.set(name, log)
        log.begin(state[name])
      }
      return Effect.void
    },
    onFrame: () => logs.forEach((log) => log.publish())
  })
  /** All are there when the owner is. */
  const of = (log: LogName) => logs.get(log)!
  return Log.of({
    append: ({ log, bytes, key, op, prev, writeId }) =>
      bytes.length > limit ? Effect.fail(new TooLarge({ key, limit })) : of(log).append({ bytes, key, op, prev, writeId }),
    barrier: ({ log }) => Effect.sync(() => of(log).head.seq),
    follow: ({ log, since }) => Stream.suspend(() => follow(of(log), since)),
    compact: ({ log, seq }) => of(log).compact(seq),
    status: ({ log }) => of(log).status,
    history: ({ after, key, log, upTo }) => Stream.suspend(() => of(log).history(after, upTo ?? of(log).head.seq, key)),
    seal: ({ log }) => of(log).seal,
    reset: ({ after, log }) => of(log).reset(after)
  })
})

export const layer = (options: Options): Layer.Layer<Log, Owner.SqliteInUse | Owner.SqliteUnusable> =>
  Layer.provide(Layer.effect(Log, make(options)), NodeServices.layer)

export const plugin = (options: Options) => Plugin.make({ name: "sqlite-log", offers: [Log], layer: layer(options) })
