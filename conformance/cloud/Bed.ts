/** What the checks of a cloud need around it: machines that come and go, an inventory, and calls to the cloud that go wrong. */
import { type Cause, Context, Effect, Exit, type Scope } from "effect"
import assert from "node:assert/strict"
import { randomUUID } from "node:crypto"
import type { NodeReference } from "../../plugins/cloud/contracts/Cloud.ts"
import type { ServiceReference, Target, Wanted } from "../../plugins/cloud/contracts/LoadBalancers.ts"
import { inTime } from "../Suite.ts"

/** What happens to one call to the cloud. Lost: it was done, and the answer never came. Crash: the same, and who called is gone. */
export type Fault = "throttled" | "lost" | "crash"

export interface Disturbance {
  readonly isReached: () => boolean
  /** Done when the call was made that is disturbed. */
  readonly reached: Effect.Effect<void>
}

export class CloudBed extends Context.Service<
  CloudBed,
  {
    /** The cluster whose balancers and routes are checked: a name that nobody else has. */
    readonly cluster: string
    /** Starts a machine, as a node that was not initialized knows itself. Started in zones of their own if `zone` differs: 0 or 1. */
    readonly launch: (name: string, zone: 0 | 1) => Effect.Effect<NodeReference, unknown>
    readonly stop: (name: string) => Effect.Effect<void, unknown>
    readonly terminate: (name: string) => Effect.Effect<void, unknown>
    /** All that there is in the cloud of balancers and routes, without what is made up anew each time. */
    readonly inventory: Effect.Effect<ReadonlyArray<string>, unknown>
    /** Disturbs one call that is made from now on: the first is 1. */
    readonly disturb: (fault: Fault, call: number) => Effect.Effect<Disturbance, never, Scope.Scope>
    /** Which calls are disturbed: each (1), or every so many where calls take long. */
    readonly every: number
    /** What this cloud cannot do. */
    readonly impossible: Partial<Wanted>
  }
>()("conformance/CloudBed") {}

const name = (what: string) => `laws-${what}-${randomUUID().slice(0, 8)}`

/** A machine while the check runs. */
export const machine = Effect.fnUntraced(function* (what: string, zone: 0 | 1 = 0) {
  const bed = yield* CloudBed
  const called = name(what)
  return yield* Effect.acquireRelease(bed.launch(called, zone), () => Effect.ignore(bed.terminate(called)))
})

export const service = (called = name("web")): ServiceReference => ({ uid: randomUUID(), namespace: "laws", name: called })

export const wanted = (about: Partial<Wanted> = {}): Wanted => ({
  service: service(),
  annotations: {},
  ports: [{ name: "http", protocol: "TCP", port: 80, nodePort: 30080 }],
  families: ["IPv4"],
  address: "",
  sourceRanges: [],
  local: false,
  affinitySeconds: 0,
  healthCheck: { protocol: "HTTP", port: 10256, path: "/healthz" },
  ...about
})

export const target = (node: NodeReference, providerID: string, zone = ""): Target => ({ ...node, providerID, zone })

const isLater = (tag: string) => tag === "NotReady" || tag === "Unavailable"
/** Who is told to come again, or is not answered, comes again. */
export const settled = <A, E extends { readonly _tag: string }, R>(
  ask: Effect.Effect<A, E, R>
): Effect.Effect<A, E | Cause.TimeoutError, R> => {
  const attempt: Effect.Effect<A, E, R> = Effect.catch(ask, (error) =>
    isLater(error._tag) ? Effect.andThen(Effect.sleep("20 millis"), attempt) : Effect.fail(error)
  )
  return inTime(attempt)
}

/** Disturbs the first call of `act`, then its second …, until it makes no more; after each, `then` must hold. */
export const atEveryCall = Effect.fnUntraced(function* <R, S>(
  fault: Fault,
  act: Effect.Effect<unknown, { readonly _tag: string }, R>,
  then: Effect.Effect<unknown, unknown, S>
) {
  const bed = yield* CloudBed
  for (let call = 1; call < 200; call += bed.every) {
    const isReached = yield* Effect.scoped(
      Effect.gen(function* () {
        const disturbance = yield* bed.disturb(fault, call)
        const exit = yield* inTime(
          fault === "crash"
            ? Effect.raceFirst(Effect.exit(act), Effect.as(disturbance.reached, Exit.void))
            : Effect.exit(act)
        )
        assert.ok(disturbance.isReached() || Exit.isSuccess(exit), `undisturbed, it failed: ${exit}`)
        return disturbance.isReached()
      })
    )
    yield* then
    if (!isReached) return assert.ok(call > 1, "it makes no call to the cloud")
  }
  assert.fail("it makes calls without end")
})
