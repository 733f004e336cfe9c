/** A plugin on another machine, here at the far end of the loopback: the same module, over TLS with certificates at both ends. */
import { assert, it } from "@effect/vitest"
import { Effect, Layer, Schedule, SubscriptionRef } from "effect"
import * as MemoryApi from "../../adapters/memory/MemoryApi.ts"
import { Api } from "../../kernel/client/Api.ts"
import * as Isolate from "../../kernel/plugin/Isolate.ts"
import * as Plugin from "../../kernel/plugin/Plugin.ts"
import * as Pki from "../../plugins/certificates/contracts/Pki.ts"
import { Hostile } from "./Hostile.ts"
import { Maker, Names } from "./Needy.ts"

const host = "127.0.0.1"
const authority = Pki.authority("plugins")
const pairs = Effect.gen(function* () {
  const ca = yield* authority
  const server = yield* Pki.issue(ca, { commonName: "plugin", hosts: [host], usages: ["server"] })
  const client = yield* Pki.issue(ca, { commonName: "cluster", usages: ["client"] })
  return { ca: ca.cert, server, client }
})

const names = Layer.sync(Names, () => {
  let count = 0
  return { next: () => Effect.sync(() => `name-${++count}`) }
})

it.live("it is given what it needs over the wire, and a host without a certificate gets nothing", () =>
  Effect.gen(function* () {
    const { ca, client, server } = yield* pairs
    const module = new URL("./Needy.ts", import.meta.url)
    const port = yield* Isolate.serve({ name: "maker", module, host, port: 0, ca, ...server })
    const isolated = (pair: Pki.Pair) =>
      Isolate.run({
        name: "maker",
        // What it says of the module is not heard there.
        module: new URL("file:///nowhere.ts"),
        options: { namespace: "apart" },
        offers: [Maker],
        needs: [Api, Names],
        isolation: "remote",
        remote: { host, port, ca, ...pair }
      })
    const stranger = yield* Pki.issue(yield* authority, { commonName: "cluster", usages: ["client"] })
    const plugins = yield* Plugin.Host
    yield* Effect.flip(plugins.start(isolated(stranger)))
    const services = yield* Layer.build(Plugin.install(isolated(client)))
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
    const { ca, client, server } = yield* pairs
    const module = new URL("./Hostile.ts", import.meta.url)
    const port = yield* Isolate.serve({ name: "hostile", module, host, port: 0, ca, ...server })
    const remote = { host, port, ca, ...client }
    const isolated = Isolate.run({ name: "hostile", module, offers: [Hostile], needs: [], isolation: "remote", remote })
    const hostile = yield* Effect.provide(Hostile, yield* Layer.build(Plugin.install(isolated)))
    for (const way of ["exit", "babble"] as const) {
      yield* Effect.ignore(hostile[way]())
      yield* Effect.retry(hostile.greet(), { times: 2500, schedule: Schedule.spaced("20 millis") })
    }
  }).pipe(Effect.scoped, Effect.provide(Plugin.Host.layer))
)
