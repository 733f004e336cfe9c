/**
 * The replicated log under everything: compare-and-swap for each key, one order over all keys. A driver keeps several logs
 * side by side, so that what is hot (`leases`) or may be lost (`events`) does not share the fate of `objects`.
 */
import { Schema } from "effect"
import * as Contract from "../plugin/Contract.ts"

export const names = ["objects", "events", "leases"] as const
export const LogName = Schema.Literals(names)
export type LogName = typeof LogName.Type
/** The most bytes an entry may have, in every driver: what Kubernetes' own store takes. */
export const limit = 1.5 * 1024 * 1024
/** A position in one log: greater than 0, increasing, never used twice, with gaps. It becomes `resourceVersion`. */
const Seq = Schema.Int

/** The bytes of `put` are the object; those of `delete` its last state, so that watchers can be told what went. */
const change = {
  key: Schema.String,
  op: Schema.Literals(["put", "delete"]),
  bytes: Contract.Bytes,
  /** The seq of the key's entry that this one replaces; 0 if it never had one. */
  prev: Seq,
  writeId: Schema.String
}
export const Entry = Schema.Struct({ seq: Seq, ...change })
export type Entry = typeof Entry.Type
/** An entry before it has its place. */
export type Change = Omit<Entry, "seq">

export const Followed = Schema.TaggedUnion({
  /** Forget what you had: what follows is all that lives, and then all that happens. */
  Began: { epoch: Schema.String },
  /** There is nothing else up to the seq `upTo`, which may be greater than that of the last entry. */
  Entries: { entries: Schema.Array(Entry), upTo: Seq }
})
export type Followed = typeof Followed.Type

/** `last` is the seq of the key's last entry: what the next attempt has to be based on. */
export class Conflict extends Schema.TaggedError<Conflict>()("Conflict", { key: Schema.String, last: Seq }) {}
export class TooLarge extends Schema.TaggedError<TooLarge>()("TooLarge", { key: Schema.String, limit: Schema.Int }) {}

export const Status = Schema.Struct({
  epoch: Schema.String,
  /** The seq of the newest entry, or beyond it; 0 in a log that never had one. */
  last: Schema.Int,
  /** The state at every seq from here on can still be told. */
  compacted: Schema.Int,
  /** How many entries are kept, and how many bytes they take on the disk. */
  entries: Schema.Int,
  bytes: Schema.Int,
  /** How many servers keep it. */
  replicas: Schema.Int,
  /** Whether what is acknowledged is on the disk of the server, or of most of them. */
  durable: Schema.Boolean,
  sealed: Schema.Boolean
})
export type Status = typeof Status.Type

/** Why a sealed log takes nothing: the cause of an `Unavailable` that was not applied. */
export class Sealed extends Schema.TaggedError<Sealed>()("Sealed", { log: LogName }) {
  override get message() {
    return `the log ${this.log} is sealed: it has moved to another store`
  }
}

/** Why an entry is not told: the cause of an `Unavailable`. What was written is not what is there. */
export class Damaged extends Schema.TaggedError<Damaged>()("Damaged", {
  /** The file or the stream that it lies in. */
  where: Schema.String,
  log: LogName,
  seq: Seq,
  key: Schema.String
}) {
  override get message() {
    return `${this.where}: the entry ${this.seq} (${this.key}) of the log ${this.log} is damaged: its checksum does not fit, and it is not served. Look after the disk, and restore the last snapshot with keelson snapshot restore`
  }
}

/** Why nothing is taken: the cause of an `Unavailable` that was not applied. */
export class Full extends Schema.TaggedError<Full>()("Full", { where: Schema.String }) {
  override get message() {
    return `${this.where}: the disk is full, and nothing was written. Free some space there: writes go on by themselves`
  }
}

