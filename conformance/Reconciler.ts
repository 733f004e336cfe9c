/** The checks of the laws of `Reconciler`: of any controller, with what is not there, and with an empty cluster. */
import { Effect } from "effect"
import assert from "node:assert/strict"
import { ReconcileFailed, Reconciler } from "../plugins/controllers/contracts/Reconciler.ts"
import * as Suite from "./Suite.ts"

const keys = [
  { namespace: "default", name: "laws" },
  { namespace: "", name: "laws" },
  { namespace: "laws", name: "is-not-there" }
]
const object = { apiVersion: "v1", kind: "ConfigMap", metadata: { name: "laws", namespace: "default" }, data: {} }

const reconciled = Effect.gen(function* () {
  const { reconcile } = yield* Reconciler
  yield* Effect.forEach(keys, (key) => Suite.inTime(reconcile(key)), { discard: true })
})

let turn = 0
const odd = () =>
  Effect.suspend(() => (turn++ % 2 === 0 ? Effect.fail(new ReconcileFailed({ message: "no" })) : Effect.succeed({})))

export const suite = Suite.make(Reconciler, {
  "describe/same": {
    holds: Effect.gen(function* () {
      const reconciler = yield* Reconciler
      assert.deepEqual(yield* reconciler.describe(), yield* reconciler.describe())
    }),
    saboteur: ({ describe }) => ({ describe: () => Effect.map(describe(), (one) => ({ ...one, name: `p${turn++}` })) })
  },
  "reconcile/gone": {
    holds: reconciled,
    saboteur: () => ({ reconcile: () => Effect.fail(new ReconcileFailed({ message: "it is not there" })) })
  },
  "reconcile/again": {
    holds: Effect.andThen(reconciled, reconciled),
    saboteur: () => ({ reconcile: odd })
  },
  "keys/same": {
    holds: Effect.gen(function* () {
      const reconciler = yield* Reconciler
      const { watches = [] } = yield* reconciler.describe()
      const watched = watches[0] ?? { group: "", version: "v1", resource: "configmaps" }
      const asked = { watched, object, isGone: false }
      assert.deepEqual(yield* reconciler.keys(asked), yield* reconciler.keys(asked))
    }),
    saboteur: () => ({ keys: () => Effect.sync(() => ({ keys: [{ namespace: "", name: `k${turn++}` }] })) })
  }
})
