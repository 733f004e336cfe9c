/**
 * watch: pushes what the feed brings to a sink, synchronously, once for each batch. Objects that come to match a selector are
 * ADDED, those that no longer do are DELETED. Source: API concepts, "Efficient detection of changes"; KEP-3157.
 */
import { Effect, Exit, Predicate, Result } from "effect"
import { Expired } from "../client/Errors.ts"
import { Row } from "../table/Row.ts"
import type { Change, Rows } from "../table/Rows.ts"
import { attributesOf, authorize } from "./Authorize.ts"
import type { Environment } from "./Environment.ts"
import * as Conversion from "./Conversion.ts"
import * as Patience from "./Patience.ts"
import type { At, WatchEvent, WatchOptions, WatchSink } from "./Pipeline.ts"
import { parseRevision, reach } from "./Read.ts"
import * as Select from "./Select.ts"

/** How often a quiet watch is told how far it is. */
const bookmarkEvery = "55 seconds"

const expired = (revision: number, oldest: number) =>
  new Expired({ detail: `too old resource version: ${revision} (${oldest})` })

/** The state that a watcher knew, under the revision at which it lost sight of the object. */
const lastSeen = (before: Row, revision: number) =>
  new Row({
    namespace: before.namespace,
    name: before.name,
    revision,
    bytes: () => {
      const { metadata, ...rest } = before.wire
      return new TextEncoder().encode(
        JSON.stringify({ ...rest, metadata: { ...Object(metadata), resourceVersion: `${revision}` } })
      )
    }
  })

export const eventOf = ({ after, before, row }: Change, matches: (row: Row) => boolean): WatchEvent | undefined => {
  const was = before !== undefined && matches(before)
  const is = after !== undefined && matches(after)
  if (is) return { type: was ? "MODIFIED" : "ADDED", row }
  if (!was) return undefined
  return { type: "DELETED", row: after === undefined ? row : lastSeen(before, row.revision) }
}

/** What watchers with the same selection make of the same changes, made once. */
const shared = new WeakMap<ReadonlyArray<Change>, Map<string, ReadonlyArray<WatchEvent>>>()

const selectionOf = (
  { name, namespace, version }: At,
  { fieldSelector = "", labelSelector = "" }: WatchOptions,
  isConverted: boolean
) => JSON.stringify([namespace, name, labelSelector, fieldSelector, isConverted && version.version])

const eventsOf = (changes: ReadonlyArray<Change>, selection: string, matches: (row: Row) => boolean) => {
  const known = shared.get(changes) ?? new Map<string, ReadonlyArray<WatchEvent>>()
  shared.set(changes, known)
  const found = known.get(selection)
  if (found !== undefined) return found
  const events = changes.flatMap((change) => eventOf(change, matches) ?? [])
  known.set(selection, events)
  return events
}

/** What is pushed first: everything there is, or what happened since. */
const first = (
  rows: Rows,
  at: At,
  matches: (row: Row) => boolean,
  from: number | undefined
): ReadonlyArray<WatchEvent> | undefined => {
  if (from === undefined) return [...rows.list(at.namespace)].filter(matches).map((row) => ({ type: "ADDED", row }))
  return rows.after(from)?.flatMap((change) => eventOf(change, matches) ?? [])
}

const rowsOf = (changes: ReadonlyArray<Change>) =>
  changes.flatMap(({ after, before }) => [before, after].filter(Predicate.isNotUndefined))

/** What of all that is told waits for changes to be converted, and how. */
interface Telling {
  readonly sink: WatchSink
  readonly after: (changes: ReadonlyArray<Change>, tell: () => void) => void
}
const atOnce = (sink: WatchSink): Telling => ({ sink, after: (_, tell) => tell() })

/** Somebody else has to make what the selection asks for: of what there is first, and then of every change. */
const converting = Effect.fnUntraced(function* (at: At, sink: WatchSink) {
  const pass = yield* Conversion.inOrder(at, sink.failed)
  return {
    sink: {
      events: (events) => pass([], () => sink.events(events)),
      bookmark: (revision, isInitialEnd) => pass([], () => sink.bookmark(revision, isInitialEnd)),
      failed: (error) => pass([], () => sink.failed(error))
    },
    after: (changes, tell) => pass(rowsOf(changes), tell)
  } satisfies Telling
})

/** After which revision it begins; nothing for what there is. */
const startOf = ({ sendInitialEvents }: WatchOptions, asked: number | undefined, current: number) => {
  if (sendInitialEvents === true) return undefined
  if (asked !== undefined && asked > 0) return asked
  return sendInitialEvents === false ? current : undefined
}

export const watch = Effect.fnUntraced(function* (
  environment: Environment,
  at: At,
  options: WatchOptions,
  reader: WatchSink
) {
  const selected = Select.compile(at, options)
  // Who asks for one object by a selector asks for that name, as with upstream.
  const named = Result.isSuccess(selected) ? (selected.success.name ?? "") : ""
  yield* authorize(environment, attributesOf({ ...at, name: named }, "watch"))
  const { log } = at.served.kind
  const { tables } = environment
  const { interest, isConverted, matches } = yield* Effect.fromResult(selected)
  const { after, sink } = isConverted ? yield* converting(at, reader) : atOnce(reader)
  const asked =
    options.resourceVersion === undefined || options.resourceVersion === ""
      ? undefined
      : yield* Effect.fromResult(parseRevision(options.resourceVersion))
  if (asked === undefined) yield* Patience.current(tables, log, Patience.patience.read)
  else if (asked > tables.revision(log)) {
    // The reader is told that it is listened to, and waits; who wants what there is learns that this is not there.
    sink.events([])
    if (options.sendInitialEvents !== true) yield* tables.passed(log, asked)
    else {
      const reached = yield* Effect.result(reach(environment, log, asked))
      if (Result.isFailure(reached)) return sink.failed(reached.failure)
    }
  }

  const rows = tables.of(at.served.kind)
  const from = startOf(options, asked, tables.revision(log))
  if (isConverted)
    yield* Conversion.prepareAll(at, () =>
      from === undefined ? [...rows.list(at.namespace)] : rowsOf(rows.after(from) ?? [])
    )
  const events = first(rows, at, matches, from)
  if (events === undefined) return sink.failed(expired(asked ?? 0, tables.revision(log)))
  if (events.length > 0) sink.events(events)
  if (options.sendInitialEvents === true && options.bookmarks === true) sink.bookmark(tables.revision(log), true)

  let isLost = false
  const selection = selectionOf(at, options, isConverted)
  const watcher = {
    changed: (changes: ReadonlyArray<Change>) =>
      after(changes, () => {
        const some = eventsOf(changes, selection, matches)
        if (some.length > 0) reader.events(some)
      }),
    reset: () => {
      isLost = true
      sink.failed(expired(asked ?? 0, tables.revision(log)))
    }
  }
  const stop = rows.watch(watcher, interest)
  yield* Effect.addFinalizer(() => Effect.sync(stop))
  if (options.bookmarks !== true) return
  // Whose time is over goes on from there, and not from the last event that was for it.
  yield* Effect.addFinalizer((exit) =>
    Effect.sync(() => {
      if (Exit.isSuccess(exit) && !isLost) sink.bookmark(tables.revision(log), false)
    })
  )
  yield* Effect.forkScoped(bookmarks(environment, at, sink))
})

const bookmarks = ({ tables }: Environment, at: At, sink: WatchSink) =>
  Effect.forever(
    Effect.andThen(
      Effect.sleep(bookmarkEvery),
      Effect.sync(() => sink.bookmark(tables.revision(at.served.kind.log), false))
    )
  )
