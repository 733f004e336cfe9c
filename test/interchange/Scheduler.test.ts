/**
 * Schedulers change places, and the same comes of it, word for word: upstream's kube-scheduler and ours on upstream's API server, and
 * upstream's on ours.
 */
import { assert, describe, it } from "@effect/vitest"
import { Effect, Layer } from "effect"
import * as Program from "../../adapters/Program.ts"
import * as KubeApiservers from "../../conformance/stage/KubeApiservers.ts"
import * as Scheduler from "../../plugins/scheduler/Scheduler.ts"
import * as Beside from "./Beside.ts"
import * as Scheduling from "./Scheduling.ts"

const lacks = ["etcd", "kube-apiserver", "kube-scheduler"].filter((name) => Program.find(name) === undefined)
const title = lacks.length === 0 ? "" : ` (this machine lacks upstream's ${lacks.join(", ")})`

describe.skipIf(lacks.length > 0)(`schedulers change places${title}`, () => {
  it.live(
    "upstream's and ours tell the same stories, on either API server",
    () =>
      Effect.gen(function* () {
        const path = yield* Beside.directory
        const endpoint = yield* KubeApiservers.upstream(path)
        const client = Beside.clientOf(endpoint)
        const theirs = yield* Effect.andThen(Scheduling.site, Beside.program("kube-scheduler", path, endpoint)).pipe(
          Effect.andThen(Scheduling.run),
          Effect.scoped,
          Effect.provide(client)
        )
        const ours = yield* Scheduling.run.pipe(
          Effect.provide(Layer.provideMerge(Scheduler.plugin().layer, Beside.clientOf(endpoint)))
        )
        assert.deepStrictEqual(ours, theirs, "on upstream's API server")
        const other = yield* Beside.directory
        const keelson = yield* KubeApiservers.keelson(other)
        const here = yield* Effect.andThen(Scheduling.site, Beside.program("kube-scheduler", other, keelson)).pipe(
          Effect.andThen(Scheduling.run),
          Effect.scoped,
          Effect.provide(Beside.clientOf(keelson))
        )
        assert.deepStrictEqual(here, theirs, "upstream's scheduler on our API server")
      }).pipe(Effect.scoped),
    300_000
  )
})
