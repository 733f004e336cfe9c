/** Every controller is killed at every one of its writes, in a scenario each: the end is the same. See `Killing.ts`. */
import { assert, describe, it } from "@effect/vitest"
import { Effect, Layer } from "effect"
import { controllers } from "../../bin/Controllers.ts"
import { scenarios as others } from "./KilledOthers.ts"
import { scenarios as servants } from "./KilledServants.ts"
import { scenarios as volumes } from "./KilledVolumes.ts"
import { scenarios as workloads } from "./KilledWorkloads.ts"
import { atEveryWrite } from "./Killing.ts"

const scenarios = [...workloads, ...others, ...servants, ...volumes]

/** The names of all that a cluster runs. */
const all = () => {
  const names: Array<string> = []
  const text = ""
  controllers(
    (_, { name }) => {
      names.push(name)
      return Layer.empty
    },
    {
      ca: text,
      podCidr: "10.244.0.0/16",
      authentication: { signingKey: text },
      joining: {
        info: { server: text, ca: text, config: { podCidr: text, serviceCidr: text, clusterDomain: text } },
        approve: { parts: [], reserved: [] },
        sign: { ca: { cert: text, key: text } }
      }
    }
  )
  return new Set(names)
}

describe("killed at every write", () => {
  it("every controller is, in one scenario at least", () => {
    const killed = new Set(scenarios.flatMap(({ controllers }) => controllers.map(({ name }) => name)))
    assert.deepStrictEqual([...all().difference(killed)], [])
  })

  for (const scenario of scenarios) {
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
