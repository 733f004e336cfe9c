/**
 * Asks other servers what is not the cluster's: one after another, with little patience, each question once for all who wait for
 * it, and not again while the answer holds. A server that does not answer is asked last until it does again.
 */
import { encode } from "dns-packet"
import { Clock, Deferred, Effect, Exit, FiberSet, Schedule } from "effect"
import * as Kept from "./Kept.ts"
import type { Metrics } from "./Metrics.ts"
import { ask, NoAnswer, type Transport } from "./Upstream.ts"
import { parse, type Query } from "./Wire.ts"

export { endpoint, NoAnswer, type Transport } from "./Upstream.ts"

/** An attempt; a stub resolver gives up after five seconds. */
const patience = "1500 millis"
const attempts = 3
/** How often a server that did not answer is asked whether it does. */
const probing = "500 millis"
const mostWaiting = 1000

export interface Options {
  /** Who is asked now, in this order. */
  readonly servers: () => ReadonlyArray<string>
  /** A number that nobody can guess. */
  readonly randomId: () => number
  readonly metrics: Metrics
}

const probe = encode({ type: "query", questions: [{ name: ".", type: "NS" }] })
const keyOf = ({ class: kind, edns, name, recursionDesired, type }: Query, transport: Transport) =>
  [name, type, kind, recursionDesired, edns?.size, edns?.dnssec, transport].join(" ")

/**
 * Questions that are under way go on until the scope closes, also when their asker is gone. What is made after it in the same scope
 * closes before it: sockets that wait for answers get them.
 */
export const make = Effect.fnUntraced(function* ({ metrics, randomId, servers }: Options) {
  const fibers = yield* FiberSet.make()
  const clock = yield* Clock.Clock
  const kept = Kept.make()
  const waiting = new Map<string, Deferred.Deferred<Buffer, NoAnswer>>()
  const silent = new Set<string>()
  const hits = metrics.of("coredns_cache_hits_total", { zones: "." })
  const misses = metrics.of("coredns_cache_misses_total", { zones: "." })
  const tooMany = metrics.of("coredns_forward_max_concurrent_rejects_total", {})

  const attempt = (server: string, bytes: Buffer, query: Query, transport: Transport) =>
    ask(server, bytes, randomId(), query, transport).pipe(
      Effect.timeoutOrElse({
        duration: patience,
        orElse: () => Effect.fail(new NoAnswer({ server, detail: "it does not answer" }))
      })
    )

  /** Asks a silent server again and again, until it answers or is no longer one of ours. */
  const watchOver = Effect.fnUntraced(function* (server: string) {
    const query = parse(probe)
    if (query === undefined || silent.size === silent.add(server).size) return
    const failures = metrics.of("coredns_proxy_healthcheck_failures_total", { proxy_name: "forward", to: server })
    const isBack = attempt(server, probe, query, "udp").pipe(
      Effect.tapError(() => Effect.sync(() => failures.value++)),
      Effect.isSuccess,
      Effect.map((answers) => answers || !servers().includes(server))
    )
    yield* Effect.repeat(isBack, { until: (back) => back, schedule: Schedule.spaced(probing) }).pipe(
      Effect.ensuring(Effect.sync(() => silent.delete(server))),
      (watching) => FiberSet.run(fibers, watching)
    )
  })

  const any = (bytes: Buffer, query: Query, transport: Transport) => {
    const all = servers()
    const ordered = [...all.filter((server) => !silent.has(server)), ...all.filter((server) => silent.has(server))]
    const none = Effect.fail(new NoAnswer({ server: "", detail: "there is no server to ask" }))
    const [first = none, ...others] = ordered
      .slice(0, attempts)
      .map((server) => Effect.tapError(attempt(server, bytes, query, transport), () => watchOver(server)))
    return others.reduce((before, next) => Effect.catch(before, () => next), first)
  }

  const fetch = Effect.fnUntraced(function* (key: string, bytes: Buffer, query: Query, transport: Transport) {
    const answer = yield* any(bytes, query, transport)
    kept.add(key, answer, clock.currentTimeMillisUnsafe())
    return answer
  })

  return {
    /** An answer that still holds. */
    kept: (query: Query, transport: Transport): Buffer | undefined => {
      const found = kept.find(keyOf(query, transport), query, clock.currentTimeMillisUnsafe())
      if (found !== undefined) hits.value++
      return found
    },
    /** `bytes` is the whole message that asks. */
    ask: Effect.fnUntraced(function* (bytes: Buffer, query: Query, transport: Transport) {
      const key = keyOf(query, transport)
      const found = kept.find(key, query, clock.currentTimeMillisUnsafe())
      if (found !== undefined) return found
      const asked = waiting.get(key)
      if (asked !== undefined) return Kept.addressed(yield* Deferred.await(asked), query)
      if (waiting.size >= mostWaiting) {
        tooMany.value++
        return yield* new NoAnswer({ server: "", detail: "too many questions wait for an answer" })
      }
      misses.value++
      const deferred = Deferred.makeUnsafe<Buffer, NoAnswer>()
      waiting.set(key, deferred)
      yield* fetch(key, bytes, query, transport).pipe(
        Effect.onExit((exit) =>
          Effect.sync(() => {
            waiting.delete(key)
            Deferred.doneUnsafe(deferred, Exit.isSuccess(exit) ? Effect.succeed(exit.value) : Effect.failCause(exit.cause))
          })
        ),
        (fetching) => FiberSet.run(fibers, fetching)
      )
      return Kept.addressed(yield* Deferred.await(deferred), query)
    })
  }
})
export type Forward = Effect.Success<ReturnType<typeof make>>
