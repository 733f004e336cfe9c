/** The end-to-end tests of one kind of cluster: what it must do, and that nothing of it is left. */
import { assert, describe, layer, type Vitest } from "@effect/vitest"
import { Effect } from "effect"
import { existsSync } from "node:fs"
import { join } from "node:path"
import type { Client } from "../../kernel/client/Client.ts"
import * as Cluster from "./Cluster.ts"
import { flow } from "./Flow.ts"
import * as Machine from "./Machine.ts"
import * as Site from "./Site.ts"

export type It = Vitest.MethodsNonLive<Cluster.Cluster | Client | Site.Site>

/** Ctrl-C, then nothing but the data is there; then not even that. */
const end = (it: It) => {
  it.effect("Ctrl-C ends it", () =>
    Effect.gen(function* () {
      const { interrupt } = yield* Cluster.Cluster
      assert.include([0, 130], yield* interrupt)
    })
  )
  it.effect("nothing of it is left but its data", () =>
    Effect.gen(function* () {
      const { dataDir, remains } = yield* Site.Site
      assert.deepStrictEqual(yield* remains, Site.nothing)
      assert.isTrue(existsSync(join(dataDir, "store")))
    })
  )
  it.effect("down --purge removes that too", () =>
    Effect.gen(function* () {
      const { dataDir } = yield* Site.Site
      const { run } = yield* Cluster.Cluster
      const { code, stderr } = yield* run(process.execPath, [Cluster.keelson, "down", "--purge", "--data-dir", dataDir])
      assert.deepStrictEqual({ code, stderr }, { code: 0, stderr: "" })
      assert.isFalse(existsSync(dataDir))
    })
  )
}

export const suite = (name: string, options: Cluster.Options, more: (it: It) => void = () => undefined) =>
  describe.skipIf(Machine.missing.length > 0)(`${name}${Machine.lacking}`, () => {
    layer(Site.layer, { excludeTestServices: true, timeout: "60 seconds" })((it) => {
      it.layer(Cluster.layer(options), { timeout: "150 seconds" })((it) => {
        flow(it)
        more(it)
        end(it)
      })
    })
  })
