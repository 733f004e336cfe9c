/** The tables of the file, and how a file of an earlier version becomes one of this. */
import type { DatabaseSync, StatementSync } from "node:sqlite"
import { crc32 } from "node:zlib"
import { type Change, type Entry, type LogName, names } from "../Log.ts"

/** The file's own version; a file of a later one is refused. */
export const version = 2

type Row = ReturnType<StatementSync["all"]>[number]

/** An entry that is not what was written. The thread tells it; who asked makes an error of it. */
export class Broken extends Error {
  readonly seq: number
  readonly key: string
  constructor(seq: number, key: string) {
    super(`the entry ${seq} (${key}) is not what was written: its checksum does not fit`)
    this.seq = seq
    this.key = key
  }
}

export const number = (value: unknown) => (typeof value === "number" ? value : 0)

/** Over all that an entry is, also its place: a row that was put where another belongs is found too. */
export const sumOf = (seq: number, { bytes, key, op, prev, writeId }: Change) =>
  crc32(bytes, crc32([seq, op, prev, writeId, key].join("\0")))

export const sizeOf = ({ bytes, key }: Pick<Change, "bytes" | "key">) => bytes.length + Buffer.byteLength(key)

const unchecked = ({ bytes, key, op, prev, seq, writeId }: Row): Entry => ({
  seq: number(seq),
  key: String(key),
  op: op === 0 ? "delete" : "put",
  bytes: bytes instanceof Uint8Array ? bytes : new Uint8Array(),
  prev: number(prev),
  writeId: String(writeId)
})

export const entryOf = (row: Row): Entry => {
  const entry = unchecked(row)
  if (row["sum"] !== sumOf(entry.seq, entry)) throw new Broken(entry.seq, entry.key)
  return entry
}

/** What is known of a log besides its entries, written with each transaction that changes it. */
export interface Books {
  readonly last: number
  readonly compacted: number
  readonly sealed: boolean
  readonly epoch: string
  /** Of the keys that live: how many, and the sums of their entries, as one. */
  readonly lives: number
  readonly digest: number
  readonly entries: number
  readonly bytes: number
}

/** AUTOINCREMENT: a seq is never used again, not even the last one's after compaction. */
const tables = names
  .map(
    (log) => `
    CREATE TABLE IF NOT EXISTS ${log} (
      seq INTEGER PRIMARY KEY AUTOINCREMENT, key TEXT NOT NULL, op INTEGER NOT NULL, prev INTEGER NOT NULL,
      writeId TEXT NOT NULL, bytes BLOB NOT NULL, sum INTEGER NOT NULL DEFAULT 0
    ) STRICT;
    CREATE UNIQUE INDEX IF NOT EXISTS ${log}_key ON ${log} (key, seq);`
  )
  .concat("CREATE TABLE IF NOT EXISTS about (name TEXT PRIMARY KEY, value ANY NOT NULL) STRICT, WITHOUT ROWID;")
  .join("\n")

/** The newest entry of each key, deletions too: by the index, and from there by the rows. */
export const newestOf = (log: LogName) => `SELECT max(seq) AS seq FROM ${log} GROUP BY key`

/** What lives by the rows themselves: to be compared with the books, or to begin them. */
export const count = (db: DatabaseSync, log: LogName) => {
  let [lives, digest] = [0, 0]
  const newest = db.prepare(`SELECT op, sum FROM (${newestOf(log)}) JOIN ${log} USING (seq)`)
  for (const { op, sum } of newest.iterate()) {
    if (op === 0) continue
    lives++
    digest = (digest ^ number(sum)) >>> 0
  }
  return { lives, digest }
}

const about = (db: DatabaseSync, name: string) => db.prepare("SELECT value FROM about WHERE name = ?").get(name)?.["value"]

const lastOf = (db: DatabaseSync, log: LogName) =>
  number(db.prepare("SELECT seq FROM sqlite_sequence WHERE name = ?").get(log)?.["seq"])

