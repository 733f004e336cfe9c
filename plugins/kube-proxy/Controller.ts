/**
 * Keeps a data plane to the Services of the cluster. What changes is programmed at once, alone; changes that come meanwhile go
 * together next. It counts as started when all Services are programmed, so that one proxy can follow another without a gap.
 */
import { Clock, Effect, Latch, Metric, Schedule, Stream } from "effect"
import { Client } from "../../kernel/client/Client.ts"
import * as Plugin from "../../kernel/plugin/Plugin.ts"
import type { Batch } from "../../kernel/table/Table.ts"
import { Node, Service } from "../resources/contracts/core/v1.ts"
import { EndpointSlice } from "../resources/contracts/discovery/v1.ts"
import { ServiceProxy } from "./contracts/ServiceProxy.ts"
import * as Metrics from "./Metrics.ts"
import { nameOf, serviceOf, View } from "./View.ts"

/** A run of nft takes 20 ms; so many changes of a moment share one. */
const pause = "25 millis"
const rounds = Schedule.spaced("30 seconds")
const patience = Schedule.min([Schedule.exponential("100 millis"), Schedule.spaced("10 seconds")])
/** Whoever cannot program anything at all had better say so than wait. */
const attempts = Schedule.max([Schedule.exponential("100 millis"), Schedule.recurs(5)])

export interface Running {
  readonly view: View
  /** Since when a change has been waiting to be programmed, in milliseconds; undefined if none is. */
  readonly waitingSince: () => number | undefined
  /** When the kernel was last known to have everything. */
  readonly lastProgrammed: () => number
}

const caches = Effect.fnUntraced(function* (nodeName: string) {
  const client = yield* Client
  return {
    services: yield* client.cache(Service, { indexes: {} }),
    slices: yield* client.cache(EndpointSlice, {
      indexes: { service: (slice) => [serviceOf(slice)].flatMap((key) => (key === undefined ? [] : [nameOf(key)])) }
    }),
    nodes: yield* client.cache(Node, { indexes: {}, selection: { fieldSelector: `metadata.name=${nodeName}` } })
  }
})

/** `after` runs when a round is programmed. */
export const start = Effect.fnUntraced(function* (nodeName: string, after: (view: View) => Effect.Effect<void>) {
  const proxy = yield* ServiceProxy
  const { name: mode } = yield* proxy.describe()
  const { nodes, services, slices } = yield* caches(nodeName)
  const view = new View({ nodes, services, slices }, nodeName)
  const news = Latch.makeUnsafe()
  let whole = true
  let waiting: number | undefined
  let last = yield* Clock.currentTimeMillis

  const program = Effect.gen(function* () {
    news.closeUnsafe()
    const { services, triggers } = view.take()
    const sync = proxy.sync({ whole, services }).pipe(
      Effect.tapError(({ message }) => Effect.logError(`${message}; it is tried again`)),
      Effect.tapError(() => Metric.update(Metrics.failures(mode), 1))
    )
    // After a failure the data plane has all that it was given and makes it anew.
    yield* Effect.retry(sync, whole ? attempts : patience)
    whole = false
    last = yield* Clock.currentTimeMillis
    waiting = view.isDirty ? last : undefined
    yield* Metrics.programmed(triggers)
    yield* after(view)
  }).pipe(Effect.withSpan("KubeProxy.program"))

  const notice = Effect.gen(function* () {
    if (!view.isDirty) return
    waiting ??= yield* Clock.currentTimeMillis
    news.openUnsafe()
  })
  const follow = <A>(changes: Stream.Stream<Batch<A>>, look: (batch: Batch<A>) => void, counter?: Metrics.Counter) =>
    Effect.forkScoped(
      Stream.runForEach(changes, (batch) => {
        look(batch)
        return Effect.andThen(counter === undefined ? Effect.void : Metrics.seen(counter, batch.events.length), notice)
      })
    )
  const repair = proxy.repair().pipe(
    Effect.tap((stood) => (stood ? Effect.void : Effect.logWarning("rules were missing and have been made anew"))),
    Effect.tapError(() => Metric.update(Metrics.failures(mode), 1)),
    Effect.catch(({ message }) => Effect.logError(message))
  )

  yield* program
  yield* follow(services.changes, view.service, Metrics.serviceChanges)
  yield* follow(slices.changes, view.slice, Metrics.endpointChanges)
  yield* follow(nodes.changes, view.nodeChanged)
  const loop = Effect.andThen(news.await, program).pipe(Effect.andThen(Effect.sleep(pause)), Effect.forever)
  yield* Plugin.background(loop)
  yield* Effect.forkScoped(Effect.delay(Effect.repeat(repair, rounds), "30 seconds"))
  const running: Running = { view, waitingSince: () => waiting, lastProgrammed: () => last }
  return running
})
