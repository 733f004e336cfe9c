/**
 * Appends that wait go to the server together, as one atomic batch: it is written to the disk once, where each append of its
 * own would be once. A batch is done or not done as a whole, so that one append that cannot succeed holds up the others; these
 * are then sent again without it. Each key is under way once at a time, and no more batches than the server can overlap.
 */
import { nuid } from "@nats-io/transport-node"
import { Effect, Schema } from "effect"
import type { Unavailable } from "../../plugin/Contract.ts"
import type { Change } from "../Log.ts"
import { codes, type JetStream } from "./JetStream.ts"
import { header, headersOf } from "./Message.ts"
import { type Refused, unavailable } from "./Nats.ts"

/** Milliseconds that one attempt waits for its answer. */
export const attempt = 3000

type Failure = Unavailable | Refused

interface Waiting {
  readonly change: Change
  readonly subject: string
  readonly tell: (outcome: Effect.Effect<number, Failure>) => void
  /** It was in a batch that was refused for another. */
  again: boolean
}

/** At most this goes in one batch: the server takes 1000 messages. */
const most = { messages: 256, bytes: 2 * 1024 * 1024 }
const flights = 2
/**
 * From how many on a batch is sooner done than they are one by one, measured with flushes of 0.2 and of 5 ms. On one server a
 * batch is staged in a file of its own first, on several it is staged in memory.
 */
const least = { 1: 8, 3: 2 } as const

const Ack = Schema.Struct({ seq: Schema.Int })
const isAck = Schema.is(Ack)

const isContested = (failure: Failure) =>
  failure._tag === "Refused" && (failure.code === codes.conflict || failure.code === codes.underWay)

/** What of them may go at the same time: each subject once, and not more than a server takes at once. */
const takeFrom = (queue: Array<Waiting>, busy: ReadonlySet<string>) => {
  const taken = new Map<string, Waiting>()
  const left: Array<Waiting> = []
  let bytes = 0
  for (const waiting of queue) {
    const { change, subject } = waiting
    const fits = taken.size < most.messages && (taken.size === 0 || bytes + change.bytes.length <= most.bytes)
    if (!fits || busy.has(subject) || taken.has(subject)) left.push(waiting)
    else {
      taken.set(subject, waiting)
      bytes += change.bytes.length
    }
  }
  return { taken: [...taken.values()], left }
}

export const make = Effect.fnUntraced(function* ({ find, hasBatches, nats, replicas, subjects }: JetStream) {
  let queue: Array<Waiting> = []
  const busy = new Set<string>()
  let flying = 0
  let isPlanned = false
  let isClosed = false

  const answered = (answer: unknown) =>
    isAck(answer) ? Effect.succeed(answer.seq) : Effect.fail(unavailable("unknown", answer))

  /** Sends one by itself. */
  const alone = (change: Change, subject: string): Effect.Effect<number, Failure> =>
    Effect.flatMap(nats.request(subject, change.bytes, headersOf(change, subjects.stream), attempt), answered)

  /** Sends all but the last without waiting: what the server says to the last it says of all. */
  const together = (all: ReadonlyArray<Waiting>): Effect.Effect<number, Failure> =>
    Effect.suspend(() => {
      const batch = nuid.next()
      const messages = all.map(({ change, subject }, index) => {
        const headers = headersOf(change, subjects.stream)
        headers.set(header.batch, batch)
        headers.set(header.place, `${index + 1}`)
        return { subject, bytes: change.bytes, headers }
      })
      const last = messages.pop()
      if (last === undefined) return Effect.fail(unavailable("no", "nothing was to be sent"))
      last.headers.set(header.commit, "1")
      for (const { bytes, headers, subject } of messages) nats.connection.publish(subject, bytes, { headers })
      return Effect.flatMap(nats.request(last.subject, last.bytes, last.headers, attempt), answered)
    }).pipe(Effect.catchDefect((cause) => Effect.fail(unavailable("unknown", cause))))

  const finish = (waiting: Waiting, outcome: Effect.Effect<number, Failure>) => {
    busy.delete(waiting.subject)
    waiting.tell(outcome)
  }
  const eachAlone = (all: ReadonlyArray<Waiting>) =>
    Effect.forEach(
      all,
      (waiting) => Effect.map(Effect.exit(alone(waiting.change, waiting.subject)), (outcome) => finish(waiting, outcome)),
      { concurrency: "unbounded", discard: true }
    )

  /** Those whose key has moved on are told so one by one; the others wait for the next batch, but only once. */
  const sort = (all: ReadonlyArray<Waiting>) =>
    Effect.forEach(
      all,
      Effect.fnUntraced(function* (waiting) {
        const found = yield* Effect.result(find({ last: waiting.subject }))
        const isMoot = found._tag === "Failure" || (found.success?.seq ?? 0) !== waiting.change.prev
        if (isMoot || waiting.again) return [waiting]
        waiting.again = true
        busy.delete(waiting.subject)
        queue.push(waiting)
        return []
      }),
      { concurrency: "unbounded" }
    ).pipe(Effect.flatMap((some) => eachAlone(some.flat())))

  const batched = Effect.fnUntraced(function* (all: ReadonlyArray<Waiting>) {
    const result = yield* Effect.result(together(all))
    if (result._tag === "Success") {
      const first = result.success - all.length + 1
      all.forEach((waiting, index) => finish(waiting, Effect.succeed(first + index)))
    } else if (isContested(result.failure)) yield* sort(all)
    else if (result.failure._tag === "Refused") yield* eachAlone(all)
    else for (const waiting of all) finish(waiting, Effect.fail(result.failure))
  })

  const fly = (all: ReadonlyArray<Waiting>) => {
    flying++
    for (const { subject } of all) busy.add(subject)
    const flight = hasBatches && all.length >= least[replicas] ? batched(all) : eachAlone(all)
    Effect.runFork(
      Effect.ensuring(
        flight,
        Effect.sync(() => {
          flying--
          pump()
        })
      )
    )
  }

  const pump = () => {
    isPlanned = false
    // Without batches there is nothing to gather for.
    while (queue.length > 0 && (flying < flights || !hasBatches)) {
      const { left, taken } = takeFrom(queue, busy)
      if (taken.length === 0) return
      queue = left
      fly(taken)
    }
  }

  yield* Effect.addFinalizer(() =>
    Effect.sync(() => {
      isClosed = true
      for (const { tell } of queue.splice(0)) tell(Effect.fail(unavailable("no", "the log is closed")))
    })
  )

  /** Sent with what else is to be sent now, or next. */
  const append = (change: Change, subject: string): Effect.Effect<number, Failure> =>
    Effect.callback((tell) => {
      if (isClosed) return tell(Effect.fail(unavailable("no", "the log is closed")))
      queue.push({ change, subject, tell, again: false })
      if (isPlanned) return
      isPlanned = true
      // All that this turn of the event loop brings is sent together.
      setImmediate(pump)
    })
  return { append, alone }
})
