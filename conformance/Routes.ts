/** The checks of the laws of `Routes`, the same for every cloud. */
import { Effect, type Scope } from "effect"
import assert from "node:assert/strict"
import type { NodeReference } from "../plugins/cloud/contracts/Cloud.ts"
import { Instances } from "../plugins/cloud/contracts/Instances.ts"
import { type Route, Routes } from "../plugins/cloud/contracts/Routes.ts"
import { atEveryCall, CloudBed, machine, settled } from "./cloud/Bed.ts"
import * as Suite from "./Suite.ts"

type Service = Routes["Service"]
type Needs = CloudBed | Instances | Routes

const initialized = Effect.gen(function* () {
  const node = yield* machine("node")
  const { providerID } = yield* Effect.flatMap(Instances, (instances) => instances.find({ node }))
  return { ...node, providerID }
})

let turn = 0
/** Destinations that no other check has. */
const destination = () => `10.${200 + (turn >> 8)}.${turn++ & 255}.0/24`

const use = Effect.gen(function* () {
  const { cluster } = yield* CloudBed
  const routes = yield* Routes
  const to = (destination: string) =>
    Effect.map(routes.list({ cluster }), (all) => all.filter((route) => route.destination === destination))
  const create = (node: NodeReference, destination: string) => routes.create({ cluster, node, destination })
  const remove = (route: Route) => routes.delete({ cluster, route })
  const removeAll = (destination: string) =>
    Effect.flatMap(to(destination), (all) => Effect.forEach(all, remove, { discard: true }))
  return { node: yield* initialized, to, create, remove, removeAll }
})
type Use = Effect.Success<typeof use>

const check = (
  holds: (use: Use, destination: string) => Generator<Effect.Effect<unknown, unknown, Needs | Scope.Scope>, void, never>,
  saboteur: (honest: Service) => Partial<Service>
) => ({
  holds: Suite.inTime(
    Effect.scoped(
      Effect.gen(function* () {
        const it = yield* use
        const where = destination()
        yield* Effect.addFinalizer(() => Effect.ignore(it.removeAll(where)))
        return yield* Effect.fnUntraced(holds)(it, where)
      })
    )
  ),
  saboteur
})

export const suite = Suite.make<Routes, Service, (typeof Routes)["laws"], Needs>(Routes, {
  "create/listed": check(
    function* ({ create, node, to }, where) {
      yield* create(node, where)
      assert.deepEqual(
        (yield* to(where)).map(({ blackhole, providerID }) => ({ blackhole, providerID })),
        [{ blackhole: false, providerID: node.providerID }]
      )
    },
    () => ({ create: () => Effect.void })
  ),
  "create/again": check(
    function* ({ create, node, to }, where) {
      yield* create(node, where)
      const before = yield* to(where)
      yield* create(node, where)
      assert.deepEqual(yield* to(where), before)
    },
    ({ create, list }) => {
      let made = 0
      return {
        create: (payload) => Effect.tap(create(payload), () => Effect.sync(() => made++)),
        list: (payload) => Effect.map(list(payload), (all) => all.flatMap((one) => Array.from({ length: made }, () => one)))
      }
    }
  ),
  "create/moved": check(
    function* ({ create, node, to }, where) {
      const other = yield* initialized
      yield* create(node, where)
      yield* create(other, where)
      assert.deepEqual(
        (yield* to(where)).map(({ providerID }) => providerID),
        [other.providerID]
      )
    },
    ({ create }) => {
      let isMade = false
      return {
        create: (payload) =>
          Effect.suspend(() => {
            if (isMade) return Effect.void
            isMade = true
            return create(payload)
          })
      }
    }
  ),
  "create/gone": check(
    function* ({ create, node, to }, where) {
      yield* Effect.flatMap(CloudBed, ({ terminate }) => terminate(node.name))
      assert.equal((yield* Effect.flip(create(node, where)))._tag, "InstanceNotFound")
      assert.deepEqual(yield* to(where), [])
    },
    () => ({ create: () => Effect.void })
  ),
  "delete/again": check(
    function* ({ create, node, remove, to }, where) {
      yield* create(node, where)
      const [route] = yield* to(where)
      assert.ok(route !== undefined)
      yield* remove(route)
      yield* remove(route)
      assert.deepEqual(yield* to(where), [])
    },
    () => ({ delete: () => Effect.void })
  ),
  "delete/others": check(
    function* ({ create, node, remove, removeAll, to }, where) {
      const another = destination()
      yield* create(node, where)
      yield* create(node, another)
      yield* Effect.forEach(yield* to(another), remove)
      const left = yield* to(where)
      yield* removeAll(another)
      assert.equal(left.length, 1)
    },
    (honest) => ({
      delete: (payload) =>
        Effect.flatMap(Effect.orDie(honest.list(payload)), (all) =>
          Effect.forEach(all, (route) => honest.delete({ ...payload, route }), { discard: true })
        )
    })
  ),
  "interrupted/any": check(
    function* ({ create, node, removeAll, to }, where) {
      const made = Effect.gen(function* () {
        yield* settled(create(node, where))
        assert.equal((yield* to(where)).length, 1)
      })
      const unmade = Effect.gen(function* () {
        yield* settled(removeAll(where))
        assert.deepEqual(yield* to(where), [])
      })
      for (const fault of ["throttled", "lost"] as const) {
        yield* atEveryCall(fault, create(node, where), Effect.andThen(made, unmade))
        yield* made
        yield* atEveryCall(fault, removeAll(where), Effect.andThen(unmade, made))
        yield* unmade
      }
    },
    ({ delete: remove }) => {
      let hasFailed = false
      const failed = Effect.sync(() => (hasFailed = true))
      return {
        delete: (payload) => Effect.suspend(() => (hasFailed ? Effect.void : Effect.tapError(remove(payload), () => failed)))
      }
    }
  )
})
