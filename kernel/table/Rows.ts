/**
 * The rows of one storage: by path, in the order of their keys, and with a window of what happened lately. Plain
 * synchronous code: the feed calls `apply`, watchers are pushed to, readers read.
 */
import type { Row, Rules } from "./Row.ts"
import { type Change, type Interest, type Watcher, Watchers } from "./Watchers.ts"

export type { Change } from "./Watchers.ts"

/** How many changes a watch can be behind, and how many bytes of them. Older is Expired. */
const window = { changes: 8192, bytes: 64 * 1024 * 1024 }
/** Of this many changes the replaced versions stay parsed and encoded: watchers and selectors are reading them just now. */
const hot = 256

export const pathOf = ({ name, namespace }: { readonly namespace: string; readonly name: string }) => `${namespace}/${name}`

export class Rows {
  private readonly rows = new Map<string, Row>()
  private order: ReadonlyArray<string> = []
  /** Paths that came or went since `order` was made. */
  private readonly moved = new Set<string>()
  private recent: Array<Change> = []
  /** Bytes of the versions that are kept by `recent` alone. */
  private recentBytes = 0
  /** How many of `recent` have been shrunk. */
  private cold = 0
  /** Everything after this revision is in `recent`. */
  private since: number
  /** Before this revision nothing is told of what was there, even if nothing has changed since. */
  private compacted = 0
  private readonly watchers: Watchers
  /** How its objects are read. */
  readonly rules: Rules = { reader: undefined }

  /** `report` hears what watchers throw. */
  constructor(since: number, report: (cause: unknown) => void) {
    this.since = since
    this.watchers = new Watchers(report)
  }

  get(path: string): Row | undefined {
    return this.rows.get(path)
  }

  get size() {
    return this.rows.size
  }

  /** In the order of keys, those beyond `after`; of one namespace if it is named. */
  *list(namespace: string, after = ""): Generator<Row> {
    for (const path of within(this.paths(), namespace, after)) {
      const row = this.rows.get(path)
      if (row !== undefined) yield row
    }
  }

  /** What was there at a revision, or `undefined` if that is too long ago. */
  at(revision: number, namespace: string, after = ""): Iterable<Row> | undefined {
    if (revision < this.since || revision < this.compacted) return undefined
    const then = new Map<string, Row | undefined>()
    for (let index = this.recent.length - 1; index >= 0; index--) {
      const change = this.recent[index]
      if (change === undefined || change.row.revision <= revision) break
      then.set(change.path, change.before)
    }
    if (then.size === 0) return this.list(namespace, after)
    const gone = [...then.keys()].filter((path) => !this.rows.has(path)).toSorted(byKey)
    const found = (path: string) => (then.has(path) ? then.get(path) : this.rows.get(path))
    return [...within(merged(this.paths(), gone), namespace, after)].flatMap((path) => found(path) ?? [])
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
    for (const change of changes) {
      this.recent.push(change)
      this.recentBytes += bytesOf(change)
    }
    if (this.recent.length > window.changes * 2 || this.recentBytes > window.bytes * 2) this.forget(this.beyondWindow())
    this.watchers.tell(changes, upTo)
    this.cool()
  }

  /** All there is, after history was lost. */
  replace(rows: ReadonlyMap<string, Row>, revision: number) {
    for (const [path, before] of this.rows) if (!rows.has(path)) this.put(path, before, undefined)
    for (const [path, row] of rows) this.put(path, this.rows.get(path), row)
    this.recent = []
    this.recentBytes = 0
    this.cold = 0
    this.since = revision
    this.watchers.reset()
  }

  /** With an interest, only changes are told that touch its value. */
  watch(watcher: Watcher, interest?: Interest): () => void {
    return this.watchers.add(watcher, interest)
  }

  private put(path: string, before: Row | undefined, after: Row | undefined) {
    if (after === undefined) this.rows.delete(path)
    else this.rows.set(path, after)
    if ((before === undefined) !== (after === undefined)) this.moved.add(path)
  }

  /** Never changed in place: who reads it goes on while others write. */
  private paths() {
    if (this.moved.size > 0) {
      const stayed = this.order.filter((path) => !this.moved.has(path))
      const came = [...this.moved].filter((path) => this.rows.has(path)).toSorted(byKey)
      this.order = merged(stayed, came)
      this.moved.clear()
    }
    return this.order
  }

  /** Lets go of what was before a revision. A watch that has missed nothing by it goes on. */
  compact(revision: number) {
    this.compacted = revision
    this.forget(firstAfter(this.recent, revision))
  }

  /** How many of the oldest changes are too many, or have too many bytes. */
  private beyondWindow() {
    let gone = Math.max(0, this.recent.length - window.changes)
    let bytes = this.recent.slice(gone).reduce((sum, change) => sum + bytesOf(change), 0)
    for (; bytes > window.bytes && gone < this.recent.length; gone++) {
      const change = this.recent[gone]
      bytes -= change === undefined ? 0 : bytesOf(change)
    }
    return gone
  }

  private forget(gone: number) {
    if (gone === 0) return
    this.since = this.recent[gone - 1]?.row.revision ?? this.since
    for (const change of this.recent.slice(0, gone)) this.recentBytes -= bytesOf(change)
    this.recent = this.recent.slice(gone)
    this.cold = Math.max(0, this.cold - gone)
  }

  private cool() {
    for (; this.recent.length - this.cold > hot; this.cold++) {
      const change = this.recent[this.cold]
      change?.before?.shrink()
      if (change?.after === undefined) change?.row.shrink()
    }
  }
}

/** What a change keeps in memory that nothing else does: the state before, and that of a deletion. */
const bytesOf = ({ after, before, row }: Change) => (before?.size ?? 0) + (after === undefined ? row.size : 0)

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

/** Two lists in order, as one. */
const merged = (some: ReadonlyArray<string>, others: ReadonlyArray<string>): ReadonlyArray<string> => {
  if (others.length === 0) return some
  if (some.length === 0) return others
  const all: Array<string> = []
  let next = 0
  for (const path of some) {
    for (let other = others[next]; other !== undefined && other < path; other = others[++next]) all.push(other)
    all.push(path)
  }
  return all.concat(others.slice(next))
}

/** The paths of a namespace, or of all, beyond one. They lie together, because all begin alike. */
function* within(paths: ReadonlyArray<string>, namespace: string, after: string): Generator<string> {
  const prefix = namespace === "" ? "" : `${namespace}/`
  const isBefore = (path: string) => path <= after || path < prefix
  let low = 0
  let high = paths.length
  while (low < high) {
    const middle = (low + high) >>> 1
    if (isBefore(paths[middle] ?? "")) low = middle + 1
    else high = middle
  }
  for (let index = low; index < paths.length; index++) {
    const path = paths[index] ?? ""
    if (!path.startsWith(prefix)) return
    yield path
  }
}
