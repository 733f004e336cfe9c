/** The logs as tables of one SQLite file. Plain synchronous code: it runs in a thread of its own and waits for the disk there. */
import { DatabaseSync, type StatementSync } from "node:sqlite"
import { batch, type Read } from "../Batch.ts"
import { type Change, type Entry, type LogName, names } from "../Log.ts"
import * as Schema from "./SqliteSchema.ts"
import * as Wal from "./SqliteWal.ts"

const { number } = Schema

export type Appended =
  | { readonly seq: number; readonly fresh: boolean }
  /** The seq of the key's last entry, which is not the one that the append was based on. */
  | { readonly conflict: number }
  | { readonly sealed: true }

export type LogState = Schema.Books
/** `epoch` is that of the file; a log that was reset has one of its own. */
export type State = { readonly epoch: string } & { readonly [_ in LogName]: LogState }

/** Which entries of the history are asked for. `compacted`: how far the log was compacted when it was begun to be read. */
export interface Range {
  readonly after: number
  readonly upTo: number
  readonly key: string | undefined
}

/** As many as make a batch. */
const someOf = (rows: Iterable<ReturnType<StatementSync["all"]>[number]>) => {
  const entries: Entry[] = []
  let bytes = 0
  for (const row of rows) {
    const entry = Schema.entryOf(row)
    bytes += entry.bytes.length
    if (entries.push(entry) >= batch.entries || bytes >= batch.bytes) return { entries, full: true }
  }
  return { entries, full: false }
}

const statements = (db: DatabaseSync, log: LogName) => ({
  last: db.prepare(`SELECT seq, op, sum FROM ${log} WHERE key = ? ORDER BY seq DESC LIMIT 1`),
  next: db.prepare(`SELECT seq, writeId FROM ${log} WHERE key = ? AND seq > ? ORDER BY seq LIMIT 1`),
  insert: db.prepare(`INSERT INTO ${log} (seq, key, op, prev, writeId, bytes, sum) VALUES (?, ?, ?, ?, ?, ?, ?)`),
  one: db.prepare(`SELECT * FROM ${log} WHERE seq = ?`),
  after: db.prepare(`SELECT * FROM ${log} WHERE seq > ? ORDER BY seq`),
  range: db.prepare(`SELECT * FROM ${log} WHERE seq > ? AND seq <= ? ORDER BY seq`),
  rangeOfKey: db.prepare(`SELECT * FROM ${log} WHERE key = ? AND seq > ? AND seq <= ? ORDER BY seq`),
  newest: db.prepare(Schema.newestOf(log)),
  empty: db.prepare(`DELETE FROM ${log}`),
  goOn: db.prepare(
    "INSERT OR REPLACE INTO sqlite_sequence (rowid, name, seq) VALUES ((SELECT rowid FROM sqlite_sequence WHERE name = ?), ?, ?)"
  ),
  dropReplaced: db.prepare(
    `DELETE FROM ${log} WHERE seq IN (SELECT prev FROM ${log} WHERE seq > ? AND seq <= ? AND prev > 0)
     RETURNING octet_length(key) + length(bytes) AS size`
  ),
  dropDeletes: db.prepare(
    `DELETE FROM ${log} WHERE seq > ? AND seq <= ? AND op = 0 RETURNING octet_length(key) + length(bytes) AS size`
  )
})

const ofAll = (db: DatabaseSync) => ({
  begin: db.prepare("BEGIN IMMEDIATE"),
  commit: db.prepare("COMMIT"),
  keep: Schema.keeping(db)
})

/** One log: its statements, and its books as they will be when the transaction is through. */
const open = (db: DatabaseSync, log: LogName) => ({
  ...statements(db, log),
  books: Schema.booksOf(db, log),
  isChanged: false,
  /** Seqs of what lived when a follower began: it comes back for the next of them. */
  living: undefined as { readonly until: number; readonly seqs: ReadonlyArray<number> } | undefined
})

export class SqliteDatabase {
  private readonly db: DatabaseSync
  private readonly logs: { [_ in LogName]: ReturnType<typeof open> }
  private readonly statements: ReturnType<typeof ofAll>
  readonly epoch: string

  /** The whole file is locked for as long as it is open. FULL: a commit is on the disk before it returns. */
  constructor(file: string, newEpoch: string) {
    Wal.check(file)
    this.db = new DatabaseSync(file, { timeout: 1000 })
    this.db.exec("PRAGMA locking_mode = EXCLUSIVE; PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL;")
    this.db.exec("PRAGMA cache_size = -16384; PRAGMA journal_size_limit = 67108864; BEGIN EXCLUSIVE;")
    this.epoch = Schema.prepare(this.db, newEpoch)
    this.db.exec("COMMIT")
    Schema.check(this.db)
    this.logs = this.open()
    this.statements = ofAll(this.db)
  }

  private open() {
    return { objects: open(this.db, "objects"), events: open(this.db, "events"), leases: open(this.db, "leases") }
  }

  state(): State {
    const of = (log: LogName) => this.logs[log].books
    return { epoch: this.epoch, objects: of("objects"), events: of("events"), leases: of("leases") }
  }