/** The first version had no sums, and no books: what is there now is taken for what was written. */
const upgradeLog = (db: DatabaseSync, log: LogName, epoch: string) => {
  db.exec(`ALTER TABLE ${log} ADD COLUMN sum INTEGER NOT NULL DEFAULT 0`)
  db.exec(`UPDATE ${log} SET sum = entrySum(seq, key, op, prev, writeId, bytes)`)
  const size = db.prepare(
    `SELECT count(*) AS entries, coalesce(sum(octet_length(key) + length(bytes)), 0) AS bytes FROM ${log}`
  )
  const { bytes, entries } = size.get() ?? {}
  keeping(db)(log, {
    last: lastOf(db, log),
    compacted: number(about(db, `compacted ${log}`)),
    sealed: about(db, `sealed ${log}`) === 1,
    epoch: String(about(db, `epoch ${log}`) ?? epoch),
    ...count(db, log),
    entries: number(entries),
    bytes: number(bytes)
  })
}

export const keeping = (db: DatabaseSync) => {
  const statement = db.prepare("INSERT OR REPLACE INTO about (name, value) VALUES (?, ?)")
  return (log: LogName, books: Books) => statement.run(`books ${log}`, JSON.stringify(books))
}

export const booksOf = (db: DatabaseSync, log: LogName): Books => {
  // Written by nobody else, and compared with what is there when it is opened.
  const books: Books = JSON.parse(String(about(db, `books ${log}`)))
  return books
}

/** Makes the tables, or brings them to this version, in the transaction that is open. Gives the epoch of the file. */
export const prepare = (db: DatabaseSync, newEpoch: string): string => {
  const found = number(db.prepare("PRAGMA user_version").get()?.["user_version"])
  if (found > version) throw new Error(`it was written by a later version (${found}; this one knows ${version})`)
  if (found < version) {
    db.function("entrySum", { deterministic: true }, (seq, key, op, prev, writeId, bytes) => {
      const entry = unchecked({ seq, key, op, prev, writeId, bytes })
      return sumOf(entry.seq, entry)
    })
    const isNew = found === 0
    db.exec(tables)
    db.prepare("INSERT OR IGNORE INTO about (name, value) VALUES ('epoch', ?)").run(newEpoch)
    const epoch = String(about(db, "epoch"))
    const empty = { last: 0, compacted: 0, sealed: false, epoch, lives: 0, digest: 0, entries: 0, bytes: 0 }
    for (const log of names) {
      if (isNew) keeping(db)(log, empty)
      else upgradeLog(db, log, epoch)
    }
    db.exec(`PRAGMA user_version = ${version}`)
  }
  return String(about(db, "epoch"))
}

export const remedy = "Look after the disk, and restore the last snapshot with keelson snapshot restore"

/** Up to here the whole file is looked through when it is opened: it takes a tenth of a second. */
const small = 64 * 1024 * 1024

/**
 * Whether all that lives is there, by what was written down with each change: that takes time for what lives, not for the
 * history. What each entry says is checked whenever it is read. Throws what is wrong.
 */
export const check = (db: DatabaseSync) => {
  const pages = number(db.prepare("PRAGMA page_count").get()?.["page_count"])
  const pageSize = number(db.prepare("PRAGMA page_size").get()?.["page_size"])
  if (pages * pageSize <= small) {
    const said = db.prepare("PRAGMA integrity_check(1)").get()?.["integrity_check"]
    if (said !== "ok") throw new Error(`it is damaged: ${String(said)}. ${remedy}`)
  }
  for (const log of names) {
    const books = booksOf(db, log)
    const found = count(db, log)
    if (found.lives !== books.lives || found.digest !== books.digest || lastOf(db, log) !== books.last) {
      throw new Error(
        `the log ${log} is damaged: ${books.lives} objects lived at ${books.last}, and what is there are others (${found.lives}). ${remedy}`
      )
    }
  }
}
