/** The checks of the laws of `NodeDevices`. They give devices that exist, one at a time. */
import { Effect, Option, Stream } from "effect"
import assert from "node:assert/strict"
import { type Device, DevicesRefused, NodeDevices } from "../plugins/kubelet/contracts/NodeDevices.ts"
import * as Suite from "./Suite.ts"

type Service = NodeDevices["Service"]

/** What there is now. */
const listed = ({ devices }: Service) =>
  Effect.map(Stream.runHead(devices()), (first) => Option.getOrElse(first, (): ReadonlyArray<Device> => []))

interface Use {
  readonly service: Service
  readonly about: Effect.Success<ReturnType<Service["describe"]>>
  readonly ids: ReadonlyArray<string>
}
const use = Effect.gen(function* () {
  const service = yield* NodeDevices
  const all = yield* listed(service)
  const ids = all.flatMap(({ healthy, id }) => (healthy ? [id] : []))
  return { service, about: yield* service.describe(), ids }
})

const check = (
  holds: (use: Use) => Generator<Effect.Effect<unknown, unknown>, void, never>,
  saboteur: (honest: Service) => Partial<Service>
) => ({ holds: Suite.inTime(Effect.flatMap(use, Effect.fnUntraced(holds))), saboteur })

const one = ({ ids }: Use) => {
  const [id] = ids
  assert.ok(id !== undefined, "it has no healthy device that could be given")
  return [id]
}
const absent = "keelson-law-no-such-device"
let turn = 0

export const suite = Suite.make(NodeDevices, {
  "describe/resource": check(
    function* ({ about, service }) {
      assert.match(about.resource, /^[a-z0-9]([-a-z0-9.]*[a-z0-9])?\/[A-Za-z0-9][-A-Za-z0-9_.]*$/)
      assert.doesNotMatch(about.resource, /(^|\.)kubernetes\.io\//, "these names are Kubernetes' own")
      assert.deepEqual(yield* service.describe(), about)
    },
    ({ describe }) => ({ describe: () => Effect.map(describe(), (about) => ({ ...about, resource: "cpu" })) })
  ),
  "devices/first": check(
    function* ({ service }) {
      const ids = (yield* listed(service)).map(({ id }) => id)
      assert.notEqual(ids.length, 0, "it tells of no devices")
      assert.equal(new Set(ids).size, ids.length, "two devices have the same id")
    },
    ({ devices }) => ({ devices: () => Stream.map(devices(), (all) => [...all, ...all]) })
  ),
  "devices/all": check(
    function* ({ service }) {
      const all = yield* Effect.forEach(Array.from({ length: 8 }), () => listed(service), { concurrency: "unbounded" })
      const ids = all.map((devices) => devices.map(({ id }) => id).toSorted())
      for (const found of ids) assert.deepEqual(found, ids[0])
    },
    ({ devices }) => ({ devices: () => Stream.map(devices(), (all) => all.map((one) => ({ ...one, id: `${turn++}` }))) })
  ),
  "allocate/given": check(
    function* (use) {
      const given = yield* use.service.allocate({ devices: one(use) })
      for (const { permissions } of given.devices) assert.match(permissions, /^[rwm]+$/)
      for (const { containerPath } of [...given.devices, ...given.mounts]) assert.match(containerPath, /^\//)
    },
    () => ({ allocate: () => Effect.fail(new DevicesRefused({ message: "not today" })) })
  ),
  "allocate/again": check(
    function* (use) {
      const devices = one(use)
      const given = yield* use.service.allocate({ devices })
      assert.deepEqual(yield* use.service.allocate({ devices }), given)
    },
    ({ allocate }) => ({
      allocate: (asked) => Effect.map(allocate(asked), (given) => ({ ...given, env: { ...given.env, TURN: `${turn++}` } }))
    })
  ),
  "allocate/unknown": check(
    function* ({ service }) {
      const failure = yield* Effect.flip(service.allocate({ devices: [absent] }))
      assert.equal(failure._tag, "DevicesRefused")
    },
    () => ({
      allocate: () => Effect.succeed({ env: {}, mounts: [], devices: [], annotations: {}, cdiDevices: [] })
    })
  ),
  "prefer/some": check(
    function* ({ about, ids, service }) {
      if (!about.prefers) return
      const size = Math.min(2, ids.length)
      const mustInclude = ids.slice(0, 1)
      const preferred = yield* service.prefer({ available: ids, mustInclude, size })
      // None is an answer too: it does not care this time.
      if (preferred.length === 0) return
      assert.equal(new Set(preferred).size, size)
      assert.ok(
        preferred.every((id) => ids.includes(id)),
        "it prefers what is not free"
      )
      assert.ok(
        mustInclude.every((id) => preferred.includes(id)),
        "what must be among them is not"
      )
    },
    ({ describe }) => ({
      describe: () => Effect.map(describe(), (about) => ({ ...about, prefers: true })),
      prefer: () => Effect.succeed([absent])
    })
  ),
  "preStart/again": check(
    function* (use) {
      const { about, service } = use
      if (!about.preStart) return
      const devices = one(use)
      yield* service.allocate({ devices })
      yield* service.preStart({ devices })
      yield* service.preStart({ devices })
    },
    ({ describe }) => ({
      describe: () => Effect.map(describe(), (about) => ({ ...about, preStart: true })),
      preStart: () => Effect.fail(new DevicesRefused({ message: "never again" }))
    })
  )
})
