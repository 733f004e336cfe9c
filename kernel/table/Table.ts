/**
 * The objects of one kind in memory: by key, by index, and as batches of what happens. The server fills it from the log, an
 * informer from a watch. Plain synchronous code; Effect comes in where somebody waits.
 */
import { Effect, Latch, Stream } from "effect"
import { type Key, keyOf, type Resource } from "../resource/Kind.ts"
import { Index } from "./Index.ts"

export type Event<A> =
  /** All there is: first, and whenever history was lost. */
  | { readonly _tag: "Snapshot"; readonly objects: ReadonlyArray<A> }
  | { readonly _tag: "Applied"; readonly object: A }
  | { readonly _tag: "Deleted"; readonly object: A }

/** What happened since the batch before, and the revision that its reader then knows. Without events it is a bookmark. */
export interface Batch<A> {
  readonly revision: number
  readonly events: ReadonlyArray<Event<A>>
}

export type Indexes<A, Name extends string> = { readonly [_ in Name]: (object: A) => ReadonlyArray<string> }

/** A view of a table, read synchronously. */
export interface Cache<A, Name extends string> {
  readonly get: (key: Key) => A | undefined
  readonly by: (index: Name, value: string) => ReadonlyArray<A>
  /** In no order. */
  readonly all: () => ReadonlyArray<A>
  /** What happens to these objects, told when this view shows it: who hears of a change here, reads it here. */
  readonly changes: Stream.Stream<Batch<A>>
}

/** A watcher this many events behind gets a snapshot instead of them. */
const patience = 1000

const pathOf = ({ name, namespace }: Key) => `${namespace}/${name}`

export class Table<A extends Resource> {
  private revision: number
  private readonly objects = new Map<string, A>()
  private readonly indexes = new Set<Index<A>>()
  private readonly watchers = new Set<{ pending: Array<Event<A>>; readonly news: Latch.Latch }>()
  private readonly waiting = new Set<{ readonly holds: () => boolean; readonly latch: Latch.Latch }>()

  /** Without a revision it knows nothing yet. */
  constructor(revision = -1) {
    this.revision = revision
  }

  readonly get = (key: Key) => this.objects.get(pathOf(key))
  readonly all = (): ReadonlyArray<A> => [...this.objects.values()]

  readonly apply = ({ events, revision }: Batch<A>) => {
    for (const event of events) {
      if (event._tag === "Snapshot") {
        for (const path of [...this.objects.keys()]) this.put(path, undefined)
        for (const object of event.objects) this.put(pathOf(keyOf(object)), object)
      } else this.put(pathOf(keyOf(event.object)), event._tag === "Applied" ? event.object : undefined)
    }
    this.revision = revision
    for (const watcher of this.watchers) {
      if (watcher.pending.length + events.length > patience) watcher.pending = [this.snapshot()]
      else watcher.pending.push(...events)
      watcher.news.openUnsafe()
    }
    for (const { holds, latch } of [...this.waiting]) if (holds()) latch.openUnsafe()
  }

  /** Waits until this table has seen everything up to `revision`. */
  readonly passed = (revision: number) => this.until(() => this.knows(revision))
  readonly knows = (revision: number) => revision <= this.revision

  /** Waits until something holds, which only what is applied can bring about. */
  readonly until = (holds: () => boolean) =>
    Effect.suspend(() => {
      if (holds()) return Effect.void
      const waiter = { holds, latch: Latch.makeUnsafe() }
      this.waiting.add(waiter)
      return Effect.ensuring(
        waiter.latch.await,
        Effect.sync(() => this.waiting.delete(waiter))
      )
    })

  /** Each pull gives all that came since the one before: a slow watcher gets larger batches, not a longer queue. */
  readonly watch: Stream.Stream<Batch<A>> = Stream.unwrap(
    Effect.map(
      Effect.acquireRelease(
        Effect.sync(() => {
          const watcher = { pending: [this.snapshot()], news: Latch.makeUnsafe(true) }
          this.watchers.add(watcher)
          return watcher
        }),
        (watcher) => Effect.sync(() => this.watchers.delete(watcher))
      ),
      (watcher) =>
        Stream.fromEffectRepeat(
          Effect.map(watcher.news.await, () => {
            const events = watcher.pending
            watcher.pending = []
            watcher.news.closeUnsafe()
            return { revision: this.revision, events }
          })
        )
    )
  )

  /** A view with indexes of its own, which are kept until the scope closes. */
  readonly cache = <Name extends string>(indexes: Indexes<A, Name>) =>
    Effect.acquireRelease(
      Effect.sync(() => {
        const own = new Map<string, Index<A>>()
        for (const name in indexes) own.set(name, new Index(indexes[name]))
        for (const index of own.values()) {
          for (const [path, object] of this.objects) index.put(path, undefined, object)
          this.indexes.add(index)
        }
        return own
      }),
      (own) => Effect.sync(() => own.forEach((index) => this.indexes.delete(index)))
    ).pipe(
      Effect.map(
        (own): Cache<A, Name> => ({
          get: this.get,
          by: (name, value) => own.get(name)?.get(value) ?? [],
          all: this.all,
          changes: this.watch
        })
      )
    )

  private snapshot(): Event<A> {
    return { _tag: "Snapshot", objects: [...this.objects.values()] }
  }

  private put(path: string, after: A | undefined) {
    const before = this.objects.get(path)
    if (after === undefined) this.objects.delete(path)
    else this.objects.set(path, after)
    for (const index of this.indexes) index.put(path, before, after)
  }
}
