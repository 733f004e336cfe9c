/**
 * Paths of the API's port for a plugin in another isolate: what is below `/plugins/NAME`, or a version of a group that the server does
 * not have. Whoever asks has been authenticated, and authorized for the path. Answers come in pieces, as they are made.
 */
import { Schema } from "effect"
import * as Contract from "../../../kernel/plugin/Contract.ts"

const { Array: List, Boolean: Bool, Int, Record, String: Text, Struct, TaggedUnion, optionalKey } = Schema

export const Description = Struct({
  name: Text,
  /** Each serves that path and all below it; the longest wins. */
  prefixes: List(Text),
  /** Its answers may last as long as somebody reads them: nobody waits for their end. */
  isLong: optionalKey(Bool)
})
export type Description = typeof Description.Type

export const Request = {
  method: Text,
  /** Decoded no further than the URL's path. */
  path: Text,
  /** Without the question mark. */
  query: Text,
  headers: Record(Text, Text),
  user: Struct({ name: Text, uid: optionalKey(Text), groups: List(Text), extra: optionalKey(Record(Text, List(Text))) }),
  body: Contract.Bytes
}
const request = Struct(Request)
export type Request = typeof request.Type

export const Piece = TaggedUnion({
  Head: { code: Int, type: Text, headers: Record(Text, Text) },
  Body: { bytes: Contract.Bytes }
})
export type Piece = typeof Piece.Type

export class RoutePoints extends Contract.make<RoutePoints>()(
  "apiserver/RoutePoints",
  {
    version: "1.0.0",
    laws: {
      "describe/same": "What it describes itself by is the same each time, and has a path.",
      "handle/head": "An answer begins with its head, and has no other.",
      "handle/other": "What there is nothing at is answered, too.",
      "handle/many": "It answers many at once."
    }
  },
  Contract.method("describe", {
    doc: "Its name, and the paths that it serves.",
    success: Description,
    errors: []
  }),
  Contract.method("handle", {
    doc: "The head of the answer, and its bytes.",
    payload: Request,
    success: Piece,
    stream: true,
    errors: []
  })
) {}
