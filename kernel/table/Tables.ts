/** The logs materialised: the rows of every storage, kept at their log by one follower each, in every API process. */
import { Cause, Context, Deferred, Effect, Exit, Latch, Layer, Schedule, Stream } from "effect"
import { Unavailable } from "../plugin/Contract.ts"
import { Damaged, type Entry, type Followed, Log } from "../store/Log.ts"
import { open, storageOf } from "./Envelope.ts"
import * as Health from "./Health.ts"
import type { Row } from "./Row.ts"
import { Rows } from "./Rows.ts"

export type LogName = "objects" | "events" | "leases"
const names = ["objects", "events", "leases"] as const

export class Tables extends Context.Service<
  Tables,
  {
    readonly of: (kind: { readonly log: LogName; readonly storage: string }) => Rows
    /** What is known of a log. */
    readonly revision: (log: LogName) => number
    /** Waits until everything up to `revision` is known. */
    readonly passed: (log: LogName, revision: number) => Effect.Effect<void>
    /** Waits until everything is known that was acknowledged before, and says how far that is. */
    readonly current: (log: LogName) => Effect.Effect<number, Unavailable>
    /** The same where nobody has to be asked and waited for: the log is in this process, and all of it is known. */
    readonly atOnce: (log: LogName) => number | undefined
    /** Whether the follower of each log was heard of lately. */
    readonly following: () => boolean
    /** Why a log is not ready: the store does not answer, or this process is behind it. Nothing if it is. */
    readonly trouble: (log: LogName) => Effect.Effect<string | undefined>
    /** Called after every advance of a log, also an empty one: what bookmarks are made of. */
    readonly onAdvance: (log: LogName, listener: (revision: number) => void) => () => void
  }
>()("kernel/Tables") {}

/** How long old versions can be asked for, as with upstream: so that they do not fill the memory of a server that is idle. */
const historyMinutes = 5

class LogTable {
  revision = 0
  /** What was known at each of the last minutes. */
  private readonly minutes: Array<number> = []
  following = false
  /** What is here is not what is in the store, and cannot become so by waiting. */
  fault: string | undefined
  private readonly storages = new Map<string, Rows>()
  /** What watchers have thrown, to be told to the log. */
  failures: ReadonlyArray<unknown> = []
  private readonly waiting = new Set<{ readonly revision: number; readonly latch: Latch.Latch }>()
  readonly listeners = new Set<(revision: number) => void>()

  of(storage: string): Rows {
    const found = this.storages.get(storage)
    if (found !== undefined) return found
    const rows = new Rows(this.revision, (cause) => {
      this.failures = [...this.failures, cause]
    })
    this.storages.set(storage, rows)
    return rows
  }

  *sizes(): Generator<readonly [string, number]> {
    for (const [storage, rows] of this.storages) yield [storage, rows.size]
  }

  advance(entries: ReadonlyArray<Entry>, upTo: number) {
    for (const [storage, some] of Map.groupBy(entries, ({ key }) => storageOf(key))) {
      const into = this.of(storage)
      into.apply(
        some.map((entry) => ({
          path: entry.key.slice(storage.length + 1),
          row: open(entry, into.rules),
          deleted: entry.op === "delete"
        })),
        upTo
      )
    }
    this.reached(upTo)
  }

  /** Everything that lives, in place of what was known. */
  replace(living: ReadonlyMap<string, Entry>, upTo: number) {
    const byStorage = Map.groupBy(living.values(), ({ key }) => storageOf(key))
    for (const storage of new Set([...this.storages.keys(), ...byStorage.keys()])) {
      const rows = new Map<string, Row>()
      const into = this.of(storage)
      for (const entry of byStorage.get(storage) ?? [])
        rows.set(entry.key.slice(storage.length + 1), open(entry, into.rules))
      into.replace(rows, upTo)
    }
    this.reached(upTo)
  }

  readonly passed = (revision: number) =>
    Effect.suspend(() => {
      if (revision <= this.revision) return Effect.void
      const waiter = { revision, latch: Latch.makeUnsafe() }
      this.waiting.add(waiter)
      return Effect.ensuring(
        waiter.latch.await,
        Effect.sync(() => this.waiting.delete(waiter))
      )
    })

  /** Called once a minute: what lies `historyMinutes` back is forgotten, in every storage. */
  tick() {
    this.minutes.push(this.revision)
    const past = this.minutes.length > historyMinutes ? this.minutes.shift() : undefined
    if (past !== undefined) for (const rows of this.storages.values()) rows.compact(past)
  }

  private reached(upTo: number) {
    this.revision = Math.max(this.revision, upTo)
    for (const waiter of [...this.waiting]) if (waiter.revision <= this.revision) waiter.latch.openUnsafe()
    for (const listener of [...this.listeners]) listener(this.revision)
  }
}

/** The cause of a failure that another process tells has lost its class. */
const isDamaged = (error: unknown) =>
  error instanceof Unavailable &&
  (error.cause instanceof Damaged || (error.cause instanceof Error && error.cause.name === "Damaged"))

