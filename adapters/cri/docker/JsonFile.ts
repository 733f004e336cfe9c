/** Docker's log files: an object a line, with what was said, by which stream, and when. What is not a whole line has no newline. */
import { Option, Schema } from "effect"
import type { Parse } from "../LogFile.ts"

const { Literals, String: Text, Struct } = Schema

const Entry = Schema.fromJsonString(Struct({ log: Text, stream: Literals(["stdout", "stderr"]), time: Text }))

export const parse: Parse = (bytes) => {
  const entry = Option.getOrUndefined(Schema.decodeOption(Entry)(bytes.toString("utf8")))
  return entry && { at: entry.time, stream: entry.stream, line: Buffer.from(entry.log) }
}
