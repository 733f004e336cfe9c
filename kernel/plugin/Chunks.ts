/** Streams, as they are written to a wire: never more at once than its other end has asked for, in pieces that leave room for others. */
import { Effect, Latch } from "effect"
import type { RpcMessage } from "effect/rpc"
import * as Outgoing from "./Outgoing.ts"

type Chunk = Extract<RpcMessage.FromServerEncoded, { readonly _tag: "Chunk" }>

export interface Chunks {
  readonly say: (chunk: Chunk) => Effect.Effect<void>
  /** Whether it was about something that was said here, of which nobody else knows. */
  readonly hear: (message: { readonly _tag: string; readonly requestId?: string | number }) => boolean
}

/** So many bytes go as one piece, or one value that is larger. */
const most = 1024 ** 2

/** Each with its size. */
const piecesOf = (chunk: Chunk) => {
  const all: Array<{ readonly message: Chunk; readonly bytes: number }> = []
  let [values, bytes]: [Array<unknown>, number] = [[], 0]
  const cut = () => {
    const [first, ...rest] = values
    all.push({ message: { ...chunk, values: [first, ...rest] }, bytes })
    ;[values, bytes] = [[], 0]
  }
  for (const value of chunk.values) {
    const size = Outgoing.sizeOf(value)
    if (values.length > 0 && bytes + size > most) cut()
    values.push(value)
    bytes += size
  }
  cut()
  return all
}

/** Says it when there is room. */
export const sent = (out: Outgoing.Outgoing, message: unknown, bytes: number) =>
  Effect.suspend(() => {
    if (!out.isFull()) return Effect.sync(() => out.say(message, bytes))
    return Effect.callback<void>((resume) => {
      const giveUp = out.whenRoom(() => {
        out.say(message, bytes)
        resume(Effect.void)
      })
      return Effect.sync(giveUp)
    })
  })

/** Of the pieces of a chunk all but the last are acknowledged here: the stream goes on when that is. */
export const over = (out: Outgoing.Outgoing): Chunks => {
  const unheard = new Map<string | number, Latch.Latch>()
  return {
    say: (chunk) => {
      const { requestId } = chunk
      const pieces = piecesOf(chunk)
      return Effect.forEach(
        pieces,
        ({ bytes, message }, index) => {
          if (index === pieces.length - 1) return sent(out, message, bytes)
          const latch = Latch.makeUnsafe(false)
          unheard.set(requestId, latch)
          return Effect.andThen(sent(out, message, bytes), latch.await).pipe(
            Effect.ensuring(Effect.sync(() => unheard.delete(requestId)))
          )
        },
        { discard: true }
      )
    },
    hear: ({ _tag, requestId = "" }) => _tag === "Ack" && unheard.get(requestId)?.openUnsafe() === true
  }
}
