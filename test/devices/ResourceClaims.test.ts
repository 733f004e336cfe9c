/** What Pods claim is got ready by drivers before they start, given to the containers that ask for it, and taken back when the last of them is over. */
import { assert, it } from "@effect/vitest"
import { Effect, Ref } from "effect"
import type { Answer, Claim, ClaimDriver } from "../../plugins/kubelet/contracts/ClaimDriver.ts"
import { DriverFailed } from "../../plugins/kubelet/contracts/ClaimDriver.ts"
import { Event, Pod } from "../../plugins/resources/contracts/core/v1.ts"
import { ResourceClaim } from "../../plugins/resources/contracts/resource/v1.ts"
import { isRunning, machine } from "./DeviceNode.ts"
import * as PodResources from "./PodResources.ts"

const driverName = "cards.example.com"

/** It gets one device ready for each request, and notes what it is asked for. */
const cards = Effect.gen(function* () {
  const calls = yield* Ref.make<ReadonlyArray<string>>([])
  const fails = yield* Ref.make(false)
  const note = (what: string, claims: ReadonlyArray<Claim>) =>
    Ref.update(calls, (all) => [...all, `${what} ${claims.map(({ name }) => name).join(",")}`])
  const driver: ClaimDriver = {
    name: driverName,
    prepare: (claims) =>
      Effect.gen(function* () {
        yield* note("prepare", claims)
        if (yield* Ref.get(fails)) return yield* new DriverFailed({ message: "rpc error: code = Internal desc = no power" })
        return new Map(
          claims.map(({ uid }): readonly [string, Answer] => [
            uid,
            {
              devices: ["left", "right"].map((request) => ({
                requests: [request],
                pool: "n1",
                device: request,
                cdiDevices: [`example.com/card=${request}`]
              }))
            }
          ])
        )
      }),
    unprepare: (claims) => Effect.as(note("unprepare", claims), new Map(claims.map(({ uid }) => [uid, { devices: [] }])))
  }
  return { driver, calls: Ref.get(calls), fail: (value: boolean) => Ref.set(fails, value) }
})

const draft = (name: string, ...requests: ReadonlyArray<string>) => ({
  metadata: { name, namespace: "default" },
  spec: {
    nodeName: "n1",
    restartPolicy: "Always",
    resourceClaims: [{ name: "cards", resourceClaimName: "pair" }],
    containers: requests.map((request) => ({
      name: `${name}-${request}`,
      image: "busybox",
      resources: { claims: [request === "all" ? { name: "cards" } : { name: "cards", request }] }
    }))
  }
})

const bed = Effect.gen(function* () {
  const node = yield* machine
  const { client } = node
  const allocation = {
    devices: {
      results: ["left", "right"].map((request) => ({ driver: driverName, pool: "n1", device: request, request }))
    }
  }
  const exactly = { deviceClassName: driverName }
  yield* client.create(ResourceClaim, {
    metadata: { name: "pair", namespace: "default" },
    spec: { devices: { requests: ["left", "right"].map((name) => ({ name, exactly })) } }
  })
  /** As the scheduler does for those that have it. */
  const reserve = Effect.fnUntraced(function* (...pods: ReadonlyArray<Pod>) {
    const claim = yield* client.get(ResourceClaim, { namespace: "default", name: "pair" })
    const reservedFor = pods.map(({ metadata: { name, uid } }) => ({ resource: "pods", name, uid }))
    yield* client.update(ResourceClaim, { ...claim, status: { allocation, reservedFor } }, { subresource: "status" })
  })
  return { ...node, reserve }
})

it.live(
  "a driver is asked before the Pod starts, and again when it is over",
  () =>
    Effect.gen(function* () {
      const { claimDrivers, client, configs, directory, eventually, kubelet, pod, reserve } = yield* bed
      const { calls, driver } = yield* cards
      yield* kubelet
      const one = yield* client.create(Pod, draft("one", "left", "all"))
      const event = (text: string) =>
        eventually(client.list(Event), (all) => all.some(({ message, reason }) => `${reason} ${message}`.includes(text)))
      yield* event("is not allowed to use ResourceClaim pair")
      const two = yield* client.create(Pod, draft("two", "right"))
      yield* reserve(one, two)
      yield* event(
        `FailedPrepareDynamicResources Failed to prepare dynamic resources: prepare dynamic resources: DRA driver ${driverName} is not registered`
      )
      yield* claimDrivers.add(driver)
      yield* pod("one", isRunning)
      yield* pod("two", isRunning)
      assert.deepStrictEqual(configs.get("one-left")?.cdiDevices, ["example.com/card=left"])
      assert.deepStrictEqual(configs.get("one-all")?.cdiDevices, ["example.com/card=left", "example.com/card=right"])
      assert.deepStrictEqual(configs.get("two-right")?.cdiDevices, ["example.com/card=right"])
      const told = yield* PodResources.ask(directory)
      const right = { cdi: [{ name: "example.com/card=right" }], driver: driverName, pool: "n1", device: "right" }
      assert.deepStrictEqual(yield* told("Get", { name: "two", namespace: "default" }), {
        pod: {
          name: "two",
          namespace: "default",
          containers: [{ name: "two-right", claims: [{ name: "pair", namespace: "default", resources: [right] }] }]
        }
      })
      for (const name of ["one", "two"]) {
        yield* client.delete(Pod, { namespace: "default", name }, { gracePeriodSeconds: 0 })
        yield* pod(name, (found) => found === undefined)
        const taken = ["prepare pair", ...(name === "two" ? ["unprepare pair"] : [])]
        assert.deepStrictEqual(yield* eventually(calls, (all) => all.length === taken.length), taken)
      }
    }),
  60_000
)

it.live(
  "a kubelet that begins takes back what a Pod left that is gone, and a driver that fails is asked again",
  () =>
    Effect.gen(function* () {
      const { claimDrivers, client, eventually, kubelet, pod, reserve } = yield* bed
      const { calls, driver, fail } = yield* cards
      yield* claimDrivers.add(driver)
      yield* Effect.scoped(
        Effect.gen(function* () {
          yield* kubelet
          yield* fail(true)
          yield* reserve(yield* client.create(Pod, draft("one", "all")))
          yield* eventually(client.list(Event), (all) =>
            all.some(({ message }) => message?.includes("NodePrepareResources: rpc error: code = Internal desc = no power"))
          )
          yield* fail(false)
          yield* pod("one", isRunning)
        })
      )
      yield* client.delete(Pod, { namespace: "default", name: "one" }, { gracePeriodSeconds: 0 })
      yield* kubelet
      yield* eventually(calls, (all) => all.at(-1) === "unprepare pair")
    }),
  60_000
)
