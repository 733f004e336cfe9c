/** The logs as tables of one SQLite file. Plain synchronous code: it runs in a thread of its own and waits for the disk there. */
import { DatabaseSync, type StatementSync } from "node:sqlite"
import { batch, type Read } from "../Batch.ts"
import type { Change, Entry, LogName } from "../Log.ts"

/** The file's own version; a file of a later one is refused. */
const version = 1

export type Appended =
  | { readonly seq: number; readonly fresh: boolean }
  /** The seq of the key's last entry, which is not the one that the append was based on. */
  | { readonly conflict: number }
  | { readonly sealed: true }

export interface LogState {
  readonly epoch: string
  readonly last: number
  readonly compacted: number
  readonly sealed: boolean
}
/** `epoch` is that of the file; a log that was reset has one of its own. */
export type State = { readonly epoch: string } & { readonly [_ in LogName]: LogState }

/** Which entries of the history are asked for. */
export interface Range {
  readonly after: number
  readonly upTo: number
  readonly key: string | undefined
}

const number = (value: unknown) => (typeof value === "number" ? value : 0)

const entryOf = ({ bytes, key, op, prev, seq, writeId }: ReturnType<StatementSync["all"]>[number]): Entry => ({
  seq: number(seq),
  key: String(key),
  op: op === 0 ? "delete" : "put",
  bytes: bytes instanceof Uint8Array ? bytes : new Uint8Array(),
  prev: number(prev),
  writeId: String(writeId)
})

/** As many as make a batch. */
const someOf = (rows: Iterable<ReturnType<StatementSync["all"]>[number]>) => {
  const entries: Entry[] = []
  let bytes = 0
  for (const row of rows) {
    const entry = entryOf(row)
    bytes += entry.bytes.length
    if (entries.push(entry) >= batch.entries || bytes >= batch.bytes) return { entries, full: true }
  }
  return { entries, full: false }
}

/** AUTOINCREMENT: a seq is never used again, not even the last one's after compaction. */
const schema = (logs: ReadonlyArray<LogName>) =>
  logs
    .map(
      (log) => `
      CREATE TABLE IF NOT EXISTS ${log} (
        seq INTEGER PRIMARY KEY AUTOINCREMENT, key TEXT NOT NULL, op INTEGER NOT NULL,
        prev INTEGER NOT NULL, writeId TEXT NOT NULL, bytes BLOB NOT NULL
      ) STRICT;
      CREATE UNIQUE INDEX IF NOT EXISTS ${log}_key ON ${log} (key, seq);`
    )
    .concat("CREATE TABLE IF NOT EXISTS about (name TEXT PRIMARY KEY, value ANY NOT NULL) STRICT, WITHOUT ROWID;")
    .join("\n")

const statements = (db: DatabaseSync, log: LogName) => ({
  last: db.prepare(`SELECT max(seq) AS seq FROM ${log} WHERE key = ?`),
  next: db.prepare(`SELECT seq, writeId FROM ${log} WHERE key = ? AND seq > ? ORDER BY seq LIMIT 1`),
  insert: db.prepare(`INSERT INTO ${log} (key, op, prev, writeId, bytes) VALUES (?, ?, ?, ?, ?)`),
  after: db.prepare(`SELECT * FROM ${log} WHERE seq > ? ORDER BY seq`),
  range: db.prepare(`SELECT * FROM ${log} WHERE seq > ? AND seq <= ? ORDER BY seq`),
  rangeOfKey: db.prepare(`SELECT * FROM ${log} WHERE key = ? AND seq > ? AND seq <= ? ORDER BY seq`),
  size: db.prepare(`SELECT count(*) AS entries, coalesce(sum(length(key) + length(bytes)), 0) AS bytes FROM ${log}`),
  empty: db.prepare(`DELETE FROM ${log}`),
  goOn: db.prepare(
    "INSERT OR REPLACE INTO sqlite_sequence (rowid, name, seq) VALUES ((SELECT rowid FROM sqlite_sequence WHERE name = ?), ?, ?)"
  ),
  newest: db.prepare("SELECT seq FROM sqlite_sequence WHERE name = ?"),
  about: db.prepare("SELECT value FROM about WHERE name = ?"),
  tell: db.prepare("INSERT OR REPLACE INTO about (name, value) VALUES (?, ?)"),
  dropReplaced: db.prepare(
    `DELETE FROM ${log} WHERE seq IN (SELECT prev FROM ${log} WHERE seq > ? AND seq <= ? AND prev > 0)`
  ),
  dropDeletes: db.prepare(`DELETE FROM ${log} WHERE seq > ? AND seq <= ? AND op = 0`)
})

export class SqliteDatabase {
  private readonly db: DatabaseSync
  private readonly logs: { readonly [_ in LogName]: ReturnType<typeof statements> }
  readonly epoch: string

