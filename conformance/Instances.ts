/** The checks of the laws of `Instances`, the same for every cloud. */
import { Effect, type Scope } from "effect"
import assert from "node:assert/strict"
import { isIP } from "node:net"
import { InstanceNotFound, type NodeReference } from "../plugins/cloud/contracts/Cloud.ts"
import { Instances } from "../plugins/cloud/contracts/Instances.ts"
import { CloudBed, machine } from "./cloud/Bed.ts"
import * as Suite from "./Suite.ts"

type Service = Instances["Service"]
type Needs = CloudBed | Instances

const check = (
  holds: (
    instances: Service,
    node: NodeReference
  ) => Generator<Effect.Effect<unknown, unknown, Needs | Scope.Scope>, void, never>,
  saboteur: (honest: Service) => Partial<Service>
) => ({
  holds: Suite.inTime(
    Effect.scoped(Effect.flatMap(Effect.all([Instances, machine("node")]), (both) => Effect.fnUntraced(holds)(...both)))
  ),
  saboteur
})

const gone = Effect.fnUntraced(function* (found: ReturnType<Service["find"]>) {
  const { _tag } = yield* Effect.flip(found)
  assert.equal(_tag, "InstanceNotFound")
})

export const suite = Suite.make<Instances, Service, (typeof Instances)["laws"], Needs>(Instances, {
  "describe/prefix": check(
    function* (instances, node) {
      const { provider } = yield* instances.describe()
      const { providerID } = yield* instances.find({ node })
      assert.ok(providerID.startsWith(`${provider}://`), `${providerID} does not begin with ${provider}://`)
    },
    () => ({ describe: () => Effect.succeed({ provider: "another" }) })
  ),
  "find/by-name": check(
    function* (instances, node) {
      const other = yield* machine("other")
      const [one, two] = [yield* instances.find({ node }), yield* instances.find({ node: other })]
      assert.notEqual(one.providerID, two.providerID)
      assert.equal((yield* instances.find({ node: { ...node, addresses: [] } })).providerID, one.providerID)
    },
    ({ find }) => ({ find: (payload) => Effect.map(find(payload), (found) => ({ ...found, providerID: "x://same" })) })
  ),
  "find/by-id": check(
    function* (instances, node) {
      const other = yield* machine("other")
      const { providerID } = yield* instances.find({ node })
      const found = yield* instances.find({ node: { ...other, providerID } })
      assert.equal(found.providerID, providerID)
    },
    ({ find }) => ({ find: ({ node }) => find({ node: { ...node, providerID: "" } }) })
  ),
  "find/addresses": check(
    function* (instances, node) {
      const { addresses, shutdown } = yield* instances.find({ node })
      const internal = addresses.filter(({ type }) => type === "InternalIP")
      assert.ok(!shutdown && internal.length > 0, "it has no internal address")
      for (const { address } of internal) assert.ok(isIP(address) !== 0, `${address} is no address`)
    },
    ({ find }) => ({ find: (payload) => Effect.map(find(payload), (found) => ({ ...found, addresses: [] })) })
  ),
  "find/shutdown": check(
    function* (instances, node) {
      const bed = yield* CloudBed
      const { providerID } = yield* instances.find({ node })
      yield* bed.stop(node.name)
      const found = yield* instances.find({ node: { ...node, providerID } })
      assert.deepEqual([found.providerID, found.shutdown], [providerID, true])
    },
    ({ find }) => ({
      find: (payload) =>
        Effect.flatMap(find(payload), (found) =>
          found.shutdown ? Effect.fail(new InstanceNotFound({ instance: found.providerID })) : Effect.succeed(found)
        )
    })
  ),
  "find/gone": check(
    function* (instances, node) {
      const bed = yield* CloudBed
      const { providerID } = yield* instances.find({ node })
      yield* bed.terminate(node.name)
      yield* gone(instances.find({ node: { ...node, providerID } }))
      yield* gone(instances.find({ node }))
    },
    ({ find }) => {
      const seen = new Map<string, Effect.Success<ReturnType<typeof find>>>()
      return {
        find: ({ node }) => {
          const before = seen.get(node.name)
          const now = Effect.tap(find({ node }), (found) => Effect.sync(() => seen.set(node.name, found)))
          return before === undefined ? now : Effect.succeed(before)
        }
      }
    }
  ),
  "find/unknown": check(
    function* (instances) {
      yield* gone(instances.find({ node: { name: "laws-nobody", providerID: "", addresses: [] } }))
    },
    ({ find }) => ({
      find: (payload) =>
        Effect.catchTag(find(payload), "InstanceNotFound", () =>
          Effect.succeed({ providerID: "x://y", instanceType: "", addresses: [], shutdown: false })
        )
    })
  ),
  "find/foreign": check(
    function* (instances, node) {
      const refused = yield* Effect.flip(instances.find({ node: { ...node, providerID: "elsewhere://zone/i-1" } }))
      assert.equal(refused._tag, "Refused")
    },
    ({ find }) => ({
      find: (payload) =>
        Effect.catchTag(find(payload), "Refused", ({ reason }) => Effect.fail(new InstanceNotFound({ instance: reason })))
    })
  )
})
