/** The checks of the laws of `Zones`, the same for every cloud. */
import { Effect, type Scope } from "effect"
import assert from "node:assert/strict"
import { Instances } from "../plugins/cloud/contracts/Instances.ts"
import { Zones } from "../plugins/cloud/contracts/Zones.ts"
import { CloudBed, machine } from "./cloud/Bed.ts"
import * as Suite from "./Suite.ts"

type Service = Zones["Service"]
type Needs = CloudBed | Instances | Zones

const check = (
  holds: (zones: Service) => Generator<Effect.Effect<unknown, unknown, Needs | Scope.Scope>, void, never>,
  saboteur: (honest: Service) => Partial<Service>
) => ({ holds: Suite.inTime(Effect.scoped(Effect.flatMap(Zones, Effect.fnUntraced(holds)))), saboteur })

/** A machine that was found once, as an initialized node knows itself. */
const initialized = Effect.fnUntraced(function* (zone: 0 | 1 = 0) {
  const node = yield* machine("node", zone)
  const { providerID } = yield* Effect.flatMap(Instances, (instances) => instances.find({ node }))
  return { ...node, providerID }
})

const label = /^([A-Za-z0-9]([-A-Za-z0-9_.]{0,61}[A-Za-z0-9])?)?$/
const elsewhere = { zone: "nowhere", region: "nowhere" }

export const suite = Suite.make<Zones, Service, (typeof Zones)["laws"], Needs>(Zones, {
  "list/some": check(
    function* (zones) {
      const all = yield* zones.list()
      assert.ok(all.length > 0, "there is no zone")
      assert.equal(new Set(all.map(({ zone }) => zone)).size, all.length)
      for (const { region, zone } of all) assert.ok(label.test(zone) && label.test(region), `${zone} in ${region}`)
    },
    ({ list }) => ({ list: () => Effect.map(list(), (all) => [...all, ...all]) })
  ),
  "find/listed": check(
    function* (zones) {
      const found = yield* zones.find({ node: yield* initialized() })
      const all = yield* zones.list()
      assert.ok(
        all.some(({ region, zone }) => zone === found.zone && region === found.region),
        `${found.zone} in ${found.region} is not listed`
      )
    },
    () => ({ find: () => Effect.succeed(elsewhere) })
  ),
  "find/apart": check(
    function* (zones) {
      const [one, two] = [yield* initialized(0), yield* initialized(1)]
      assert.notEqual((yield* zones.find({ node: one })).zone, (yield* zones.find({ node: two })).zone)
    },
    () => ({ find: () => Effect.succeed(elsewhere) })
  ),
  "find/shutdown": check(
    function* (zones) {
      const node = yield* initialized(1)
      const before = yield* zones.find({ node })
      yield* Effect.flatMap(CloudBed, ({ stop }) => stop(node.name))
      assert.deepEqual(yield* zones.find({ node }), before)
    },
    ({ find }) => {
      let isAsked = false
      return {
        find: (payload) =>
          Effect.suspend(() => {
            if (isAsked) return Effect.succeed(elsewhere)
            isAsked = true
            return find(payload)
          })
      }
    }
  ),
  "find/gone": check(
    function* (zones) {
      const node = yield* initialized()
      yield* Effect.flatMap(CloudBed, ({ terminate }) => terminate(node.name))
      assert.equal((yield* Effect.flip(zones.find({ node })))._tag, "InstanceNotFound")
    },
    () => ({ find: () => Effect.succeed(elsewhere) })
  )
})
