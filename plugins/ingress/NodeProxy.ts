/** On a node: gives its proxy the routes that are published, and says by the Node what it serves. */
import { Deferred, Effect, Queue, Ref, Schedule, Stream } from "effect"
import { Client } from "../../kernel/client/Client.ts"
import * as Plugin from "../../kernel/plugin/Plugin.ts"
import { Secret } from "../resources/contracts/core/v1.ts"
import { IngressProxy } from "./contracts/IngressProxy.ts"
import * as Published from "./contracts/Published.ts"

export interface Options<E extends Error> {
  /** Under the node's own identity: what it serves, or nothing. */
  readonly report: (serves: string | undefined) => Effect.Effect<unknown, E>
  /** What could not be served, for the Node's Events. */
  readonly warn: (message: string) => Effect.Effect<void>
  /** Whenever the proxy is another one, which has to be told all. */
  readonly again?: Stream.Stream<unknown>
}

const patience = Schedule.min([Schedule.exponential("500 millis"), Schedule.spaced("10 seconds")])

/** Runs until the scope closes. `served` is done when the proxy has taken routes for the first time, and fails with why it has not. */
export const start = Effect.fnUntraced(function* <E extends Error>({ again = Stream.empty, report, warn }: Options<E>) {
  const client = yield* Client
  const proxy = yield* IngressProxy
  const selection = { namespace: Published.secret.namespace, fieldSelector: `metadata.name=${Published.secret.name}` }
  const secrets = yield* client.cache(Secret, { indexes: {}, selection })
  const said = yield* Ref.make<string | undefined>(undefined)
  const news = yield* Queue.sliding<void>(1)

  const say = (serves: string | undefined) =>
    Effect.gen(function* () {
      if ((yield* Ref.get(said)) === (serves ?? "")) return
      yield* report(serves)
      yield* Ref.set(said, serves ?? "")
    })
  const serve = Effect.gen(function* () {
    const configuration = yield* Published.read(secrets.get(Published.secret)?.data)
    yield* proxy.sync(configuration)
    yield* say(configuration.listeners.length === 0 ? undefined : Published.hashOf(configuration))
  }).pipe(Effect.withSpan("NodeProxy.serve"))
  const first = yield* Deferred.make<void, Effect.Error<typeof serve>>()
  const patient = serve.pipe(
    Effect.onExit((exit) => Deferred.done(first, exit)),
    Effect.tapError((error) => Effect.andThen(Effect.logError(error.message), warn(error.message))),
    Effect.retry(patience)
  )
  yield* Effect.forkScoped(
    Stream.runForEach(Stream.merge(secrets.changes, again), () => Effect.sync(() => void Queue.offerUnsafe(news, undefined)))
  )
  yield* Plugin.background(Effect.forever(Effect.andThen(Queue.take(news), patient)))
  return { served: Deferred.await(first) }
})
