/**
 * Of several processes that could do a job, one does it: the one that holds a Lease. It renews the Lease while it works, gives it
 * back when it ends, and stops working when it could not renew in time. Source: KEP-589 and client-go's leader election.
 */
import { Clock, Effect, Latch, Layer, Metric, Random, Result, Stream } from "effect"
import { Client } from "../../../kernel/client/Client.ts"
import { Lease, type LeaseSpec } from "../../resources/contracts/coordination/v1.ts"
import { microTime } from "../../resources/contracts/Time.ts"

export interface Options {
  /** Of the Lease: the job. */
  readonly name: string
  /** Of this process, unlike all others. */
  readonly identity: string
  readonly namespace: string
}

/** Milliseconds: how long a Lease lasts, how long its holder may fail to renew, and how often either side tries. */
export const terms = { lease: 15_000, renew: 10_000, retry: 2000 }

/** What was last seen of the Lease, and when, by our own clock: others' clocks are not trusted. */
export interface Observation {
  readonly spec: LeaseSpec
  readonly at: number
}

/** A Lease is free when nobody holds it, or its holder has not renewed it for as long as it lasts. */
export const isFree = ({ at, spec }: Observation, identity: string, now: number) =>
  (spec.holderIdentity ?? "") === "" ||
  spec.holderIdentity === identity ||
  at + (spec.leaseDurationSeconds ?? terms.lease / 1000) * 1000 <= now

/** The Lease as this process holds it. */
export const held = (before: LeaseSpec | undefined, identity: string, now: number): LeaseSpec => {
  const isOurs = before?.holderIdentity === identity
  const transitions = before?.leaseTransitions ?? 0
  return {
    ...before,
    holderIdentity: identity,
    leaseDurationSeconds: terms.lease / 1000,
    renewTime: microTime(now),
    acquireTime: isOurs ? (before.acquireTime ?? microTime(now)) : microTime(now),
    leaseTransitions: before === undefined || isOurs ? transitions : transitions + 1
  }
}

const sameTerm = (a: LeaseSpec, b: LeaseSpec) => a.holderIdentity === b.holderIdentity && a.renewTime === b.renewTime

const election = Effect.fnUntraced(function* ({ identity, name, namespace }: Options) {
  const client = yield* Client
  const clock = yield* Clock.Clock
  const key = { namespace, name }
  const released = Latch.makeUnsafe()
  let seen: Observation | undefined

  /** Takes or renews the Lease; false if another process holds it. */
  const hold = Effect.gen(function* () {
    const now = clock.currentTimeMillisUnsafe()
    const found = yield* client.find(Lease, key)
    if (found._tag === "None") {
      yield* client.create(Lease, { metadata: key, spec: held(undefined, identity, now) })
      return true
    }
    const { spec } = found.value
    if (seen === undefined || !sameTerm(seen.spec, spec)) seen = { spec, at: now }
    if (!isFree(seen, identity, now)) return false
    yield* client.update(Lease, { ...found.value, spec: held(spec, identity, now) })
    return true
  })

  /** A failure says nothing about who holds it. */
  const attempt = hold.pipe(
    Effect.tapError((error) => Effect.logDebug(`the Lease ${name} could not be taken or renewed`, error)),
    Effect.result
  )

  const pause = Effect.flatMap(Random.nextBetween(1, 1.2), (factor) => Effect.sleep(terms.retry * factor))

  const acquire = Effect.gen(function* () {
    for (;;) {
      released.closeUnsafe()
      const result = yield* attempt
      if (Result.isSuccess(result) && result.success) return
      yield* Effect.raceFirst(pause, released.await)
    }
  })

  /** Ends when another process holds the Lease, or when it could not be renewed in time. */
  const keep = Effect.gen(function* () {
    let renewed = clock.currentTimeMillisUnsafe()
    while (clock.currentTimeMillisUnsafe() - renewed < terms.renew) {
      yield* Effect.sleep(terms.retry)
      const left = Math.max(1, renewed + terms.renew - clock.currentTimeMillisUnsafe())
      const result = yield* Effect.timeoutOption(attempt, left)
      if (result._tag === "None" || Result.isFailure(result.value)) continue
      if (!result.value.success) return
      renewed = clock.currentTimeMillisUnsafe()
    }
  })

  const release = Effect.gen(function* () {
    const lease = yield* client.get(Lease, key)
    if (lease.spec.holderIdentity !== identity) return
    const now = microTime(clock.currentTimeMillisUnsafe())
    const { leaseTransitions = 0 } = lease.spec
    const spec = { holderIdentity: "", leaseDurationSeconds: 1, renewTime: now, acquireTime: now, leaseTransitions }
    yield* client.update(Lease, { ...lease, spec })
  }).pipe(Effect.timeout("2 seconds"), Effect.ignore)

  /** Who waits hears at once that the holder has given it back. */
  const listen = client.watch(Lease, { namespace, fieldSelector: `metadata.name=${name}` }).pipe(
    Stream.runForEach(({ events }) =>
      Effect.sync(() => {
        const isGivenBack = events.some(
          (event) =>
            event._tag === "Deleted" || (event._tag === "Applied" && (event.object.spec.holderIdentity ?? "") === "")
        )
        if (isGivenBack) released.openUnsafe()
      })
    ),
    Effect.ignore
  )
  yield* Effect.forkScoped(Effect.forever(Effect.andThen(listen, pause)))
  return { acquire, keep, release, pause }
})

/** Runs the layer whenever this process holds the Lease, for as long as it does. */
export const lead = <A, E, R>(options: Options, layer: Layer.Layer<A, E, R>): Layer.Layer<never, never, R | Client> =>
  Layer.effectDiscard(
    Effect.gen(function* () {
      const { acquire, keep, pause, release } = yield* election(options)
      const { identity, name } = options
      const leads = Metric.gauge("leader_election_master_status", {
        description:
          "Gauge of if the reporting system is master of the relevant lease, 0 indicates backup, 1 indicates master",
        attributes: { name }
      })
      const term = Effect.gen(function* () {
        // Given back last: whoever leads next begins when this one has stopped.
        yield* Effect.acquireRelease(acquire, () => release, { interruptible: true })
        yield* Effect.acquireRelease(Metric.update(leads, 1), () => Metric.update(leads, 0))
        yield* Effect.logInfo(`${identity} leads ${name}`)
        yield* Effect.raceFirst(Layer.launch(Layer.fresh(layer)), keep)
        yield* Effect.logWarning(`${identity} leads ${name} no longer`)
      }).pipe(
        Effect.scoped,
        Effect.catchCause((cause) => Effect.logError(`what leads ${name} has failed`, cause))
      )
      yield* Effect.forkScoped(Effect.forever(Effect.andThen(term, pause)))
    })
  )
