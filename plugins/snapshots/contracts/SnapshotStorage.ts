/** Where snapshots are kept: what the keeper of snapshots needs of a folder, or of a store of objects somewhere. */
import { Schema } from "effect"
import * as Contract from "../../../kernel/plugin/Contract.ts"

/** What a snapshot may be called: a file's name, and no path. */
export const Name = Schema.String.check(
  Schema.isPattern(/^[A-Za-z0-9][-A-Za-z0-9._]{0,199}$/, { expected: "letters, digits, '-', '_' and '.'" })
)
export const Kept = Schema.Struct({
  name: Schema.String,
  bytes: Schema.Int,
  /** When it was completed, in milliseconds since 1970. */
  time: Schema.Int
})
export type Kept = typeof Kept.Type

export class NoSuchSnapshot extends Schema.TaggedError<NoSuchSnapshot>()("NoSuchSnapshot", { name: Schema.String }) {
  override get message() {
    return `there is no snapshot ${this.name}`
  }
}

export class SnapshotStorage extends Contract.make<SnapshotStorage>()(
  "snapshots/SnapshotStorage",
  {
    version: "1.0.0",
    laws: {
      "write/whole": "A snapshot is listed, and can be read, when it was completed and not before.",
      "write/faithful": "What is read is what was added, in its order, whatever the sizes of the pieces.",
      "write/abandoned": "What was abandoned is never listed, and abandoning it again succeeds.",
      "write/again": "A snapshot that is completed under the name of another takes its place whole.",
      "write/apart": "Several can be written at once, and do not mix.",
      "read/again": "What is to be read can be read a second time, from its beginning.",
      "read/missing": "Reading what is not there is NoSuchSnapshot.",
      "list/all": "All that were completed are listed, in the order of their names, with their sizes.",
      "remove/again": "What was removed is not listed any more, and removing it again succeeds."
    }
  },
  Contract.method("list", { doc: "What is there.", success: Schema.Array(Kept), errors: [] }),
  Contract.method("read", {
    doc: "The bytes of one, in pieces.",
    payload: { name: Name },
    success: Contract.Bytes,
    stream: true,
    errors: [NoSuchSnapshot]
  }),
  Contract.method("begin", {
    doc: "Begins to write one. What is never completed is cleaned up by whoever keeps the storage.",
    payload: { name: Name },
    success: Schema.String,
    errors: []
  }),
  Contract.method("add", {
    doc: "Adds to what was begun. One after another.",
    payload: { id: Schema.String, bytes: Contract.Bytes },
    errors: []
  }),
  Contract.method("complete", { doc: "All was added: it is kept.", payload: { id: Schema.String }, errors: [] }),
  Contract.method("abandon", { doc: "It will not be completed.", payload: { id: Schema.String }, errors: [] }),
  Contract.method("remove", { doc: "It is not needed any more.", payload: { name: Name }, errors: [] })
) {}
