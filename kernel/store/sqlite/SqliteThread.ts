/**
 * The thread that owns the database. Whatever has come while it was waiting for the disk goes into the next transaction: one
 * flush to the disk for all of them.
 */
import { type MessagePort, receiveMessageOnPort } from "node:worker_threads"
import type { Read } from "../Batch.ts"
import type { Change, Entry, LogName } from "../Log.ts"
import { type Appended, type LogState, type Range, SqliteDatabase, type State } from "./SqliteDatabase.ts"

export interface Start {
  readonly file: string
  /** The epoch of the database, should it be new. */
  readonly epoch: string
  readonly logs: ReadonlyArray<LogName>
}

export type Request = { readonly id: number; readonly log: LogName } & (
  | { readonly ask: "append"; readonly change: Change }
  | { readonly ask: "read"; readonly after: number }
  | { readonly ask: "compact"; readonly seq: number }
  | { readonly ask: "size" }
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
  | { readonly size: { readonly entries: number; readonly bytes: number } }
  | { readonly history: ReadonlyArray<Entry> }
  | { readonly state: LogState }
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
  if (request.ask === "read") return { id, read: db.read(log, request.after) }
  if (request.ask === "size") return { id, size: db.size(log) }
  if (request.ask === "history") return { id, history: db.history(log, request.range) }
  if (request.ask === "compact") {
    db.compact(log, request.seq)
    return { id, compacted: db.compacted(log) }
  }
  if (request.ask === "seal") db.seal(log)
  else db.reset(log, request.after, request.epoch)
  return { id, state: db.state()[log] }
}

/** What it throws ends the thread: after an error of the disk nothing is known but what a new start reads from it. */
export const serve = (port: MessagePort, { epoch, file, logs }: Start, committed: () => void = () => {}) => {
  const say = (said: Said) => port.postMessage(said)
  let db: SqliteDatabase
  try {
    db = new SqliteDatabase(file, epoch, logs)
  } catch (cause) {
    const code =
      cause instanceof Error && "errcode" in cause && typeof cause.errcode === "number" ? cause.errcode : undefined
    say({ refused: cause instanceof Error ? cause.message : String(cause), code })
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
      const answers = db.transaction(() => group.map((request) => answer(db, request)))
      committed()
      say(answers)
    }
    if (!closing) return
    db.close()
    port.close()
  })
  say({ ready: db.state() })
}