export class Log extends Contract.make<Log>()(
  "kernel/Log",
  {
    version: "2.0.0",
    laws: {
      "append/order": "Every append to a log gets a greater seq than all appends to it before.",
      "append/one-winner":
        "Of concurrent appends to a key with one prev one succeeds; the others are Conflict with its seq.",
      "append/again": "An append repeated with its write id returns the seq it got and adds nothing.",
      "append/again-later":
        "That holds also when the key has moved on, and when both are under way at once, until the entry is compacted.",
      "append/lost":
        "An append whose caller has gone before its answer came was done once or not at all; repeated with its write id it tells which.",
      "append/refused": "An append that was refused leaves no trace, neither for followers nor in the history.",
      "append/after-delete": "A key that was deleted is created anew with the delete's seq as prev, and not with 0.",
      "append/size": "An entry of up to 1.5 MiB is taken; a larger one is TooLarge and adds nothing.",
      "append/apart": "Logs have their own keys and order: an append to one is not seen in another.",
      "barrier/covers": "A barrier is not below any append that was acknowledged before it was asked for.",
      "barrier/order": "A barrier is not below any that was answered before it was asked for, however many ask and write.",
      "barrier/reached": "A follower is told of every barrier, also when nothing else is written.",
      "follow/faithful":
        "A follower gets key, op, bytes, prev and write id as they were appended, whatever the key's letters.",
      "follow/complete": "A follower gets every entry after the seq it names, once and in order, and goes on with new ones.",
      "follow/anywhere":
        "That holds from every seq that is not below what is compacted, whether there is an entry with it or not.",
      "follow/order": "All followers get the same entries in the order of their seqs, however many write at once.",
      "follow/begins": "From nothing, another epoch or below what is compacted, a follower gets Began and all that lives.",
      "follow/short": "What a follower begins with grows with what lives, and not with the history that led there.",
      "compact/state": "Compaction up to a seq drops what was replaced or deleted by then, and nothing else.",
      "compact/bounds": "Compaction beyond the head ends at the head, and one below what is compacted changes nothing.",
      "compact/under-way": "A follower that compaction has overtaken gets Began, and never misses a delete.",
      "status/truth":
        "Status tells the epoch that followers get, a last that covers every append, and how far is compacted.",
      "history/state":
        "History from 0 up to a seq that is not below what is compacted is what makes the state at that seq, in order.",
      "history/key": "History of a key is the entries of that key that are kept, and of no other.",
      "history/under-way": "History that compaction overtakes is whole or fails: it never tells a state that there was not.",
      "seal/closed":
        "A sealed log takes no new append and says that it was not applied; it can be followed and read, and tells of writes before, as ever.",
      "seal/point": "What was acknowledged lies before the seal, and nothing comes after it, however many are writing.",
      "reset/empty":
        "A log that was reset is empty, takes appends again, and tells its followers Began under another epoch.",
      "reset/forward": "After a reset every seq is greater than the one it was given, and than all before it.",
      "reset/apart": "A reset of one log leaves the others as they are.",
      "restart/kept":
        "What was acknowledged is there after a restart, under the same epoch; what was said not to be applied is not; calls under way end."
    }
  },
  Contract.method("append", {
    doc: "Adds an entry if `prev` is the key's last seq. `Unavailable` with `applied: unknown` is resolved by repeating it.",
    payload: { log: LogName, ...change },
    success: Seq,
    errors: [Conflict, TooLarge]
  }),
  Contract.method("barrier", {
    doc: "A seq that covers all that was acknowledged: who has followed up to it may answer a consistent read.",
    payload: { log: LogName },
    success: Seq,
    errors: []
  }),
  Contract.method("follow", {
    doc: "Entries without a gap, for ever: those after `since`, or from Began on when `since` cannot be continued.",
    payload: { log: LogName, since: Schema.optionalKey(Schema.Struct({ epoch: Schema.String, seq: Seq })) },
    success: Followed,
    stream: true,
    errors: []
  }),
  Contract.method("compact", {
    doc: "Forgets how the state at `seq` came about.",
    payload: { log: LogName, seq: Seq },
    errors: []
  }),
  Contract.method("status", {
    doc: "What is known of a log without reading it.",
    payload: { log: LogName },
    success: Status,
    errors: []
  }),
  Contract.method("history", {
    doc: "The entries that are kept after a seq, in order, and then the end; up to a seq, or to the head; of one key, or of all.",
    payload: { log: LogName, after: Seq, upTo: Schema.optionalKey(Seq), key: Schema.optionalKey(Schema.String) },
    success: Schema.Array(Entry),
    stream: true,
    errors: []
  }),
  Contract.method("seal", {
    doc: "From now on no append succeeds: what a move to another store begins with. Only a reset opens the log again.",
    payload: { log: LogName },
    errors: []
  }),
  Contract.method("reset", {
    doc: "Empties the log and goes on after a seq, under another epoch: for what is restored or moved here.",
    payload: { log: LogName, after: Seq },
    errors: []
  })
) {}
