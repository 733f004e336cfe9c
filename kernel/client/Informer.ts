/**
 * The objects of a selection, kept in memory by a watch: one for all who ask for the same, while somebody does. A watch that
 * fails is begun anew with back-off, and what was known stays readable meanwhile.
 */
import { Duration, Effect, Random, RcMap, Result, Stream } from "effect"
import type { Unavailable } from "../plugin/Contract.ts"
import type { Any as Kind, Key, Resource } from "../resource/Kind.ts"
import { type Batch, Table } from "../table/Table.ts"
import type { WireObject } from "./Api.ts"
import type { Selection } from "./Client.ts"
import type { ApiError } from "./Errors.ts"
import { compile, type Matches } from "./Selection.ts"
import { messageOf } from "./Status.ts"

type Failure = ApiError | Unavailable
type Watch = (kind: Kind, selection: Selection) => Stream.Stream<Batch<Resource>, Failure>

export interface Informer {
  readonly kind: Kind
  readonly matches: Matches
  readonly table: Table<Resource>
}

const shortest = 100
const longest = 30_000
/** How long a write waits for a cache before it goes on without it. */
const patience = Duration.seconds(10)

/** Doubles from failure to failure; half of it is chance, so that informers do not come back all at once. */
const delay = (failures: number) =>
  Effect.map(Random.nextBetween(0.5, 1), (part) => Duration.millis(part * Math.min(longest, shortest * 2 ** failures)))

/** Follows for ever. What is applied counts as a success, and the back-off begins anew. */
const follow = Effect.fnUntraced(function* (kind: Kind, selection: Selection, table: Table<Resource>, watch: Watch) {
  let failures = 0
  const once = Stream.runForEach(watch(kind, selection), (batch) =>
    Effect.sync(() => {
      failures = 0
      table.apply(batch)
    })
  )
  for (;;) {
    const result = yield* Effect.result(once)
    const why = Result.isFailure(result) ? messageOf(result.failure) : "it ended"
    yield* Effect.logWarning(`the watch of ${kind.storage} begins anew: ${why}`)
    yield* Effect.sleep(yield* delay(failures++))
  }
})

/** The object that a write left behind, as far as it was answered. */
export interface Written {
  readonly object: WireObject
  readonly revision: number | undefined
  readonly gone: boolean
}

export const make = Effect.fnUntraced(function* (watch: Watch) {
  const asked = new Map<string, { readonly kind: Kind; readonly selection: Selection }>()
  const open = new Map<string, Set<Informer>>()
  const of = (storage: string) => open.get(storage) ?? new Set<Informer>()

  const lookup = Effect.fnUntraced(function* (id: string) {
    const found = asked.get(id)
    if (found === undefined) return yield* Effect.die(`no informer was asked for as ${id}`)
    const { kind, selection } = found
    const informer: Informer = { kind, matches: yield* Effect.fromResult(compile(selection)), table: new Table() }
    yield* Effect.forkScoped(follow(kind, selection, informer.table, watch))
    yield* informer.table.passed(0)
    yield* Effect.acquireRelease(
      Effect.sync(() => open.set(kind.storage, of(kind.storage).add(informer))),
      () => Effect.sync(() => open.get(kind.storage)?.delete(informer))
    )
    return informer
  })
  const informers = yield* RcMap.make({ lookup })

  /** The objects of a selection. Resolves when all that there are have been read. */
  const get = (kind: Kind, selection: Selection) => {
    const { fieldSelector = "", labelSelector = "", namespace = "" } = selection
    const id = JSON.stringify([kind.storage, namespace, labelSelector, fieldSelector])
    asked.set(id, { kind, selection })
    return RcMap.get(informers, id)
  }

  /** Waits until every cache of the kind that a written object belongs to shows the write. */
  const settled = (kind: Kind, key: Key, { gone, object, revision }: Written) =>
    Effect.forEach(
      of(kind.storage),
      ({ matches, table }) => {
        if (table.get(key) === undefined && (gone || !matches(object))) return Effect.void
        const isShown = () => {
          if (revision !== undefined && table.knows(revision)) return true
          const [now, uid] = [table.get(key), uidOf(object)]
          return gone && (now === undefined || (uid !== undefined && now.metadata.uid !== uid))
        }
        return table.until(isShown).pipe(
          Effect.timeoutOrElse({
            duration: patience,
            orElse: () =>
              Effect.logWarning(`a cache of ${kind.storage} has not seen a write of ${key.namespace}/${key.name}`)
          })
        )
      },
      { concurrency: "unbounded", discard: true }
    )

  return { get, settled }
})

const uidOf = ({ metadata }: WireObject) =>
  typeof metadata === "object" && metadata !== null && "uid" in metadata ? metadata.uid : undefined
