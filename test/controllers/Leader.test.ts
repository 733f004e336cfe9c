/** Leader election: one of several works, the next takes over, and a holder that cannot renew stops. */
import { assert, describe, it } from "@effect/vitest"
import { Effect, Exit, Layer, Scope } from "effect"
import { TestClock } from "effect/testing"
import { Client } from "../../kernel/client/Client.ts"
import * as Leader from "../../plugins/controllers/contracts/Leader.ts"
import { Lease } from "../../plugins/resources/contracts/coordination/v1.ts"
import { cluster } from "./Cluster.ts"

const key = { namespace: "kube-system", name: "job" }

/** A process that notes when it works. */
const start = Effect.fnUntraced(function* (identity: string, working: Set<string>) {
  const scope = yield* Scope.make()
  const job = Layer.effectDiscard(
    Effect.acquireRelease(
      Effect.sync(() => working.add(identity)),
      () => Effect.sync(() => working.delete(identity))
    )
  )
  yield* Layer.buildWithScope(Leader.lead({ ...key, identity }, job), scope)
  return Scope.close(scope, Exit.void)
})

describe("Leader", () => {
  it.effect("one leads, and when it ends the next takes over at once", () =>
    Effect.gen(function* () {
      const client = yield* Client
      const working = new Set<string>()
      const end = yield* start("a", working)
      yield* TestClock.adjust("100 millis")
      yield* start("b", working)
      yield* TestClock.adjust("1 minute")
      assert.deepStrictEqual([...working], ["a"])
      yield* end
      yield* TestClock.adjust("100 millis")
      assert.deepStrictEqual([...working], ["b"])
      const { spec } = yield* client.get(Lease, key)
      assert.strictEqual(spec.holderIdentity, "b")
      assert.strictEqual(spec.leaseTransitions, 1)
    }).pipe(Effect.provide(cluster()))
  )

  it.effect("a holder that was deposed stops, and leads again when the Lease runs out", () =>
    Effect.gen(function* () {
      const client = yield* Client
      const working = new Set<string>()
      yield* start("a", working)
      yield* TestClock.adjust("5 seconds")
      const lease = yield* client.get(Lease, key)
      yield* client.update(Lease, { ...lease, spec: { ...lease.spec, holderIdentity: "c" } })
      yield* TestClock.adjust("3 seconds")
      assert.deepStrictEqual([...working], [])
      yield* TestClock.adjust("20 seconds")
      assert.deepStrictEqual([...working], ["a"])
    }).pipe(Effect.provide(cluster()))
  )
})
