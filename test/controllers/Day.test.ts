/**
 * A day in the life of a cluster, on virtual time: see `day/Day.ts`. `DAY_SEED=… npm test -- test/controllers/Day` does another day, and
 * the same again for the same seed; `DAY_NODES=50` is one of 50 nodes and 1,000 Pods. With `DAY_TELL=1` it says what happens, and with
 * `DAY_WATCH=team-03/web-1` it shows each change of those Pods.
 */
import { assert, describe, it } from "@effect/vitest"
import * as Day from "./day/Day.ts"

const { DAY_HOURS = "24", DAY_NODES = "500", DAY_SEED: seed = "1", DAY_TELL: isTelling, DAY_WATCH: watched } = process.env
const [hours, nodes] = [Number(DAY_HOURS), Number(DAY_NODES)]
const teams = Math.max(1, Math.round(nodes * 0.08))

/** Twenty Pods for each node. */
const size = { nodes, teams, deployments: [10, 20, 30, 60, 90], statefulSet: 10, storm: 10, daemonSets: 2 }

describe("a simulated day", () => {
  it(`of ${nodes} nodes and ${20 * nodes} Pods, seed ${seed}`, { timeout: 900_000 }, async () => {
    const told: Array<string> = []
    const tell = (line: string) => {
      told.push(line)
      if (isTelling !== undefined || watched !== undefined) console.log(line)
    }
    const began = performance.now()
    const { figures, wrong } = await Day.run({ seed, size, hours, tell, watched })
    const took = `${((performance.now() - began) / 1000).toFixed(0)} s`
    console.log(`DAY_SEED=${seed}: ${took}, ${JSON.stringify(figures)}`)
    if (wrong.length > 0) console.log(["what had happened last:", ...told.slice(-40)].join("\n"))
    assert.deepStrictEqual(wrong, [])
    assert.isAtLeast(figures?.pods ?? 0, 18 * nodes)
  })
})
