/** What drivers that are gone have left in the API goes: at once when a kubelet begins, later if a driver may come back. */
import { assert, it } from "@effect/vitest"
import { Effect, Exit, Layer, Schedule, Scope } from "effect"
import { TestClock } from "effect/testing"
import * as MemoryApi from "../../adapters/memory/MemoryApi.ts"
import * as ApiClient from "../../kernel/client/ApiClient.ts"
import { Client } from "../../kernel/client/Client.ts"
import * as ClaimDrivers from "../../plugins/kubelet/devices/ClaimDrivers.ts"
import * as Slices from "../../plugins/kubelet/devices/Slices.ts"
import { ResourceSlice } from "../../plugins/resources/contracts/resource/v1.ts"

const driver = (name: string) => ({
  name,
  prepare: () => Effect.succeed(new Map()),
  unprepare: () => Effect.succeed(new Map())
})

it.effect("ResourceSlices of drivers that are gone are deleted, and nobody else's", () =>
  Effect.gen(function* () {
    const client = yield* Client
    const slice = (name: string, driver: string, nodeName: string) =>
      client.create(ResourceSlice, {
        metadata: { name },
        spec: { driver, nodeName, pool: { name: nodeName, generation: 1, resourceSliceCount: 1 }, devices: [] }
      })
    const there = Effect.map(client.list(ResourceSlice), (all) =>
      all
        .map(({ metadata: { name } }) => name)
        .toSorted()
        .join()
    )
    const become = (names: string) =>
      Effect.repeat(there, { schedule: Schedule.recurs(1000), until: (now) => now === names })
    yield* slice("old", "a.example", "n1")
    yield* slice("other", "a.example", "n2")
    const drivers = ClaimDrivers.make()
    yield* Slices.run(client, "n1", drivers)
    assert.strictEqual(yield* become("other"), "other")
    const scope = yield* Scope.make()
    yield* Scope.provide(drivers.add(driver("b.example")), scope)
    yield* slice("own", "b.example", "n1")
    yield* TestClock.adjust("1 minute")
    assert.strictEqual(yield* there, "other,own")
    yield* Scope.close(scope, Exit.void)
    yield* TestClock.adjust("29 seconds")
    assert.strictEqual(yield* there, "other,own")
    yield* TestClock.adjust("2 seconds")
    assert.strictEqual(yield* become("other"), "other")
  }).pipe(Effect.provide(Layer.provide(ApiClient.layer, MemoryApi.layer())))
)
