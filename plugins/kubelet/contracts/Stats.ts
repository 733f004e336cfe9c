/** What containers use. */
import { Schema } from "effect"
import * as Contract from "../../../kernel/plugin/Contract.ts"

const { Array: List, Int, String: Text, Struct } = Schema

/** `uid` is the Pod's. */
export const Sample = Struct({
  id: Text,
  uid: Text,
  name: Text,
  at: Text,
  cpuNanoseconds: Int,
  memoryBytes: Int,
  workingSetBytes: Int
})
export type Sample = typeof Sample.Type

export class Stats extends Contract.make<Stats>()(
  "kubelet/Stats",
  { version: "1.0.0", laws: { "sample/all": "A sample has every running container." } },
  Contract.method("sample", {
    doc: "CPU in nanoseconds since the start, memory in bytes.",
    success: List(Sample),
    errors: []
  })
) {}
