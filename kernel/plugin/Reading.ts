/**
 * Streams over a wire, read the short way, as calls are (`Direct.ts`). What lies here for a reader, and what it has in hand, is bounded
 * in bytes: while it is too much the next chunk is not asked for, and the writer waits. Other readers of the wire wait for nobody.
 */
import { Cause, Effect, Exit, Fiber, Schema, Stream } from "effect"
import { type Rpc, RpcSchema } from "effect/rpc"
import { type Calls, exitReader, isTraced, type Begun } from "./Direct.ts"
import * as Outgoing from "./Outgoing.ts"

type AnyMethod = Rpc.Rpc<string, Schema.Codec<unknown>, Schema.Codec<unknown>, Schema.Codec<unknown>>
type Values = readonly [unknown, ...ReadonlyArray<unknown>]
type Pulled = Exit.Exit<Values, unknown>

/** So many bytes may lie here before the next chunk is asked for. */
const most = 1024 ** 2

/** What has come for one reader. */
const inbox = (acknowledge: () => void, decode: (values: unknown) => Values, broken: (cause: unknown) => unknown) => {
  const chunks: Array<{ readonly values: unknown; readonly bytes: number }> = []
  let [held, inHand, isOwed] = [0, 0, false]
  let end: Pulled | undefined
  let hand: ((pulled: Pulled) => void) | undefined
  const decoded = (values: unknown): Pulled => {
    try {
      return Exit.succeed(decode(values))
    } catch (cause) {
      return Exit.fail(broken(cause))
    }
  }
  const next = () => {
    if (hand === undefined) return
    const [chunk, give] = [chunks.shift(), hand]
    const pulled = chunk === undefined ? end : decoded(chunk.values)
    if (pulled === undefined) return
    hand = undefined
    inHand = chunk?.bytes ?? 0
    give(pulled)
  }
  /** What was in hand is done with. */
  const put = () => {
    held -= inHand
    inHand = 0
    if (!isOwed || held >= most) return
    isOwed = false
    acknowledge()
  }
  const close = (exit: Pulled) => {
    end ??= exit
    next()
  }
  return {
    close,
    hear: (values: unknown) => {
      if (end !== undefined) return
      if (isOwed) return close(Exit.fail(broken(new Error("it sends more than it was asked for"))))
      const bytes = Outgoing.sizeOf(values)
      held += bytes
      chunks.push({ values, bytes })
      isOwed = held >= most
      if (!isOwed) acknowledge()
      next()
    },
    pull: Effect.callback<Values, unknown>((resume) => {
      put()
      hand = resume
      next()
      return Effect.sync(() => (hand = undefined))
    })
  }
}

/** Of a chunk. A schema of a contract needs nothing to be read by, which the type of a method does not say. */
const valuesOf = ({ successSchema }: AnyMethod) =>
  Schema.NonEmptyArray(
    (RpcSchema.isStreamSchema(successSchema) ? successSchema.success : successSchema) as unknown as Schema.Codec<unknown>
  )

/** A method whose answer is a stream. `broken` and `traced` as for a call. */
export const reader = (
  calls: Calls["Service"],
  rpc: AnyMethod,
  broken: (cause: unknown, isSent: boolean) => unknown,
  traced: (payload: unknown) => Stream.Stream<unknown, unknown>
) => {
  const { begin, codecFor } = calls
  const encode = Schema.encodeUnknownSync(codecFor(rpc.payloadSchema))
  const decode = Schema.decodeUnknownSync(codecFor(valuesOf(rpc)))
  const readExit = exitReader(calls, rpc, broken)
  const opened = (payload: unknown) => {
    const box = inbox(
      () => way.acknowledge(),
      decode,
      (cause) => broken(cause, true)
    )
    const ended = (exit: unknown) => {
      const read = readExit(exit)
      box.close(Exit.isSuccess(read) ? Exit.fail(Cause.Done()) : Exit.failCause(read.cause))
    }
    const way: Begun = begin(rpc._tag, encode(payload), ended, box.hear)
    return { pull: box.pull, giveUp: way.giveUp }
  }
  return (payload: unknown): Stream.Stream<unknown, unknown> =>
    Stream.unwrap(
      Effect.suspend(() => {
        const fiber = Fiber.getCurrent()
        if (fiber !== undefined && isTraced(fiber)) return Effect.succeed(traced(payload))
        const opening = Effect.try({ try: () => opened(payload), catch: (cause) => broken(cause, false) })
        return Effect.map(
          Effect.acquireRelease(opening, ({ giveUp }) => Effect.sync(giveUp)),
          ({ pull }) => Stream.fromPull(Effect.succeed(pull))
        )
      })
    )
}
