/** The scheduler and a controller run unchanged in threads of their own, by one setting. */
import { assert } from "@effect/vitest"
import { Effect } from "effect"
import { Site } from "./Site.ts"
import * as Machine from "./Machine.ts"
import { type It, suite } from "./Suite.ts"

const threads = (it: It) => {
  it.effect("they are threads of the server", () =>
    Effect.gen(function* () {
      const { dataDir } = yield* Site
      const server = Machine.processes().filter(({ command }) => command.includes(dataDir) && / server /.test(command))
      assert.strictEqual(server.length, 1)
    })
  )
}

suite("the scheduler and the ReplicaSet controller in threads", { isolate: ["scheduler", "replicaset"] }, threads)
