/** A plugin on another machine, here at the far end of the loopback: the same module, over TLS to it or to servers of NATS. */
import { assert, describe, it } from "@effect/vitest"
import { Effect, Layer, Schedule, SubscriptionRef } from "effect"
import * as MemoryApi from "../../adapters/memory/MemoryApi.ts"
import { Api } from "../../kernel/client/Api.ts"
import * as Isolate from "../../kernel/plugin/Isolate.ts"
import * as Plugin from "../../kernel/plugin/Plugin.ts"
import { left } from "../Left.ts"
import * as Far from "./Far.ts"
import { Hostile } from "./Hostile.ts"
import { Maker, Names } from "./Needy.ts"

const names = Layer.sync(Names, () => {
  let count = 0
  return { next: () => Effect.sync(() => `name-${++count}`) }
})

for (const { at, lacks, title } of Far.ways) {
  describe.skipIf(lacks.length > 0)(`${title}${left(lacks)}`, () => {
    it.live("it is given what it needs over the wire, and a host without a certificate gets nothing", () =>
      Effect.gen(function* () {
        const { refused, remote } = yield* at({ name: "maker", module: new URL("./Needy.ts", import.meta.url) })
        const isolated = (remote: Isolate.Remote) =>
          Isolate.run({
            name: "maker",
            // What it says of the module is not heard there.
            module: new URL("file:///nowhere.ts"),
            options: { namespace: "apart" },
            offers: [Maker],
            needs: [Api, Names],
            isolation: "remote",
            remote
          })
        const plugins = yield* Plugin.Host
        yield* Effect.flip(plugins.start(isolated(refused)))
        const services = yield* Layer.build(Plugin.install(isolated(remote)))
        const { die, make } = yield* Effect.provide(Maker, services)
        assert.strictEqual(yield* make(), "name-1: 1")
        assert.strictEqual((yield* Effect.flip(die()))._tag, "Unavailable")
        const again = Effect.retry(make(), { times: 2500, schedule: Schedule.spaced("20 millis") })
        assert.strictEqual(yield* again, "name-2: 2")
        const [state] = yield* SubscriptionRef.get(plugins.states)
        assert.deepInclude(state, { name: "maker", state: "running", isolation: "remote", restarts: 1 })
      }).pipe(Effect.scoped, Effect.provide(Layer.mergeAll(MemoryApi.layer(), names, Plugin.Host.layer)))
    )

    it.live("what it does to its process there, the host sees as its end", () =>
      Effect.gen(function* () {
        const module = new URL("./Hostile.ts", import.meta.url)
        const { remote } = yield* at({ name: "hostile", module })
        const isolated = Isolate.run({ name: "hostile", module, offers: [Hostile], needs: [], isolation: "remote", remote })
        const hostile = yield* Effect.provide(Hostile, yield* Layer.build(Plugin.install(isolated)))
        for (const way of ["exit", "babble"] as const) {
          yield* Effect.ignore(hostile[way]())
          yield* Effect.retry(hostile.greet(), { times: 2500, schedule: Schedule.spaced("20 millis") })
        }
      }).pipe(Effect.scoped, Effect.provide(Plugin.Host.layer))
    )
  })
}
