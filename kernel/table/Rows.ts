/**
 * The rows of one storage: by path, in the order of their keys, and with a window of what happened lately. Plain
 * synchronous code: the feed calls `apply`, watchers are pushed to, readers read.
 */
import type { Row } from "./Row.ts"

/** One change: the state before it and after it. Both are known, so that a selector can tell who came and who went. */
export interface Change {
  readonly path: string
  readonly before: Row | undefined
  readonly after: Row | undefined
  /** For a deletion the last state, under the deletion's revision; otherwise `after`. */
  readonly row: Row
}

export interface Watcher {
  /** Called once for each batch of the feed that has changes. `upTo` is what the storage then knows. */
  readonly changed: (changes: ReadonlyArray<Change>, upTo: number) => void
  /** History was lost: what was known is void. */
  readonly reset: () => void
}

/** How many changes a watch can be behind. Older is Expired. */
const windowSize = 8192

export const pathOf = ({ name, namespace }: { readonly namespace: string; readonly name: string }) => `${namespace}/${name}`

export class Rows {
  private readonly rows = new Map<string, Row>()
  private order: ReadonlyArray<string> | undefined = []
  private recent: Array<Change> = []
  /** Everything after this revision is in `recent`. */
  private since: number
  /** Before this revision nothing is told of what was there, even if nothing has changed since. */
  private compacted = 0
  private readonly watchers = new Set<Watcher>()

  constructor(since: number) {
    this.since = since
  }

  get(path: string): Row | undefined {
    return this.rows.get(path)
  }

  get size() {
    return this.rows.size
  }

  /** In the order of keys; of one namespace if it is named. */
  *list(namespace: string): Generator<Row> {
    const prefix = `${namespace}/`
    for (const path of this.paths()) {
      if (namespace !== "" && !path.startsWith(prefix)) continue
      const row = this.rows.get(path)
      if (row !== undefined) yield row
    }
  }

  /** What was there at a revision, or `undefined` if that is too long ago. */
  at(revision: number, namespace: string): ReadonlyArray<Row> | undefined {
    if (revision < this.since || revision < this.compacted) return undefined
    const then = new Map<string, Row | undefined>()
    for (let index = this.recent.length - 1; index >= 0; index--) {
      const change = this.recent[index]
      if (change === undefined || change.row.revision <= revision) break
      then.set(change.path, change.before)
    }
    if (then.size === 0) return [...this.list(namespace)]
    const prefix = `${namespace}/`
    const all = new Map<string, Row | undefined>([...this.rows, ...then])
    return [...all.keys()]
      .filter((path) => namespace === "" || path.startsWith(prefix))
      .toSorted(byKey)
      .flatMap((path) => all.get(path) ?? [])
  }

  /** What happened after a revision, or `undefined` if some of it is forgotten. */
  after(revision: number): ReadonlyArray<Change> | undefined {
    if (revision < this.since) return undefined
    return this.recent.slice(firstAfter(this.recent, revision))
  }

  apply(entries: ReadonlyArray<{ readonly path: string; readonly row: Row; readonly deleted: boolean }>, upTo: number) {
    const changes: Array<Change> = []
    for (const { deleted, path, row } of entries) {
      const before = this.rows.get(path)
      const after = deleted ? undefined : row
      if (before === undefined && after === undefined) continue
      this.put(path, before, after)
      changes.push({ path, before, after, row })
    }
    if (changes.length === 0) return
    this.recent.push(...changes)
    if (this.recent.length > windowSize * 2) this.forget(this.recent.length - windowSize)
    for (const watcher of this.watchers) watcher.changed(changes, upTo)
  }

  /** All there is, after history was lost. */
  replace(rows: ReadonlyMap<string, Row>, revision: number) {
    const changes: Array<Change> = []
    for (const [path, before] of this.rows) if (!rows.has(path)) this.put(path, before, undefined)
    for (const [path, row] of rows) this.put(path, this.rows.get(path), row)
    this.recent = changes
    this.since = revision
    for (const watcher of this.watchers) watcher.reset()
  }

  watch(watcher: Watcher): () => void {
    this.watchers.add(watcher)
    return () => this.watchers.delete(watcher)
  }

  private put(path: string, before: Row | undefined, after: Row | undefined) {
    if (after === undefined) this.rows.delete(path)
    else this.rows.set(path, after)
    if ((before === undefined) !== (after === undefined)) this.order = undefined
  }

  private paths() {
    this.order ??= [...this.rows.keys()].toSorted(byKey)
    return this.order
  }

  /** Lets go of what was before a revision. A watch that has missed nothing by it goes on. */
  compact(revision: number) {
    this.compacted = revision
    this.forget(firstAfter(this.recent, revision))
  }

  private forget(gone: number) {
    if (gone === 0) return
    this.since = this.recent[gone - 1]?.row.revision ?? this.since
    this.recent = this.recent.slice(gone)
  }
}

/** By code unit, as the store orders its keys, and not by a language's rules. */
const byKey = (a: string, b: string) => (a < b ? -1 : a > b ? 1 : 0)

const firstAfter = (changes: ReadonlyArray<Change>, revision: number) => {
  let low = 0
  let high = changes.length
  while (low < high) {
    const middle = (low + high) >>> 1
    if ((changes[middle]?.row.revision ?? 0) <= revision) low = middle + 1
    else high = middle
  }
  return low
}
