/** Closes what is checked and opens it again, behind the same service: what a restart of its server is. */
import { Context, Effect, Exit, Layer, Scope, Stream } from "effect"
import { Log } from "../../kernel/store/Log.ts"

/** What nobody can restart is checked as it is. */
export const Restart = Context.Reference<Effect.Effect<void>>("conformance/Restart", { defaultValue: () => Effect.void })

/** `layer` opens what is there; opened twice, one after the other, it is the same store. */
export const restarting = <E>(layer: Layer.Layer<Log, E>): Layer.Layer<Log, E> => {
  const open = Effect.gen(function* () {
    const scope = yield* Scope.make()
    const context = yield* Layer.buildWithScope(Layer.fresh(layer), scope)
    return { scope, log: Context.get(context, Log) }
  })
  return Layer.effectContext(
    Effect.gen(function* () {
      let { log, scope } = yield* open
      yield* Effect.addFinalizer((exit) => Effect.suspend(() => Scope.close(scope, exit)))
      const restart = Effect.gen(function* () {
        yield* Scope.close(scope, Exit.void)
        ;({ log, scope } = yield* open)
      }).pipe(Effect.orDie, Effect.uninterruptible)
      const service = Log.of({
        append: (change) => Effect.suspend(() => log.append(change)),
        barrier: (of) => Effect.suspend(() => log.barrier(of)),
        follow: (from) => Stream.suspend(() => log.follow(from)),
        compact: (to) => Effect.suspend(() => log.compact(to)),
        status: (of) => Effect.suspend(() => log.status(of)),
        history: (range) => Stream.suspend(() => log.history(range)),
        seal: (of) => Effect.suspend(() => log.seal(of)),
        reset: (to) => Effect.suspend(() => log.reset(to))
      })
      return Context.make(Log, service).pipe(Context.add(Restart, restart))
    })
  )
}
