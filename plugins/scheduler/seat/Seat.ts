/**
 * Which scheduler of a cluster decides: of those that are there the one that came last. The others rest. Who leads is told so again and
 * again; where it does not answer, and nobody shall wait for it, the one before leads meanwhile.
 */
import { Context, Effect, Latch, Layer, Schedule, type Scope, Semaphore } from "effect"
import * as Plugin from "../../../kernel/plugin/Plugin.ts"
import type { Unavailable } from "../../../kernel/plugin/Contract.ts"
import type { Scheduler } from "../contracts/Scheduler.ts"

export interface Candidate {
  readonly name: string
  readonly scheduler: Scheduler["Service"]
  /** What becomes of Pods while it does not answer: they wait, or another leads. */
  readonly fallback: "Fail" | "Ignore"
}

interface Standing extends Candidate {
  /** What is told to lead and to rest: the handle, or itself while another version takes its place, to which the handle leads then. */
  self: Scheduler["Service"]
  /** It did not answer when it was asked last. */
  isAway: boolean
}

/** For how long one is told to lead, and how often. */
const term = 15_000
const renewal = "5 seconds"
/** After it did not answer. */
const soon = "250 millis"
/** How long one is waited for that shall rest. When its time is over it rests all the same. */
const patience = "10 seconds"

export class Seat extends Context.Service<
  Seat,
  {
    /** If it answers, it leads from now on, until the scope closes. `before`: the version that its handle led to until now. */
    readonly take: (candidate: Candidate, before?: Scheduler["Service"]) => Effect.Effect<void, Unavailable, Scope.Scope>
    /** Who leads now. */
    readonly leader: () => string | undefined
  }
>()("scheduler/Seat") {}

const make = Effect.gen(function* () {
  const turn = yield* Semaphore.make(1)
  const news = Latch.makeUnsafe()
  let all: ReadonlyArray<Standing> = []
  let current: Standing | undefined

  const told = (one: Standing) =>
    Effect.matchEffect(one.self.lead({ millis: term }), {
      onFailure: (error) =>
        Effect.andThen(
          one.isAway ? Effect.void : Effect.logWarning(`the scheduler ${one.name} does not answer: ${error.message}`),
          Effect.sync(() => (one.isAway = true))
        ),
      onSuccess: () => Effect.sync(() => (one.isAway = false))
    })
  /** One that leads no more may have ended: then it rests, too. */
  const rested = ({ self }: Standing) => Effect.ignore(Effect.timeout(self.rest(), patience))

  const chosen = () => all.findLast(({ fallback, isAway }) => !isAway || fallback === "Fail") ?? all.at(-1)
  const changeTo = Effect.fnUntraced(function* (next: Standing | undefined) {
    if (current === next) return
    if (current !== undefined) yield* rested(current)
    current = next
    if (next === undefined) return
    yield* told(next)
    yield* Effect.logInfo(`the scheduler ${next.name} leads`)
  })
  const settled = turn.withPermit(Effect.suspend(() => changeTo(chosen())))

  /** Who came later than the one that leads is asked whether it is back. */
  const lookFor = (one: Standing) =>
    Effect.matchEffect(one.self.describe(), {
      onFailure: () => Effect.void,
      onSuccess: () => Effect.sync(() => (one.isAway = false))
    })
  const renewed = turn.withPermit(
    Effect.gen(function* () {
      yield* Effect.forEach(
        all.filter((one) => one !== current && one.isAway),
        lookFor,
        { discard: true }
      )
      yield* changeTo(chosen())
      if (current !== undefined) yield* told(current)
      yield* changeTo(chosen())
    })
  )
  const keep = Effect.gen(function* () {
    yield* news.await
    const isCalm = all.every(({ isAway }) => !isAway)
    yield* Effect.sleep(isCalm ? renewal : soon)
    yield* renewed
  })
  yield* Plugin.background(Effect.repeat(keep, Schedule.forever))

  return Seat.of({
    leader: () => current?.name,
    take: Effect.fnUntraced(function* (candidate, before) {
      const { name, scheduler } = candidate
      const one: Standing = { ...candidate, self: scheduler, isAway: false }
      const reach = (self: Scheduler["Service"]) =>
        Effect.sync(() => all.filter((other) => other.name === name).forEach((other) => (other.self = self)))
      const put = Effect.sync(() => {
        all = [...all, one]
        news.openUnsafe()
      })
      const remove = Effect.sync(() => {
        all = all.filter((other) => other !== one)
        if (all.length === 0) news.closeUnsafe()
      })
      yield* Effect.acquireRelease(reach(before ?? scheduler), () => reach(scheduler))
      yield* scheduler.describe()
      yield* Effect.acquireRelease(Effect.andThen(put, settled), () => Effect.andThen(remove, settled))
    })
  })
})

export const layer = Layer.effect(Seat, make)
