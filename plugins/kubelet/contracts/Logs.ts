/** What containers have said. */
import { Schema } from "effect"
import * as Contract from "../../../kernel/plugin/Contract.ts"
import { ContainerMissing } from "./Exec.ts"

const { Boolean: Bool, Int, Literals, String: Text, Struct, optionalKey } = Schema

export class Logs extends Contract.make<Logs>()(
  "kubelet/Logs",
  {
    version: "1.0.0",
    laws: {
      "lines/order": "Lines come in the order in which they were written, each once, also over a rotation.",
      "lines/tail": "With `tail` the last so many lines come, and no others.",
      "follow/ends": "Following ends when the container has exited and all it said was read.",
      "read/missing": "Reading of a container that is not there fails with ContainerMissing."
    }
  },
  Contract.method("read", {
    doc: "The lines of a container, from `since` (RFC 3339) or the last `tail`, and with `follow` those to come.",
    payload: { id: Text, follow: Bool, tail: optionalKey(Int), since: optionalKey(Text) },
    /** `line` ends as the container ended it: with a newline, except where it flushed less than a line. */
    success: Struct({ at: Text, stream: Literals(["stdout", "stderr"]), line: Contract.Bytes }),
    stream: true,
    errors: [ContainerMissing]
  })
) {}
