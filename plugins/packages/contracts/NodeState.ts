/** What a node tells of the packages that it runs, in an annotation of its Node: only the node itself may write that. */
import { Schema } from "effect"

const { Array: List, Int, Record, String: Text, Struct, optionalKey } = Schema

export const annotation = "plugins.keelson.io/state"

export const PluginOnNode = Struct({
  /** As in the status of a Plugin. */
  state: Text,
  reason: optionalKey(Text),
  version: optionalKey(Text),
  digest: optionalKey(Text),
  isolation: optionalKey(Text),
  restarts: optionalKey(Int),
  errors: optionalKey(Int),
  /** Why the last of these calls failed. */
  lastError: optionalKey(Text),
  /** Why and when it died last. */
  lastDeath: optionalKey(Struct({ reason: Text, finishedAt: Text })),
  offers: optionalKey(List(Text)),
  /** Why what was wished for gave its place back. */
  rolledBack: optionalKey(Text),
  /** Of the object that was looked at. */
  generation: optionalKey(Int)
})
export type PluginOnNode = typeof PluginOnNode.Type

export const NodeState = Struct({
  /** The contracts of which it takes packages. */
  takes: List(Text),
  plugins: Record(Text, PluginOnNode)
})
export type NodeState = typeof NodeState.Type

export const decode = Schema.decodeUnknownOption(Schema.fromJsonString(NodeState))
