/**
 * One write. The server's own protection against duplicates does not go together with compare-and-swap (what it answers to a
 * repeated write differs from version to version), so outcomes are found out here: a write is repeated as it was, which can
 * apply at most once, until the answer is definite; and what stands after `prev` tells whose it is.
 */
import { headers } from "@nats-io/transport-node"
import { Clock, Effect, Schema } from "effect"
import type { Unavailable } from "../../plugin/Contract.ts"
import { type Change, Conflict, type LogName, Sealed } from "../Log.ts"
import { codes, type JetStream } from "./JetStream.ts"
import { type Refused, unavailable } from "./Nats.ts"

export const header = {
  expected: "Nats-Expected-Last-Subject-Sequence",
  stream: "Nats-Expected-Stream",
  op: "K8s-Op",
  prev: "K8s-Prev",
  writeId: "K8s-Write-Id"
}

/** Milliseconds: how long one attempt waits for its answer, and after how long the caller is told that it is unknown. */
const patience = { attempt: 3000, all: 10_000 }
const pause = { rival: "5 millis", server: "100 millis" } as const

const Ack = Schema.Struct({ seq: Schema.Int })
const isAck = Schema.is(Ack)

const headersOf = ({ op, prev, writeId }: Change, stream: string) => {
  const all = headers()
  all.set(header.expected, `${prev}`)
  all.set(header.stream, stream)
  all.set(header.op, op === "put" ? "PUT" : "DEL")
  all.set(header.prev, `${prev}`)
  all.set(header.writeId, writeId)
  return all
}

const lastOf = (refused: Refused) => {
  const found = /wrong last sequence: (\d+)/.exec(refused.description)?.[1]
  return found === undefined ? undefined : Number(found)
}

export const make = ({ find, nats, subjects }: JetStream, log: LogName) => {
  /** Whether the key's entry after `prev` is this very write. A server that does not have it yet is asked again. */
  const resolve = Effect.fnUntraced(function* ({ key, prev, writeId }: Change, subject: string, said: number | undefined) {
    for (let attempt = 0; ; attempt++) {
      const next = yield* find({ next: subject, after: prev })
      if (next?.header(header.writeId) === writeId) return next.seq
      const last = said ?? (yield* find({ last: subject }))?.seq ?? 0
      if (next !== undefined || last <= prev || attempt === 3) return yield* new Conflict({ key, last })
      yield* Effect.sleep(pause.server)
    }
  })

  return Effect.fnUntraced(function* (change: Change) {
    const subject = subjects.object(change.key)
    const all = headersOf(change, subjects.stream)
    const deadline = (yield* Clock.currentTimeMillis) + patience.all
    let applied: "no" | "unknown" = "no"
    const attempt = nats.request(subject, change.bytes, all, patience.attempt).pipe(
      Effect.flatMap((answer) => (isAck(answer) ? Effect.succeed(answer.seq) : Effect.fail(unavailable("unknown", answer)))),
      Effect.catchTag(
        "Refused",
        (refused): Effect.Effect<number, Unavailable | Refused | Conflict> =>
          refused.code === codes.conflict ? resolve(change, subject, lastOf(refused)) : Effect.fail(refused)
      )
    )
    for (;;) {
      const outcome = yield* Effect.result(attempt)
      if (outcome._tag === "Success") return outcome.success
      const { failure } = outcome
      if (failure._tag === "Conflict") return yield* failure
      if (failure._tag === "Refused" && failure.code === codes.sealed) return yield* unavailable("no", new Sealed({ log }))
      if (failure._tag === "Unavailable" && failure.applied === "unknown") applied = "unknown"
      if ((yield* Clock.currentTimeMillis) >= deadline) {
        return yield* unavailable(applied, failure._tag === "Refused" ? failure.description : failure.cause)
      }
      yield* Effect.sleep(failure._tag === "Refused" && failure.code === codes.underWay ? pause.rival : pause.server)
    }
  })
}
