/**
 * Bodies of `application/vnd.kubernetes.protobuf`, which every typed Go client sends and asks for with built-in kinds. Custom
 * kinds have no messages, and their clients speak JSON. Source: API concepts, "Kubernetes Protobuf encoding".
 */
import { Result, type Schema } from "effect"
import protobuf from "protobufjs/minimal.js"
import * as Codec from "./Codec.ts"
import { head, isEnvelope, tail } from "./Envelope.ts"
import { ofKind } from "./Messages.ts"

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

/** Whether objects of a kind can be sent so. */
export const knows = ({ apiVersion, kind }: { readonly apiVersion: string; readonly kind: string }) =>
  ofKind(apiVersion, kind) !== undefined

/** An object as it stands in a list; of a kind that is known. */
export const itemOf = (object: Schema.JsonObject): Uint8Array => Codec.encodeMessage(object) ?? nothing
const nothing = new Uint8Array()

/**
 * A list of items that are encoded already. Its length stands at its beginning, so that all have to be there before the first
 * byte is: until then each item yields nothing, which lets others have their turn.
 */
export const list = function* (
  about: { readonly apiVersion: string; readonly kind: string; readonly metadata: Schema.JsonObject },
  items: Iterable<Uint8Array>
): Generator<Uint8Array> {
  const pieces = [itemOf(about)]
  for (const item of items) {
    pieces.push(protobuf.Writer.create().uint32(18).uint32(item.length).finish(), item)
    yield nothing
  }
  yield head(
    about,
    pieces.reduce((sum, { length }) => sum + length, 0)
  )
  yield* pieces
  yield tail
}

export const watchType = `${mediaType};stream=watch`

/** One event of a watch, with its length before it. `object` in its envelope. */
export const frame = (type: string, object: Uint8Array): Uint8Array => {
  const writer = protobuf.Writer.create()
  const event = writer.uint32(10).string(type).uint32(18).fork().uint32(10).bytes(object).ldelim().finish()
  const length = Buffer.alloc(4)
  length.writeUInt32BE(event.length)
  return Buffer.concat([length, event])
}
