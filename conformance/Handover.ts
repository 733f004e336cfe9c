/** The checks of the laws of `Handover`. */
import { Effect } from "effect"
import assert from "node:assert/strict"
import { Handover } from "../kernel/plugin/Handover.ts"
import * as Suite from "./Suite.ts"

export const suite = Suite.make(Handover, {
  "handover/same": {
    holds: Effect.gen(function* () {
      const handover = yield* Handover
      const state = yield* handover.export()
      yield* handover.import({ state })
      assert.deepEqual(yield* handover.export(), state)
    }),
    saboteur: (honest) => {
      const taken: Array<Uint8Array> = []
      return {
        import: ({ state }) =>
          Effect.andThen(
            Effect.sync(() => taken.push(state)),
            honest.import({ state })
          ),
        export: () => Effect.map(honest.export(), (state) => (taken.length > 0 ? new Uint8Array([...state, 0]) : state))
      }
    }
  },
  "handover/running": {
    holds: Effect.gen(function* () {
      const handover = yield* Handover
      const state = yield* handover.export()
      assert.deepEqual(yield* handover.export(), state)
    }),
    saboteur: (honest) => {
      let exports = 0
      return { export: () => Effect.map(honest.export(), (state) => new Uint8Array([...state, exports++])) }
    }
  }
})
