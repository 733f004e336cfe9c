/**
 * Objects as they were: at a revision that can still be told, or at a time. Read by whoever may read them today; nothing can be
 * written there, or watched. The state is folded from the log's history when it is first asked for, and kept for a while.
 */
import { Clock, Context, DateTime, Effect, Option, Stream } from "effect"
import { type ApiError, BadRequest, Expired, TooLargeResourceVersion } from "../client/Errors.ts"
import type { Unavailable } from "../plugin/Contract.ts"
import type { Entry, Log, LogName } from "../store/Log.ts"
import * as Times from "../store/Times.ts"
import { open, storageOf } from "../table/Envelope.ts"
import type { Row } from "../table/Row.ts"
import { Rows } from "../table/Rows.ts"
import type { Tables } from "../table/Tables.ts"
import { attributesOf, authorize } from "./Authorize.ts"
import type { Environment } from "./Environment.ts"
import type { Pipeline } from "./Pipeline.ts"
import { authorizeList, get, list } from "./Read.ts"

/** How far each log was. */
export interface Moment {
  readonly revisions: { readonly [_ in LogName]: number }
}

export class Past extends Context.Service<
  Past,
  {
    /** A revision of the log of objects, or a time as in RFC 3339. */
    readonly moment: (text: string) => Effect.Effect<Moment, ApiError | Unavailable>
    readonly at: (text: string) => Effect.Effect<Pipeline["Service"], ApiError | Unavailable>
  }
>()("kernel/Past") {}

/** How long a state that was folded is kept, and how many. */
const [kept, most] = ["1 minute", 4] as const

const iso = (millis: number) => DateTime.formatIso(DateTime.makeUnsafe(millis))

const byTime = Effect.fnUntraced(function* (log: Log["Service"], text: string) {
  const time = Option.getOrUndefined(DateTime.make(text))?.epochMilliseconds
  if (time === undefined) {
    return yield* new BadRequest({
      detail: `${JSON.stringify(text)} is no moment: expected a revision, or a time such as 2006-01-02T15:04:05Z`
    })
  }
  if (time > (yield* Clock.currentTimeMillis)) return yield* new BadRequest({ detail: `${text} lies in the future` })
  const marks = yield* Times.marks(log)
  const mark = marks.findLast((one) => one.time <= time)
  if (mark !== undefined) return { revisions: mark.revisions }
  const first = marks[0]
  const since = first === undefined ? "nothing is known of times yet" : `what is known begins at ${iso(first.time)}`
  return yield* new Expired({ detail: `what was at ${text} is forgotten: ${since}` })
})

/** The other logs as they were when the log of objects was there. */
const byRevision = Effect.fnUntraced(function* (log: Log["Service"], revision: number) {
  const after = (yield* Times.marks(log)).find(({ revisions }) => revisions.objects >= revision)
  const last = (name: LogName) => Effect.map(log.status({ log: name }), (status) => status.last)
  const { events, leases } = after?.revisions ?? { events: yield* last("events"), leases: yield* last("leases") }
  return { revisions: { objects: revision, events, leases } }
})

const momentOf = (log: Log["Service"], text: string): Effect.Effect<Moment, ApiError | Unavailable> =>
  /^\d{1,16}$/.test(text) ? byRevision(log, Number(text)) : byTime(log, text)

/** Everything that lived at a revision of one log, by storage. */
const fold = Effect.fn("Past.fold")(function* (log: Log["Service"], name: LogName, revision: number) {
  const check = Effect.gen(function* () {
    const { compacted, last } = yield* log.status({ log: name })
    if (revision > last) return yield* new TooLargeResourceVersion({ asked: revision, current: last })
    if (revision < compacted) {
      return yield* new Expired({
        detail: `what was at revision ${revision} is forgotten: the state can be told from revision ${compacted} on`
      })
    }
  })
  yield* check
  const living = new Map<string, Entry>()
  yield* Stream.runForEach(log.history({ log: name, after: 0, upTo: revision }), (entries) =>
    Effect.sync(() => {
      for (const entry of entries) {
        if (entry.op === "put") living.set(entry.key, entry)
        else living.delete(entry.key)
      }
    })
  ).pipe(
    // Compaction may have been faster.
    Effect.tapError(() => check),
    Effect.andThen(check)
  )
  const storages = new Map<string, Rows>()
  for (const [storage, entries] of Map.groupBy(living.values(), ({ key }) => storageOf(key))) {
    const rows = new Map<string, Row>()
    for (const entry of entries) rows.set(entry.key.slice(storage.length + 1), open(entry))
    const table = new Rows(revision, () => {})
    table.replace(rows, revision)
    storages.set(storage, table)
  }
  return storages
})

const unchangeable = Effect.fail(
  new BadRequest({
    detail: "the past can only be read: neither written nor watched. Leave /as-of/… out of the address for that"
  })
)

/** A pipeline that reads there. */
const pipelineAt = Effect.fnUntraced(function* (environment: Environment, moment: Moment, forget: () => void) {
  const folded = (name: LogName) =>
    // Who comes later would get the same failure.
    Effect.cached(
      fold(environment.log, name, moment.revisions[name]).pipe(
        Effect.tapError(() => Effect.sync(forget)),
        Effect.uninterruptible
      )
    )
  const states = { objects: yield* folded("objects"), events: yield* folded("events"), leases: yield* folded("leases") }
  const there = (name: LogName) =>
    Effect.map(states[name], (storages): Environment => {
      const revision = moment.revisions[name]
      const tables: Tables["Service"] = {
        ...environment.tables,
        of: ({ storage }) => storages.get(storage) ?? new Rows(revision, () => {}),
        revision: () => revision,
        passed: (_, wanted) => (wanted <= revision ? Effect.void : Effect.never),
        current: () => Effect.succeed(revision),
        atOnce: () => revision
      }
      return { ...environment, tables }
    })
  const refuse = () => unchangeable
  const pipeline: Pipeline["Service"] = {
    // Who may not read is told so before anything is folded for them.
    get: (at, options) =>
      authorize(environment, attributesOf(at, "get")).pipe(
        Effect.andThen(there(at.served.kind.log)),
        Effect.flatMap((then) => get(then, at, options))
      ),
    list: (at, options) =>
      authorizeList(environment, at, options).pipe(
        Effect.andThen(there(at.served.kind.log)),
        Effect.flatMap((then) => list(then, at, options))
      ),
    authorize: (at, verb) => authorize(environment, attributesOf(at, verb)),
    watch: refuse,
    create: refuse,
    update: refuse,
    patch: refuse,
    delete: refuse,
    deleteCollection: refuse,
    connect: refuse
  }
  return pipeline
})

export const make = Effect.fnUntraced(function* (environment: Environment) {
  const states = new Map<string, Pipeline["Service"]>()
  const at = Effect.fnUntraced(function* (text: string) {
    const found = states.get(text)
    if (found !== undefined) return found
    const forget = () => {
      states.delete(text)
    }
    const made = yield* pipelineAt(environment, yield* momentOf(environment.log, text), forget)
    const [oldest] = states.keys()
    if (states.size >= most && oldest !== undefined) states.delete(oldest)
    states.set(text, made)
    yield* Effect.forkDetach(
      Effect.delay(
        Effect.sync(() => {
          if (states.get(text) === made) states.delete(text)
        }),
        kept
      )
    )
    return made
  })
  return Past.of({ moment: (text) => momentOf(environment.log, text), at })
})
