/** What a runtime may offer besides: a contract each, so that "not supported" is a contract that nobody offers. */
import { Schema } from "effect"
import * as Contract from "../../../kernel/plugin/Contract.ts"

const { Boolean: Bool, Int, String: Text } = Schema
const { Bytes } = Contract

export class ContainerMissing extends Schema.TaggedError<ContainerMissing>()("ContainerMissing", { id: Text }) {}

/** A process is an id: what goes into it and comes out are calls and a stream of data, on every transport. */
export class Exec extends Contract.make<Exec>()(
  "kubelet/Exec",
  {
    version: "1.0.0",
    laws: {
      "exit/last": "The last output of a process is its exit code.",
      "close/kills": "A process whose output is no longer read is killed."
    }
  },
  Contract.method("start", {
    doc: "Starts a command in a running container. Returns the id of its process.",
    payload: { id: Text, command: Schema.Array(Text), tty: Bool, stdin: Bool },
    success: Text,
    errors: [ContainerMissing]
  }),
  Contract.method("input", {
    doc: "Bytes for stdin, its end, or the new size of the terminal.",
    payload: {
      process: Text,
      input: Schema.TaggedUnion({ Stdin: { bytes: Bytes }, End: {}, Size: { rows: Int, columns: Int } })
    },
    errors: []
  }),
  Contract.method("output", {
    doc: "What the process says, and then how it ended.",
    payload: { process: Text },
    success: Schema.TaggedUnion({ Stdout: { bytes: Bytes }, Stderr: { bytes: Bytes }, Exited: { code: Int } }),
    stream: true,
    errors: []
  })
) {}

export class Logs extends Contract.make<Logs>()(
  "kubelet/Logs",
  {
    version: "1.0.0",
    laws: { "lines/order": "Lines come in the order in which they were written, each once, also over a rotation." }
  },
  Contract.method("read", {
    doc: "The lines of a container, from `since` (RFC 3339) or the last `tail`, and with `follow` those to come.",
    payload: { id: Text, follow: Bool, tail: Schema.optionalKey(Int), since: Schema.optionalKey(Text) },
    success: Schema.Struct({ at: Text, stream: Schema.Literals(["stdout", "stderr"]), line: Bytes }),
    stream: true,
    errors: [ContainerMissing]
  })
) {}

export class Stats extends Contract.make<Stats>()(
  "kubelet/Stats",
  {
    version: "1.0.0",
    laws: { "sample/all": "A sample has every running container." }
  },
  Contract.method("sample", {
    doc: "CPU in nanoseconds since the start, memory in bytes.",
    success: Schema.Array(Schema.Struct({ id: Text, cpuNanoseconds: Int, memoryBytes: Int })),
    errors: []
  })
) {}