  of(log: LogName): LogState {
    return this.logs[log].books
  }

  /** All or nothing reaches the disk; what it throws leaves it open which, but for a disk that is full: then it is nothing. */
  transaction<A>(run: () => A): A {
    const { begin, commit, keep } = this.statements
    begin.run()
    const result = run()
    for (const log of names) {
      const { books, isChanged } = this.logs[log]
      if (isChanged) keep(log, books)
      this.logs[log].isChanged = false
    }
    commit.run()
    return result
  }

  /** After a transaction that did not come through. */
  rollback() {
    if (this.db.isTransaction) this.db.exec("ROLLBACK")
    for (const log of names) Object.assign(this.logs[log], { books: Schema.booksOf(this.db, log), isChanged: false })
  }

  private change(log: LogName, books: Partial<LogState>) {
    const one = this.logs[log]
    one.books = { ...one.books, ...books }
    one.isChanged = true
  }

  append(log: LogName, change: Change): Appended {
    const { bytes, key, op, prev, writeId } = change
    const { books, insert, last, next } = this.logs[log]
    const before = last.get(key)
    const newest = number(before?.["seq"])
    if (newest !== prev) {
      const successor = next.get(key, prev)
      if (successor?.["writeId"] === writeId) return { seq: number(successor["seq"]), fresh: false }
    }
    if (books.sealed) return { sealed: true }
    if (newest !== prev) return { conflict: newest }
    const seq = books.last + 1
    const sum = Schema.sumOf(seq, change)
    insert.run(seq, key, op === "put" ? 1 : 0, prev, writeId, bytes, sum)
    const [was, is] = [before?.["op"] === 1, op === "put"]
    this.change(log, {
      last: seq,
      lives: books.lives - Number(was) + Number(is),
      digest: (books.digest ^ (was ? number(before?.["sum"]) : 0) ^ (is ? sum : 0)) >>> 0,
      entries: books.entries + 1,
      bytes: books.bytes + Schema.sizeOf(change)
    })
    return { seq, fresh: true }
  }

  read(log: LogName, after: number): Read {
    const { after: select, books } = this.logs[log]
    const { entries, full } = someOf(select.iterate(after))
    return { entries, upTo: full ? entries.at(-1)!.seq : books.last, compacted: books.compacted }
  }

  /** What lives, by the index alone: what is read of the table is what is told. */
  living(log: LogName, after: number, until: number): Read {
    const one = this.logs[log]
    if (one.living?.until !== until) {
      const seqs = one.newest.all().map(({ seq }) => number(seq))
      one.living = { until, seqs: seqs.filter((seq) => seq <= until).sort((a, b) => a - b) }
    }
    const { seqs } = one.living
    const { books } = one
    const entries: Entry[] = []
    let bytes = 0
    for (let at = firstAfter(seqs, after); at < seqs.length; at++) {
      const row = one.one.get(seqs[at] ?? 0)
      if (row === undefined || row["op"] === 0) continue
      const entry = Schema.entryOf(row)
      bytes += entry.bytes.length
      if (entries.push(entry) < batch.entries && bytes < batch.bytes) continue
      return { entries, upTo: entry.seq, compacted: books.compacted }
    }
    one.living = undefined
    return { entries, upTo: until, compacted: books.compacted }
  }

  /**
   * Drops what entries up to `seq` replaced, and deletes. Everything before the last compaction is one live entry a key, so
   * that it costs what was written since.
   */
  compact(log: LogName, seq: number) {
    const { books, dropDeletes, dropReplaced } = this.logs[log]
    const from = books.compacted
    const to = Math.min(seq, books.last)
    if (to <= from) return
    const dropped = [...dropReplaced.all(from, to), ...dropDeletes.all(from, to)]
    this.change(log, {
      compacted: to,
      entries: books.entries - dropped.length,
      bytes: dropped.reduce((bytes, { size }) => bytes - number(size), books.bytes)
    })
  }

  /** A batch of the entries in a range; none if there are no more. */
  history(log: LogName, { after, key, upTo }: Range): Read {
    const { books, range, rangeOfKey } = this.logs[log]
    const { entries } = someOf(key === undefined ? range.iterate(after, upTo) : rangeOfKey.iterate(key, after, upTo))
    return { entries, upTo: entries.at(-1)?.seq ?? upTo, compacted: books.compacted }
  }

  seal(log: LogName) {
    this.change(log, { sealed: true })
  }

  /** A seq that was used is not used again, whatever `after` is. */
  reset(log: LogName, after: number, epoch: string) {
    const { books, empty, goOn } = this.logs[log]
    const last = Math.max(after, books.last) + 1
    empty.run()
    goOn.run(log, log, last)
    this.change(log, { last, compacted: last, sealed: false, epoch, lives: 0, digest: 0, entries: 0, bytes: 0 })
    this.logs[log].living = undefined
  }

  close() {
    this.db.close()
  }
}

const firstAfter = (seqs: ReadonlyArray<number>, after: number) => {
  let low = 0
  let high = seqs.length
  while (low < high) {
    const middle = (low + high) >>> 1
    if ((seqs[middle] ?? 0) > after) high = middle
    else low = middle + 1
  }
  return low
}
