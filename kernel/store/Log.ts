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

export class Log extends Contract.make<Log>()(
  "kernel/Log",
  {
    version: "1.0.0",
    laws: {
      "append/order": "Every append to a log gets a greater seq than all appends to it before.",
      "append/one-winner":
        "Of concurrent appends to a key with one prev one succeeds; the others are Conflict with its seq.",
      "append/again": "An append repeated with its write id returns the seq it got and adds nothing.",
      "append/again-later":
        "That holds also when the key has moved on, and when both are under way at once, until the entry is compacted.",
      "append/after-delete": "A key that was deleted is created anew with the delete's seq as prev, and not with 0.",
      "append/size": "An entry of up to 1.5 MiB is taken; a larger one is TooLarge and adds nothing.",
      "append/apart": "Logs have their own keys and order: an append to one is not seen in another.",
      "barrier/covers": "A barrier is not below any append that was acknowledged before it was asked for.",
      "barrier/reached": "A follower is told of every barrier, also when nothing else is written.",
      "follow/faithful":
        "A follower gets key, op, bytes, prev and write id as they were appended, whatever the key's letters.",
      "follow/complete": "A follower gets every entry after the seq it names, once and in order, and goes on with new ones.",
      "follow/begins": "From nothing, another epoch or below what is compacted, a follower gets Began and all that lives.",
      "compact/state": "Compaction up to a seq drops what was replaced or deleted by then, and nothing else.",
      "compact/under-way": "A follower that compaction has overtaken gets Began, and never misses a delete."
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
  })
) {}
