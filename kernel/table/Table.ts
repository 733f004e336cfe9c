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

/**
 * An object as a table holds it: it may come to be only when it is read. In the server that is a row, whose text is in memory anyway,
 * and whose object is several times as large.
 */
export interface Held<A> extends Key {
  readonly object: A
}

/** The same as events, of what nobody has read yet. */
export type News<A> =
  | { readonly _tag: "Snapshot"; readonly held: ReadonlyArray<Held<A>> }
  | { readonly _tag: "Applied" | "Deleted"; readonly held: Held<A> }

const heldOf = <A extends Resource>(object: A): Held<A> => ({ ...keyOf(object), object })

const newsOf = <A extends Resource>(event: Event<A>): News<A> =>
  event._tag === "Snapshot"
    ? { _tag: event._tag, held: event.objects.map(heldOf) }
    : { _tag: event._tag, held: heldOf(event.object) }

const eventOf = <A>(news: News<A>): Event<A> =>
  news._tag === "Snapshot"
    ? { _tag: news._tag, objects: news.held.map(({ object }) => object) }
    : { _tag: news._tag, object: news.held.object }

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
  private readonly objects = new Map<string, Held<A>>()
  private readonly indexes = new Set<Index<Held<A>>>()
  private readonly watchers = new Set<{ pending: Array<News<A>>; readonly news: Latch.Latch }>()
  private readonly waiting = new Set<{ readonly holds: () => boolean; readonly latch: Latch.Latch }>()

  /** Without a revision it knows nothing yet. */
  constructor(revision = -1) {
    this.revision = revision
  }

  readonly get = (key: Key) => this.objects.get(pathOf(key))?.object
  readonly all = (): ReadonlyArray<A> => Array.from(this.objects.values(), ({ object }) => object)

  readonly apply = ({ events, revision }: Batch<A>) => this.take(revision, events.map(newsOf))

  readonly take = (revision: number, events: ReadonlyArray<News<A>>) => {
    for (const event of events) {
      if (event._tag === "Snapshot") {
        for (const path of [...this.objects.keys()]) this.put(path, undefined)
        for (const held of event.held) this.put(pathOf(held), held)
      } else this.put(pathOf(event.held), event._tag === "Applied" ? event.held : undefined)
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
            return { revision: this.revision, events: events.map(eventOf) }
          })
        )
    )
  )

  /** A view with indexes of its own, which are kept until the scope closes. */
  readonly cache = <Name extends string>(indexes: Indexes<A, Name>) =>
    Effect.acquireRelease(
      Effect.sync(() => {
        const own = new Map<string, Index<Held<A>>>()
        for (const name in indexes) {
          const of = indexes[name]
          own.set(name, new Index(({ object }) => of(object)))
        }
        for (const index of own.values()) {
          for (const [path, held] of this.objects) index.put(path, held)
          this.indexes.add(index)
        }
        return own
      }),
      (own) => Effect.sync(() => own.forEach((index) => this.indexes.delete(index)))
    ).pipe(
      Effect.map(
        (own): Cache<A, Name> => ({
          get: this.get,
          by: (name, value) => (own.get(name)?.get(value) ?? []).map(({ object }) => object),
          all: this.all,
          changes: this.watch
        })
      )
    )

  private snapshot(): News<A> {
    return { _tag: "Snapshot", held: [...this.objects.values()] }
  }

  private put(path: string, after: Held<A> | undefined) {
    if (after === undefined) this.objects.delete(path)
    else this.objects.set(path, after)
    for (const index of this.indexes) index.put(path, after)
  }
}
