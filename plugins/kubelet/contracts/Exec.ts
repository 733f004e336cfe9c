/** Commands in a running container. A process is an id: what goes into it and comes out are calls and a stream of data. */
import { Schema } from "effect"
import * as Contract from "../../../kernel/plugin/Contract.ts"

const { Array: List, Boolean: Bool, Int, String: Text, Struct, TaggedUnion } = Schema
const { Bytes } = Contract

export class ContainerMissing extends Schema.TaggedError<ContainerMissing>()("ContainerMissing", { id: Text }) {}
/** The command could not be started: it is not there, or may not be executed. */
export class CommandFailed extends Schema.TaggedError<CommandFailed>()("CommandFailed", { message: Text }) {}
export class CommandTimeout extends Schema.TaggedError<CommandTimeout>()("CommandTimeout", { seconds: Int }) {}

export class Exec extends Contract.make<Exec>()(
  "kubelet/Exec",
  {
    version: "1.0.0",
    laws: {
      "run/result": "A command that ran returns what it said, and its exit code.",
      "run/timeout": "A command that runs longer than it may fails with CommandTimeout.",
      "run/missing": "A command in a container that is not there fails with ContainerMissing.",
      "exit/last": "The last output of a process is its exit code.",
      "exit/refused":
        "A command that is not there ends with a failure, or a code that is not 0, and with words that name it.",
      "input/reaches": "What is put in reaches the process, and the end of it too.",
      "input/large": "More than anybody keeps in between arrives whole, in order."
    }
  },
  Contract.method("run", {
    doc: "Runs a command to its end: for probes and hooks.",
    payload: { id: Text, command: List(Text), timeoutSeconds: Int },
    success: Struct({ stdout: Bytes, stderr: Bytes, exitCode: Int }),
    errors: [ContainerMissing, CommandFailed, CommandTimeout]
  }),
  Contract.method("start", {
    doc: "Starts a command in a running container. Returns the id of its process, whose output has to be read.",
    payload: { id: Text, command: List(Text), tty: Bool, stdin: Bool },
    success: Text,
    errors: [ContainerMissing]
  }),
  Contract.method("attach", {
    doc: "The same for the container's own first process.",
    payload: { id: Text, tty: Bool, stdin: Bool },
    success: Text,
    errors: [ContainerMissing]
  }),
  Contract.method("input", {
    doc: "Bytes for stdin, its end, or the new size of the terminal.",
    payload: { process: Text, input: TaggedUnion({ Stdin: { bytes: Bytes }, End: {}, Size: { rows: Int, columns: Int } }) },
    errors: []
  }),
  Contract.method("output", {
    doc: "What the process says, and then how it ended. Who stops reading lets go of the process.",
    payload: { process: Text },
    success: TaggedUnion({
      Stdout: { bytes: Bytes },
      Stderr: { bytes: Bytes },
      Exited: { code: Int },
      /** It never ran. */
      Failed: { message: Text }
    }),
    stream: true,
    errors: []
  })
) {}
