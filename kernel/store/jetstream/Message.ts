/** An entry as a message: its headers, and the checksum that goes with it from whoever wrote it to everyone who reads it. */
import { headers, type MsgHdrs } from "@nats-io/transport-node"
import { Schema } from "effect"
import { crc32 } from "node:zlib"
import { type Change, type Entry, LogName } from "../Log.ts"

export const header = {
  expected: "Nats-Expected-Last-Subject-Sequence",
  /** The subject that `expected` is about, if it is not the message's own. */
  expectedOf: "Nats-Expected-Last-Subject-Sequence-Subject",
  stream: "Nats-Expected-Stream",
  batch: "Nats-Batch-Id",
  place: "Nats-Batch-Sequence",
  commit: "Nats-Batch-Commit",
  op: "K8s-Op",
  prev: "K8s-Prev",
  writeId: "K8s-Write-Id",
  sum: "K8s-Sum"
}

/** What is kept is not what was written: the cause of an `Unavailable`, for nobody may take it for the entry. */
export class Corrupt extends Schema.TaggedError<Corrupt>()("Corrupt", {
  log: LogName,
  seq: Schema.Int,
  key: Schema.String
}) {
  override get message() {
    return `entry ${this.seq} of the log ${this.log}, of ${this.key}, is not what was written: a server's files are damaged`
  }
}

const sumOf = ({ bytes, key, op, prev, writeId }: Change) =>
  crc32(bytes, crc32([op, prev, writeId, key].join("\0"))).toString(16)

export const headersOf = (change: Change, stream: string): MsgHdrs => {
  const all = headers()
  all.set(header.expected, `${change.prev}`)
  all.set(header.stream, stream)
  all.set(header.op, change.op === "put" ? "PUT" : "DEL")
  all.set(header.prev, `${change.prev}`)
  all.set(header.writeId, change.writeId)
  all.set(header.sum, sumOf(change))
  return all
}

/** A message, however it was read. */
export interface Kept {
  readonly seq: number
  readonly header: (name: string) => string
  readonly bytes: () => Uint8Array
}

/** Nothing was damaged on its way. Entries of the time before there were checksums have none. */
export const entryOf = (kept: Kept, key: string, log: LogName): Entry | Corrupt => {
  const entry: Entry = {
    seq: kept.seq,
    key,
    op: kept.header(header.op) === "DEL" ? "delete" : "put",
    bytes: kept.bytes(),
    prev: Number(kept.header(header.prev)),
    writeId: kept.header(header.writeId)
  }
  const sum = kept.header(header.sum)
  return sum === "" || sum === sumOf(entry) ? entry : new Corrupt({ log, seq: kept.seq, key })
}
