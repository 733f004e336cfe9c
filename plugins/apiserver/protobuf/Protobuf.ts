/**
 * Bodies of `application/vnd.kubernetes.protobuf`, which every typed Go client sends for built-in kinds. Custom kinds have no
 * messages, and their clients speak JSON. Source: API concepts, "Kubernetes Protobuf encoding".
 */
import { Result, type Schema } from "effect"
import * as Codec from "./Codec.ts"
import { isEnvelope } from "./Envelope.ts"

export const mediaType = "application/vnd.kubernetes.protobuf"

/** The object in wire form, with `apiVersion` and `kind`; or why there is none. */
export const decodeBody = (bytes: Uint8Array): Result.Result<Schema.JsonObject, string> => {
  if (!isEnvelope(bytes))
    return Result.fail("provided data does not appear to be a protobuf message, expected prefix [107 56 115 0]")
  try {
    return Result.succeed(Codec.decode(bytes))
  } catch (error) {
    // The library throws at what it cannot read, and so does JSON inside of a message.
    return Result.fail(error instanceof Error ? error.message : String(error))
  }
}

/** `undefined`: there is no message for it, and it has to be sent as JSON. */
export const encodeBody = (object: Schema.JsonObject): Uint8Array | undefined => Codec.encode(object)
