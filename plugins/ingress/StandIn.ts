/** Another proxy in the place of one that does not run: from its end until it serves again, by what it was told last. */
import { Context, Effect, Exit, Layer, Scope, Semaphore, Stream } from "effect"
import { type Configuration, IngressProxy } from "./contracts/IngressProxy.ts"

type Service = IngressProxy["Service"]

interface Serving {
  readonly proxy: Service
  readonly scope: Scope.Closeable
}

export interface Options<E extends Error> {
  /** Made when it is needed. It shares its ports. */
  readonly other: Layer.Layer<IngressProxy, E>
  /** Whether the proxy runs, and when to look. One that runs again is told all again. */
  readonly isRunning: () => boolean
  readonly changes: Stream.Stream<unknown>
}

const make = Effect.fnUntraced(function* <E extends Error>(proxy: Service, { changes, isRunning, other }: Options<E>) {
  const scope = yield* Effect.scope
  const lock = yield* Semaphore.make(1)
  let told: Configuration | undefined
  let serving: Serving | undefined

  const begin = Effect.gen(function* () {
    if (told === undefined || serving !== undefined || isRunning()) return
    const own = yield* Scope.fork(scope)
    const built = yield* Effect.onError(Layer.buildWithScope(Layer.fresh(other), own), (cause) =>
      Scope.close(own, Exit.failCause(cause))
    )
    serving = { proxy: Context.get(built, IngressProxy), scope: own }
    yield* serving.proxy.sync(told)
    yield* Effect.logWarning(`${(yield* serving.proxy.describe()).name} serves Ingresses until the plugin does again`)
  })
  const end = Effect.suspend(() => {
    const before = serving
    serving = undefined
    return before === undefined ? Effect.void : Scope.close(before.scope, Exit.void)
  })
  const alone = <A, F, R>(effect: Effect.Effect<A, F, R>) => lock.withPermit(effect)

  const failed = (error: Error) => Effect.logError("nobody serves Ingresses until the plugin does", error)
  yield* Effect.forkScoped(Stream.runForEach(changes, () => Effect.catch(alone(begin), failed)))
  return IngressProxy.of({
    describe: () => proxy.describe(),
    health: () => proxy.health(),
    sync: Effect.fnUntraced(function* (configuration) {
      told = configuration
      const meanwhile = Effect.suspend(() => serving?.proxy.sync(configuration) ?? Effect.void)
      yield* Effect.catch(alone(meanwhile), failed)
      yield* proxy.sync(configuration)
      yield* alone(end)
    }),
    remove: () => Effect.andThen(alone(end), proxy.remove())
  })
})

export const layer = <E extends Error>(proxy: Service, options: Options<E>) =>
  Layer.effect(IngressProxy, make(proxy, options))
