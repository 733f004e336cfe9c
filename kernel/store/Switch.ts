/**
 * The log in a store that can be left for another one while it is used. Who appends waits for a moment, and goes on there; who
 * follows is told that everything begins anew, at revisions beyond all before.
 */
import { type Cause, Clock, Context, Deferred, Effect, Exit, Latch, Layer, Scope, Stream } from "effect"
import { Log, names } from "./Log.ts"
import * as Move from "./Move.ts"

type Service = Log["Service"]

export interface Destination<E, E2> {
  readonly layer: Layer.Layer<Log, E>
  readonly force?: boolean
  readonly record: (id: string) => Effect.Effect<void, E2>
  readonly onStep?: (step: Move.Step, detail: string) => Effect.Effect<void>
}

export interface Moved {
  readonly entries: number
  /** For how long appends had to wait, in milliseconds. */
  readonly held: number
}

/** The log as it is stored, whatever is wrapped around `Log` in this process: what snapshots are made of. */
export const Stored = Context.Reference<Service | undefined>("kernel/Stored", { defaultValue: () => undefined })

export class Switch extends Context.Service<
  Switch,
  {
    readonly move: <E, E2>(
      to: Destination<E, E2>
    ) => Effect.Effect<Moved, E | E2 | Move.MoveRefused | Effect.Error<ReturnType<Service["status"]>>>
  }
>()("kernel/Switch") {}

interface Store {
  readonly log: Service
  readonly scope: Scope.Closeable
  /** Done when it has been left. */
  readonly left: Deferred.Deferred<void>
}

/** So long an append may take that was sent before the others were held back. */
const patience = "10 seconds"
/** Who reads from the old store comes to an end. */
const farewell = "5 seconds"

const open = Effect.fnUntraced(function* <E>(layer: Layer.Layer<Log, E>, parent: Scope.Scope) {
  const scope = yield* Scope.fork(parent)
  const context = yield* Effect.onError(Layer.buildWithScope(layer, scope), (cause) =>
    Scope.close(scope, Exit.failCause(cause))
  )
  const store: Store = { log: Context.get(context, Log), scope, left: Deferred.makeUnsafe() }
  return store
})

const make = Effect.fnUntraced(function* <E>(first: Layer.Layer<Log, E>) {
  const parent = yield* Effect.scope
  let current = yield* open(first, parent)
  let isMoving = false
  /** Open when appends may go on. */
  let held: Latch.Latch | undefined
  let underWay = 0
  const idle = Latch.makeUnsafe(true)

  const append: Service["append"] = (change) =>
    Effect.suspend(() => {
      if (held !== undefined) return Effect.andThen(held.await, append(change))
      underWay++
      idle.closeUnsafe()
      return Effect.ensuring(
        current.log.append(change),
        Effect.sync(() => {
          if (--underWay === 0) idle.openUnsafe()
        })
      )
    })

  /** From the one store and, when that is left, from the next. */
  const follow: Service["follow"] = (request) =>
    Stream.suspend(() => {
      const { left, log } = current
      const here = Stream.interruptWhen(log.follow(request), Deferred.await(left))
      return Stream.concat(here, follow({ log: request.log }))
    })

  const log = Log.of({
    append,
    follow,
    barrier: (request) => Effect.suspend(() => current.log.barrier(request)),
    // What is being copied is not thrown away meanwhile.
    compact: (request) => Effect.suspend(() => (isMoving ? Effect.void : current.log.compact(request))),
    status: (request) => Effect.suspend(() => current.log.status(request)),
    history: (request) => Stream.suspend(() => current.log.history(request)),
    seal: (request) => Effect.suspend(() => current.log.seal(request)),
    reset: (request) => Effect.suspend(() => current.log.reset(request))
  })

  const hold = Effect.suspend(() => {
    held = Latch.makeUnsafe(false)
    return Effect.timeoutOrElse(idle.await, {
      duration: patience,
      orElse: () => Effect.fail(Move.refused("a write that was under way did not come to its end"))
    })
  })
  const release = Effect.sync(() => {
    held?.openUnsafe()
    held = undefined
  })

  const leave = Effect.fnUntraced(function* (old: Store, onStep: (step: Move.Step, detail: string) => Effect.Effect<void>) {
    const seal = Effect.forEach(names, (name) => old.log.seal({ log: name }), { discard: true })
    yield* Effect.catch(seal, (cause) => Effect.logWarning("the old store could not be sealed", cause))
    yield* onStep("sealed", "")
    yield* Effect.forkIn(Effect.andThen(Effect.sleep(farewell), Scope.close(old.scope, Exit.void)), parent)
  })

  /** Nobody writes to the old one again once it is recorded that the other is the one: from there on nothing interrupts it. */
  const moved = <E1, E2>({ force = false, layer, onStep = () => Effect.void, record }: Destination<E1, E2>) =>
    Effect.uninterruptibleMask(
      Effect.fnUntraced(function* (restore) {
        const old = current
        const next = yield* restore(open(layer, parent))
        const undo = (cause: Cause.Cause<unknown>) => Effect.andThen(release, Scope.close(next.scope, Exit.failCause(cause)))
        const bring = restore(Move.bring(old.log, next.log, { force, hold, onStep }))
        const { entries, heldAt, id } = yield* Effect.onError(bring, undo)
        yield* Effect.onError(record(id), undo)
        yield* onStep("recorded", "")
        yield* Move.finish(next.log)
        yield* onStep("whole", "")
        current = next
        const waited = (yield* Clock.currentTimeMillis) - heldAt
        yield* release
        yield* Deferred.succeed(old.left, undefined)
        yield* onStep("switched", `writes waited ${waited} ms`)
        yield* leave(old, onStep)
        const result: Moved = { entries, held: waited }
        return result
      })
    )

  const move: Switch["Service"]["move"] = (to) =>
    Effect.suspend(() => {
      if (isMoving) return Effect.fail(Move.refused("it is on its way already"))
      isMoving = true
      return Effect.ensuring(
        moved(to),
        Effect.sync(() => {
          isMoving = false
        })
      )
    })

  return Context.make(Log, log).pipe(Context.add(Switch, Switch.of({ move })), Context.add(Stored, log))
})

/** The log in the store that `first` opens, until it is moved. */
export const layer = <E>(first: Layer.Layer<Log, E>): Layer.Layer<Log | Switch, E> => Layer.effectContext(make(first))

/** The log in a store that another process may leave, or that nobody leaves. */
export const fixed = <E>(log: Layer.Layer<Log, E>): Layer.Layer<Log, E> =>
  Layer.effectContext(Effect.map(Layer.build(log), (context) => Context.add(context, Stored, Context.get(context, Log))))