/** Follows one log for ever; done when everything is known that was in it at the beginning. */
const follow = Effect.fnUntraced(function* (name: LogName, table: LogTable) {
  const log = yield* Log
  const ready = yield* Deferred.make<void, Unavailable>()
  let since: { readonly epoch: string; readonly seq: number } | undefined
  /** What lives, while it is gathered: readers get it as one snapshot, without the history that led there. */
  let replay: { readonly epoch: string; readonly until: number; readonly living: Map<string, Entry> } | undefined

  const tellFailures = Effect.suspend(() => {
    const failures = table.failures
    table.failures = []
    return Effect.forEach(failures, (cause) => Effect.logError(`a watcher of the log ${name} has failed`, cause), {
      discard: true
    })
  })

  /** Another store, or one that has lost what it acknowledged: what was told from here is not to be told differently. */
  const wentBack = (until: number) =>
    Effect.suspend(() => {
      table.fault = `the log ${name} ends at ${until}, but was at ${table.revision} before: the store has lost what it acknowledged, or is another one`
      return Effect.fail(new Unavailable({ contract: Log.key, applied: "no", cause: table.fault }))
    })

  const onEvent = Effect.fnUntraced(function* (event: Followed) {
    if (event._tag === "Began") {
      const until = yield* log.barrier({ log: name })
      if (until < table.revision) return yield* wentBack(until)
      table.fault = undefined
      replay = { epoch: event.epoch, until, living: new Map() }
      return
    }
    if (replay === undefined) {
      table.advance(event.entries, event.upTo)
      if (since !== undefined) since = { ...since, seq: event.upTo }
      if (table.failures.length > 0) yield* tellFailures
      return
    }
    for (const entry of event.entries) {
      if (entry.op === "put") replay.living.set(entry.key, entry)
      else replay.living.delete(entry.key)
    }
    if (event.upTo < replay.until) return
    table.replace(replay.living, event.upTo)
    since = { epoch: replay.epoch, seq: event.upTo }
    replay = undefined
    table.following = true
    yield* Deferred.succeed(ready, undefined)
  })

  yield* Stream.suspend(() => {
    // What a feed that broke off had gathered is no beginning for the next one.
    replay = undefined
    return log.follow({ log: name, ...(since === undefined ? {} : { since }) })
  }).pipe(
    Stream.runForEach(onEvent),
    Effect.tapCause((cause) =>
      Effect.andThen(
        Effect.sync(() => {
          table.following = false
        }),
        Effect.logWarning(`lost the feed of the log ${name}`, cause)
      )
    ),
    Effect.tapError((error) => {
      if (isDamaged(error)) Deferred.doneUnsafe(ready, Effect.fail(error))
      return isDamaged(error) || table.fault !== undefined ? Effect.sleep("5 seconds") : Effect.void
    }),
    Effect.retry(Schedule.spaced("200 millis")),
    Effect.forkScoped
  )
  yield* Deferred.await(ready)
})

/** Waiters of a barrier share the next one: at most one is asked for at a time. */
const coalesced = (ask: Effect.Effect<number, Unavailable>) => {
  let under: Deferred.Deferred<number, Unavailable> | undefined
  let next: Deferred.Deferred<number, Unavailable> | undefined
  /** A loop, and no recursion: under load there is always a next one. */
  const run = Effect.gen(function* () {
    while (under !== undefined) {
      yield* Deferred.complete(under, ask)
      under = next
      next = undefined
    }
  })
  return Effect.suspend(() => {
    if (under === undefined) {
      const answer = Deferred.makeUnsafe<number, Unavailable>()
      under = answer
      return Effect.andThen(Effect.forkDetach(run), Deferred.await(answer))
    }
    next ??= Deferred.makeUnsafe<number, Unavailable>()
    return Deferred.await(next)
  })
}

/** Asks a log without waiting; once it was seen to answer later only, it is not asked so again. */
const immediately = (ask: Effect.Effect<number, Unavailable>, { run }: { readonly run: typeof Effect.runSyncExit }) => {
  let isLater = false
  return () => {
    if (isLater) return undefined
    const exit = run(ask)
    if (Exit.isSuccess(exit)) return exit.value
    isLater = Cause.hasDies(exit.cause)
    return undefined
  }
}

export const layer = Layer.effect(
  Tables,
  Effect.gen(function* () {
    const log = yield* Log
    const tables = { objects: new LogTable(), events: new LogTable(), leases: new LogTable() }
    yield* Effect.forEach(names, (name) => follow(name, tables[name]), { concurrency: "unbounded", discard: true })
    const health = {
      objects: Health.make("objects", tables.objects),
      events: Health.make("events", tables.events),
      leases: Health.make("leases", tables.leases)
    }
    yield* Effect.forEach(names, (name) => health[name].watch(log), { concurrency: "unbounded", discard: true })
    yield* Effect.forkScoped(
      Effect.forever(
        Effect.andThen(
          Effect.sleep("1 minute"),
          Effect.sync(() => {
            for (const name of names) tables[name].tick()
          })
        )
      )
    )
    const barrier = {
      objects: coalesced(log.barrier({ log: "objects" })),
      events: coalesced(log.barrier({ log: "events" })),
      leases: coalesced(log.barrier({ log: "leases" }))
    }
    const run = Effect.runSyncExitWith(yield* Effect.context<never>())
    const now = {
      objects: immediately(log.barrier({ log: "objects" }), { run }),
      events: immediately(log.barrier({ log: "events" }), { run }),
      leases: immediately(log.barrier({ log: "leases" }), { run })
    }
    const atOnce = (log: LogName) => {
      const { fault, revision } = tables[log]
      const seq = fault === undefined ? now[log]() : undefined
      return seq !== undefined && seq <= revision ? seq : undefined
    }
    return Tables.of({
      atOnce,
      of: ({ log, storage }) => tables[log].of(storage),
      revision: (log) => tables[log].revision,
      passed: (log, revision) => tables[log].passed(revision),
      current: (log) =>
        Effect.tap(barrier[log], (seq) => {
          const { fault, passed } = tables[log]
          return fault === undefined
            ? passed(seq)
            : Effect.fail(new Unavailable({ contract: Log.key, applied: "no", cause: fault }))
        }),
      following: () => names.every((name) => tables[name].following),
      trouble: (log) => health[log].trouble,
      onAdvance: (log, listener) => {
        tables[log].listeners.add(listener)
        return () => tables[log].listeners.delete(listener)
      }
    })
  })
)
