/**
 * A slot is a stable handle on a service whose implementation can be replaced while it is called: new calls go to the new
 * one, calls under way end on the old one. A call runs in a fiber of the implementation, not of the caller, so that it is
 * counted, ends with the implementation's scope, and an implementation that throws fails this one call.
 */
import { Cause, Context, type Duration, Effect, Effectable, Exit, Fiber, FiberSet, Scope, Stream } from "effect"
import * as Contract from "./Contract.ts"
import type * as Meter from "./Meter.ts"
import * as Origin from "./Origin.ts"

/** Something that runs: the calls it has not answered yet, and all that ends with it. */
export interface Instance {
  readonly calls: FiberSet.FiberSet<unknown, unknown>
  readonly scope: Scope.Closeable
  readonly meter: Meter.Meter
}

/** Made after what it serves, so that closing the scope ends the calls before the things they use. */
export const instance = (scope: Scope.Closeable, meter: Meter.Meter) =>
  FiberSet.make().pipe(
    Scope.provide(scope),
    Effect.map((calls): Instance => ({ calls, scope, meter }))
  )

/** Lets calls under way end until `drain` is over. Closing the scope ends those that are left. */
export const retire = ({ calls, scope }: Instance, drain: Duration.Input) =>
  FiberSet.awaitEmpty(calls).pipe(Effect.timeoutOption(drain), Effect.andThen(Scope.close(scope, Exit.void)))

export interface Slot<S> {
  /** What consumers hold. */
  readonly handle: S
  readonly instance: () => Instance | undefined
  /** Sends new calls to this service of this instance; returns the instance they went to before. */
  readonly fill: (instance: Instance, service: S) => Instance | undefined
  /** Sends calls nowhere, if they went to this instance. */
  readonly clear: (instance: Instance) => void
  /** Its handle has from now on what a newer version of the contract has besides. */
  readonly grow: (contract: Contract.Contract<unknown, unknown>) => void
}

/** A method found by its tag: which of the two it is stands in the contract. */
type Method = ((payload: unknown) => Effect.Effect<unknown, unknown>) &
  ((payload: unknown) => Stream.Stream<unknown, unknown>)
type Methods = { readonly [tag: string]: Method }

const succeeded = Object.getPrototypeOf(Exit.void)
/** An answer that is there already. `Exit.isExit` costs more: it looks through all prototypes of what is none. */
const isThere = (answer: Effect.Effect<unknown, unknown>): answer is Exit.Success<unknown> =>
  Object.getPrototypeOf(answer) === succeeded

export const make = <Self, S>(contract: Contract.Contract<Self, S>): Slot<S> => {
  let current: { readonly instance: Instance; readonly methods: Methods } | undefined
  const unavailable = (applied: "no" | "unknown", cause: unknown) =>
    Effect.fail(new Contract.Unavailable({ contract: contract.key, applied, cause }))

  /** Only errors of the contract pass. A defect, or the end of the implementation, is not the caller's. */
  const settle = (exit: Exit.Exit<unknown, unknown>, meter: Meter.Meter, began: number) => {
    const took = began < 0 ? began : performance.now() - began
    if (Exit.isSuccess(exit)) {
      meter.count(took, true)
      return exit
    }
    const isFailure = Cause.hasFails(exit.cause)
    const why = Cause.squash(exit.cause)
    const error = Cause.hasInterruptsOnly(exit.cause)
      ? "it has ended before it answered"
      : isFailure
        ? why
        : Origin.placed(why)
    meter.count(took, isFailure && !(error instanceof Contract.Unavailable), error)
    return isFailure ? exit : unavailable("unknown", error)
  }

  /** What is thrown before there is an effect is a defect like any other. */
  const answerOf = (method: Method, payload: unknown): Effect.Effect<unknown, unknown> => {
    try {
      return method(payload)
    } catch (defect) {
      return Exit.die(defect)
    }
  }

  const begin = (tag: string, payload: unknown): Effect.Effect<unknown, unknown> => {
    if (current === undefined) return unavailable("no", "nothing serves it")
    const { calls, meter } = current.instance
    const began = meter.isTimed() ? performance.now() : -1
    const answer = answerOf(current.methods[tag]!, payload)
    if (isThere(answer)) return settle(answer, meter, began)
    const fiber = Effect.runForkWith(Fiber.getCurrent()?.context ?? Context.empty())(answer)
    const exit = fiber.pollUnsafe()
    if (exit !== undefined) return settle(exit, meter, began)
    FiberSet.addUnsafe(calls, fiber)
    return Fiber.await(fiber).pipe(
      Effect.onInterrupt(() => Fiber.interrupt(fiber)),
      Effect.flatMap((exit) => settle(exit, meter, began))
    )
  }

  /** Begins whenever it is run. An object with what it needs costs less than a function that knows it. */
  const call = (tag: string) => {
    class Call extends Effectable.Class<unknown, unknown> {
      readonly payload: unknown
      constructor(payload: unknown) {
        super()
        this.payload = payload
      }
      asEffect() {
        return begin(tag, this.payload)
      }
    }
    return (payload: unknown): Effect.Effect<unknown, unknown> => new Call(payload)
  }

  /** A stream counts as one call for as long as it is read, and fails when its implementation is retired. */
  const stream = (tag: string) => (payload: unknown) =>
    Stream.unwrap(
      Effect.gen(function* () {
        if (current === undefined) return yield* unavailable("no", "nothing serves it")
        const open: (payload: unknown) => Stream.Stream<unknown, unknown> = current.methods[tag]!
        const place = yield* FiberSet.run(current.instance.calls, Effect.never)
        yield* Effect.addFinalizer(() => Fiber.interrupt(place))
        const retired = Effect.andThen(Fiber.await(place), unavailable("unknown", "retired"))
        return open(payload).pipe(
          Stream.interruptWhen(retired),
          Stream.catchDefect((defect) => Stream.fromEffect(unavailable("unknown", Origin.placed(defect))))
        )
      })
    )

  const methodsOf = <T>(contract: Contract.Contract<unknown, T>) =>
    Contract.derive(contract, (tag, streams) => (streams ? stream(tag) : call(tag)))
  const handle = methodsOf(contract)

  return {
    handle,
    grow: (newer) => {
      const known = new Set(Object.keys(handle as Methods))
      if (newer.group.requests.keys().every((tag) => known.has(tag))) return
      Object.assign(handle as Methods, { ...(methodsOf(newer) as Methods), ...handle })
    },
    instance: () => current?.instance,
    fill: (instance, service) => {
      const before = current?.instance
      // `S` is what the methods of the contract were computed into.
      current = { instance, methods: service as Methods }
      return before
    },
    clear: (instance) => {
      if (current?.instance === instance) current = undefined
    }
  }
}
