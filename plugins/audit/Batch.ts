/** Events that go on together: as many as there are after a while, in order; tried again while the other end does not take them. */
import { type Duration, Effect, Latch, Schedule } from "effect"
import type { Event } from "./contracts/Auditor.ts"

export interface Options {
  /** How many may wait: what comes then is lost, and counted. */
  readonly bufferSize: number
  readonly maxSize: number
  readonly maxWait: Duration.Input
  /** Before the first time that a batch is tried again; longer with each. */
  readonly initialBackoff: Duration.Input
  readonly lost: (count: number) => void
}

export const byDefault = {
  bufferSize: 10_000,
  maxSize: 400,
  maxWait: "30 seconds",
  initialBackoff: "10 seconds"
} as const

/** Before it ends it sends what there is, once. */
export const make = Effect.fnUntraced(function* <E>(
  send: (events: ReadonlyArray<Event>) => Effect.Effect<void, E>,
  { bufferSize, initialBackoff, lost, maxSize, maxWait }: Options
) {
  const waiting: Array<Event> = []
  const some = yield* Latch.make()
  const full = yield* Latch.make()
  const next = Effect.gen(function* () {
    yield* some.await
    yield* Effect.timeoutOption(full.await, maxWait)
    const batch = waiting.slice(0, maxSize)
    yield* send(batch).pipe(
      Effect.tapError((error) => Effect.logWarning("audit events are not taken", error)),
      Effect.retry(Schedule.min([Schedule.exponential(initialBackoff), Schedule.spaced("1 minute")]))
    )
    waiting.splice(0, batch.length)
    if (waiting.length === 0) some.closeUnsafe()
    if (waiting.length < maxSize) full.closeUnsafe()
  })
  yield* Effect.addFinalizer(() =>
    Effect.suspend(() =>
      waiting.length === 0 ? Effect.void : Effect.ignore(Effect.timeoutOption(send(waiting), "2 seconds"))
    )
  )
  yield* Effect.forkScoped(Effect.forever(next))
  return (event: Event): void => {
    if (waiting.length >= bufferSize) lost(1)
    else waiting.push(event)
    some.openUnsafe()
    if (waiting.length >= maxSize) full.openUnsafe()
  }
})
