/** Counts calls to a cloud, and lets one of them go wrong. */
import { Deferred, Effect } from "effect"
import type { Api } from "../../kernel/client/Api.ts"
import { Unavailable } from "../../kernel/plugin/Contract.ts"
import type { Disturbance, Fault } from "./Bed.ts"

export const make = () => {
  let calls = 0
  let plan: { readonly fault: Fault; readonly call: number; readonly reached: Deferred.Deferred<void> } | undefined
  let isReached = false

  const failure = (applied: "no" | "unknown") =>
    Effect.fail(new Unavailable({ contract: "cloud", applied, cause: new Error("the check has disturbed this call") }))

  /** What is done with each call. */
  const around = <A, E>(call: Effect.Effect<A, E>): Effect.Effect<A, E | Unavailable> =>
    Effect.suspend(() => {
      calls++
      if (plan === undefined || calls !== plan.call) return call
      const { fault, reached } = plan
      isReached = true
      const told = Deferred.succeed(reached, undefined)
      if (fault === "throttled") return Effect.andThen(told, failure("no"))
      return Effect.andThen(Effect.andThen(call, told), fault === "lost" ? failure("unknown") : Effect.never)
    })

  const disturb = (fault: Fault, call: number) =>
    Effect.acquireRelease(
      Effect.sync((): Disturbance => {
        const reached = Deferred.makeUnsafe<void>()
        ;[calls, isReached, plan] = [0, false, { fault, call, reached }]
        return { isReached: () => isReached, reached: Deferred.await(reached) }
      }),
      () => Effect.sync(() => (plan = undefined))
    )
  return { around, disturb }
}

/** Of a cloud that is made of the API: its calls to that. */
export const api = (api: Api["Service"], { around }: ReturnType<typeof make>): Api["Service"] => ({
  ...api,
  get: (payload) => around(api.get(payload)),
  list: (payload) => around(api.list(payload)),
  create: (payload) => around(api.create(payload)),
  update: (payload) => around(api.update(payload)),
  delete: (payload) => around(api.delete(payload))
})
