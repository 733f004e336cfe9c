/** Every controller is killed at every one of its writes, in a scenario each: the end is the same. See `Killing.ts`. */
import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import { scenarios as others } from "./KilledOthers.ts"
import { scenarios as workloads } from "./KilledWorkloads.ts"
import { atEveryWrite } from "./Killing.ts"

describe("killed at every write", () => {
  for (const scenario of [...workloads, ...others]) {
    it.live(
      scenario.name,
      () =>
        Effect.gen(function* () {
          const { killed, objects, writes } = yield* atEveryWrite(scenario)
          assert.deepStrictEqual(killed, [])
          assert.isAbove(writes, 0)
          assert.isAbove(objects, 0)
        }),
      120_000
    )
  }
})
