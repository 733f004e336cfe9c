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

export interface Viewed<A, Name extends string> {
  readonly indexes: Indexes<A, Name>
  /**
   * What the view keeps of each object: for readers of many, to whom it matters that they need not be parsed for each reading.
   * What is told of changes is whole. Called once for each version.
   */
  readonly transform?: (object: A) => A
}

/** A view of a table, read synchronously. */
export interface Cache<A, Name extends string> {
  readonly get: (key: Key) => A | undefined
  readonly by: (index: Name, value: string) => ReadonlyArray<A>
  /** How many `by` would give, of which none is read. */
  readonly count: (index: Name, value: string) => number
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
  private readonly views = new Set<View<A>>()
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
  readonly cache = <Name extends string>(about: Viewed<A, Name>) =>
    Effect.acquireRelease(
      Effect.sync(() => {
        const view = new View(about)
        for (const [path, held] of this.objects) view.put(path, held)
        this.views.add(view)
        return view
      }),
      (view) => Effect.sync(() => this.views.delete(view))
    ).pipe(
      Effect.map(
        (view): Cache<A, Name> => ({
          get: (key) => (view.kept ?? this.objects).get(pathOf(key))?.object,
          by: (name, value) => view.by(name, value).map(({ object }) => object),
          count: view.count,
          all: () => Array.from((view.kept ?? this.objects).values(), ({ object }) => object),
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
    for (const view of this.views) view.put(path, after)
  }
}

const slim = <A>({ name, namespace, object }: Held<A>, transform: (object: A) => A): Held<A> => ({
  namespace,
  name,
  object: transform(object)
})

/** The indexes of one reader, and what it keeps of objects in place of them. */
class View<A> {
  private readonly indexes = new Map<string, Index<Held<A>>>()
  private readonly transform: ((object: A) => A) | undefined
  readonly kept: Map<string, Held<A>> | undefined

  constructor({ indexes, transform }: Viewed<A, string>) {
    for (const [name, of] of Object.entries(indexes)) this.indexes.set(name, new Index(({ object }) => of(object)))
    this.transform = transform
    this.kept = transform && new Map()
  }

  readonly by = (name: string, value: string) => this.indexes.get(name)?.get(value) ?? []
  readonly count = (name: string, value: string) => this.indexes.get(name)?.count(value) ?? 0

  put(path: string, after: Held<A> | undefined) {
    const kept = after && this.transform ? slim(after, this.transform) : after
    if (kept === undefined) this.kept?.delete(path)
    else this.kept?.set(path, kept)
    for (const index of this.indexes.values()) index.put(path, kept)
  }
}
