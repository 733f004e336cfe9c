/** `keelson down` ends what runs, and takes back what a cluster whose processes were killed has left. */
import { assert, describe, layer } from "@effect/vitest"
import { Effect } from "effect"
import { Client } from "../../kernel/client/Client.ts"
import { Pod } from "../../plugins/resources/contracts/core/v1.ts"
import * as Cluster from "./Cluster.ts"
import { at, eventually, find, isReady } from "./Eventually.ts"
import * as Machine from "./Machine.ts"
import * as Site from "./Site.ts"
import { down, onlyData, run } from "./Suite.ts"

describe.skipIf(Machine.missing.length > 0)(`down${Machine.left()}`, () => {
  layer(Site.layer, { excludeTestServices: true, timeout: "60 seconds" })((it) => {
    it.layer(Cluster.layer(), { timeout: "150 seconds" })((it) => {
      it.effect("takes back what killed processes left", () =>
        Effect.gen(function* () {
          const { crash } = yield* Cluster.Cluster
          yield* run
          yield* crash
          yield* down()
          yield* onlyData
        })
      )
      it.effect("what is started again runs the same Pods anew", () =>
        Effect.gen(function* () {
          const { up } = yield* Cluster.Cluster
          yield* up
          yield* eventually("running is ready", 30, find(Pod, at("running")), isReady)
          yield* Effect.flatMap(Client, (client) => client.get(Pod, at("running")))
        })
      )
      it.effect("ends a cluster that runs elsewhere on this machine", () =>
        Effect.gen(function* () {
          yield* down()
          yield* onlyData
          const { interrupt } = yield* Cluster.Cluster
          assert.include([0, 130, 143], yield* interrupt)
        })
      )
    })
  })
})
