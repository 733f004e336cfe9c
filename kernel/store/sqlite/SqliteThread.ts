/**
 * The thread that owns the database. Whatever has come while it was waiting for the disk goes into the next transaction: one
 * flush to the disk for all of them.
 */
import { type MessagePort, receiveMessageOnPort } from "node:worker_threads"
import type { Read } from "../Batch.ts"
import type { Change, LogName } from "../Log.ts"
import { type Appended, type LogState, type Range, SqliteDatabase, type State } from "./SqliteDatabase.ts"
import { Broken } from "./SqliteSchema.ts"

export interface Start {
  readonly file: string
  /** The epoch of the database, should it be new. */
  readonly epoch: string
}

export type Request = { readonly id: number; readonly log: LogName } & (
  | { readonly ask: "append"; readonly change: Change }
  | { readonly ask: "read"; readonly after: number }
  | { readonly ask: "compact"; readonly seq: number }
  | { readonly ask: "living"; readonly after: number; readonly until: number }
  | { readonly ask: "state" }
  | { readonly ask: "history"; readonly range: Range }
  | { readonly ask: "seal" }
  | { readonly ask: "reset"; readonly after: number; readonly epoch: string }
)
export type Message = ReadonlyArray<Request> | "close"

/** Answers come in the order of their requests, each only when what it says is on the disk. */
export type Answer = { readonly id: number } & (
  | { readonly appended: Appended }
  | { readonly read: Read }
  | { readonly compacted: number }
  | { readonly state: LogState }
  | { readonly full: true }
  | { readonly broken: { readonly seq: number; readonly key: string } }
)
export type Said =
  | { readonly ready: State }
  | { readonly refused: string; readonly code: number | undefined }
  | ReadonlyArray<Answer>

/** One transaction is not larger, so that the first to come does not wait for all others' bytes. */
const most = 1000

const answer = (db: SqliteDatabase, request: Request): Answer => {
  const { id, log } = request
  if (request.ask === "append") return { id, appended: db.append(log, request.change) }
  try {
    if (request.ask === "read") return { id, read: db.read(log, request.after) }
    if (request.ask === "living") return { id, read: db.living(log, request.after, request.until) }
    if (request.ask === "history") return { id, read: db.history(log, request.range) }
  } catch (cause) {
    if (cause instanceof Broken) return { id, broken: { seq: cause.seq, key: cause.key } }
    throw cause
  }
  if (request.ask === "compact") {
    db.compact(log, request.seq)
    return { id, compacted: db.of(log).compacted }
  }
  if (request.ask === "seal") db.seal(log)
  if (request.ask === "reset") db.reset(log, request.after, request.epoch)
  return { id, state: db.of(log) }
}

const isRead = ({ ask }: Request) => ask === "read" || ask === "living" || ask === "history" || ask === "state"

const codeOf = (cause: unknown) =>
  cause instanceof Error && "errcode" in cause && typeof cause.errcode === "number" ? cause.errcode : undefined
/** SQLite's number for a disk without space. What it could not write it has not written in part. */
const full = 13

/** One transaction for all; if the disk is full, what reads goes on. */
const answers = (db: SqliteDatabase, group: ReadonlyArray<Request>): ReadonlyArray<Answer> => {
  try {
    return db.transaction(() => group.map((request) => answer(db, request)))
  } catch (cause) {
    if (codeOf(cause) !== full) throw cause
    db.rollback()
    return group.map((request) => (isRead(request) ? answer(db, request) : { id: request.id, full: true }))
  }
}

/** What it throws ends the thread: after an error of the disk nothing is known but what a new start reads from it. */
export const serve = (port: MessagePort, { epoch, file }: Start, committed: () => void = () => {}) => {
  const say = (said: Said) => port.postMessage(said)
  let db: SqliteDatabase
  try {
    db = new SqliteDatabase(file, epoch)
  } catch (cause) {
    say({ refused: cause instanceof Error ? cause.message : String(cause), code: codeOf(cause) })
    port.close()
    return
  }
  const waiting: Request[] = []
  let closing = false
  const take = (message: Message) => {
    if (message === "close") closing = true
    else waiting.push(...message)
  }
  port.on("message", (message: Message) => {
    take(message)
    for (;;) {
      for (let more = receiveMessageOnPort(port); more !== undefined; more = receiveMessageOnPort(port)) take(more.message)
      if (waiting.length === 0) break
      const group = waiting.splice(0, most)
      const said = answers(db, group)
      committed()
      say(said)
    }
    if (!closing) return
    db.close()
    port.close()
  })
  say({ ready: db.state() })
}
