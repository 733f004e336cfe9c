/** Leases of API servers that nobody renews go, an hour after the last renewal; others stay. */
import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import { TestClock } from "effect/testing"
import { Client } from "../../kernel/client/Client.ts"
import * as ApiServers from "../../plugins/cluster/contracts/ApiServers.ts"
import * as LeaseCleaner from "../../plugins/controllers/lease-cleaner/LeaseCleaner.ts"
import { Lease } from "../../plugins/resources/contracts/coordination/v1.ts"
import { cluster, names, when } from "./Cluster.ts"

const { labels, namespace } = ApiServers
const begin = Date.parse("2026-03-01T12:00:00Z")
const at = (minutes: number) => new Date(begin + minutes * 60_000).toISOString().replace("Z", "000Z")

describe("Leases of API servers", () => {
  it.effect("go when they have not been renewed for an hour", () =>
    Effect.andThen(
      TestClock.setTime(begin),
      Effect.gen(function* () {
        const client = yield* Client
        const create = (name: string, minutes: number, of = labels) =>
          client.create(Lease, {
            metadata: { name, namespace, labels: of },
            spec: { holderIdentity: name, leaseDurationSeconds: 15, renewTime: at(minutes) }
          })
        yield* create("gone", -30)
        yield* create("alive", -30)
        yield* client.create(Lease, { metadata: { name: "empty", namespace, labels }, spec: {} })
        yield* client.create(Lease, { metadata: { name: "of-a-controller", namespace }, spec: { renewTime: at(-900) } })
        yield* when(Lease, (all) => all.length === 3)
        yield* TestClock.adjust("20 minutes")
        const alive = yield* client.get(Lease, { namespace, name: "alive" })
        yield* client.update(Lease, { ...alive, spec: { ...alive.spec, renewTime: at(20) } })
        yield* TestClock.adjust("11 minutes")
        const left = yield* when(Lease, (all) => all.length === 2)
        assert.deepStrictEqual(names(left).toSorted(), ["alive", "of-a-controller"])
        yield* TestClock.adjust("50 minutes")
        yield* when(Lease, (all) => all.length === 1)
      }).pipe(Effect.provide(cluster(LeaseCleaner.plugin)))
    )
  )
})