  /** The whole file is locked for as long as it is open. FULL: a commit is on the disk before it returns. */
  constructor(file: string, newEpoch: string, logs: ReadonlyArray<LogName>) {
    this.db = new DatabaseSync(file, { timeout: 1000 })
    this.db.exec("PRAGMA locking_mode = EXCLUSIVE; PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL;")
    this.db.exec("PRAGMA cache_size = -65536; PRAGMA journal_size_limit = 67108864; BEGIN EXCLUSIVE;")
    const found = number(this.db.prepare("PRAGMA user_version").get()?.["user_version"])
    if (found > version) throw new Error(`it was written by a later version (${found}; this one knows ${version})`)
    this.db.exec(`${schema(logs)} PRAGMA user_version = ${version};`)
    this.db.prepare("INSERT OR IGNORE INTO about (name, value) VALUES ('epoch', ?)").run(newEpoch)
    this.epoch = String(this.db.prepare("SELECT value FROM about WHERE name = 'epoch'").get()?.["value"])
    this.db.exec("COMMIT")
    this.logs = {
      objects: statements(this.db, "objects"),
      events: statements(this.db, "events"),
      leases: statements(this.db, "leases")
    }
  }

  state(): State {
    const of = (log: LogName) => ({
      epoch: String(this.about(log, "epoch") ?? this.epoch),
      last: number(this.logs[log].newest.get(log)?.["seq"]),
      compacted: this.compacted(log),
      sealed: this.about(log, "sealed") === 1
    })
    return { epoch: this.epoch, objects: of("objects"), events: of("events"), leases: of("leases") }
  }

  compacted(log: LogName) {
    return number(this.about(log, "compacted"))
  }

  private about(log: LogName, what: string) {
    return this.logs[log].about.get(`${what} ${log}`)?.["value"]
  }

  /** All or nothing reaches the disk; what it throws leaves it open which. */
  transaction<A>(run: () => A): A {
    this.db.exec("BEGIN IMMEDIATE")
    const result = run()
    this.db.exec("COMMIT")
    return result
  }

  append(log: LogName, { bytes, key, op, prev, writeId }: Change): Appended {
    const { insert, last, next } = this.logs[log]
    if (this.about(log, "sealed") === 1) return { sealed: true }
    const seq = number(last.get(key)?.["seq"])
    if (seq === prev) {
      const { lastInsertRowid } = insert.run(key, op === "put" ? 1 : 0, prev, writeId, bytes)
      return { seq: Number(lastInsertRowid), fresh: true }
    }
    const successor = next.get(key, prev)
    if (successor?.["writeId"] === writeId) return { seq: number(successor["seq"]), fresh: false }
    return { conflict: seq }
  }

  read(log: LogName, after: number): Read {
    const { after: select, newest } = this.logs[log]
    const { entries, full } = someOf(select.iterate(after))
    const upTo = full ? entries.at(-1)!.seq : number(newest.get(log)?.["seq"])
    return { entries, upTo, compacted: this.compacted(log) }
  }

  /**
   * Drops what entries up to `seq` replaced, and deletes. Everything before the last compaction is one live entry a key, so
   * that it costs what was written since.
   */
  compact(log: LogName, seq: number) {
    const { dropDeletes, dropReplaced, newest, tell } = this.logs[log]
    const from = this.compacted(log)
    const to = Math.min(seq, number(newest.get(log)?.["seq"]))
    if (to <= from) return
    dropReplaced.run(from, to)
    dropDeletes.run(from, to)
    tell.run(`compacted ${log}`, to)
  }

  /** A batch of the entries in a range; none if there are no more. */
  history(log: LogName, { after, key, upTo }: Range): ReadonlyArray<Entry> {
    const { range, rangeOfKey } = this.logs[log]
    return someOf(key === undefined ? range.iterate(after, upTo) : rangeOfKey.iterate(key, after, upTo)).entries
  }

  size(log: LogName) {
    const found = this.logs[log].size.get()
    return { entries: number(found?.["entries"]), bytes: number(found?.["bytes"]) }
  }

  seal(log: LogName) {
    this.logs[log].tell.run(`sealed ${log}`, 1)
  }

  /** A seq that was used is not used again, whatever `after` is. */
  reset(log: LogName, after: number, epoch: string) {
    const { empty, goOn, newest, tell } = this.logs[log]
    const last = Math.max(after, number(newest.get(log)?.["seq"])) + 1
    empty.run()
    goOn.run(log, log, last)
    tell.run(`compacted ${log}`, last)
    tell.run(`epoch ${log}`, epoch)
    tell.run(`sealed ${log}`, 0)
  }

  close() {
    this.db.close()
  }
}
