/** A runtime that is given its network is, with GivenNetwork over it, one that has it: also after a kill and with no address left. */
import { afterAll, assert, describe, it } from "@effect/vitest"
import { Effect, Layer, Schedule } from "effect"
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import * as MemoryApi from "../../adapters/memory/MemoryApi.ts"
import * as MemoryNetworkAttachment from "../../adapters/memory/MemoryNetworkAttachment.ts"
import * as MemoryPowers from "../../adapters/memory/MemoryPowers.ts"
import * as ContainerRuntimeLaws from "../../conformance/ContainerRuntime.ts"
import * as EventsLaws from "../../conformance/Events.ts"
import * as ExecLaws from "../../conformance/Exec.ts"
import * as ApiClient from "../../kernel/client/ApiClient.ts"
import { Client } from "../../kernel/client/Client.ts"
import { ContainerRuntime } from "../../plugins/kubelet/contracts/ContainerRuntime.ts"
import { NetworkAttachment } from "../../plugins/kubelet/contracts/NetworkAttachment.ts"
import * as Kubelet from "../../plugins/kubelet/Kubelet.ts"
import * as GivenNetwork from "../../plugins/kubelet/runtimes/GivenNetwork.ts"
import * as Namespaces from "../../plugins/kubelet/runtimes/Namespaces.ts"
import { Event, Pod } from "../../plugins/resources/contracts/core/v1.ts"
import { verify } from "../Verify.ts"

const root = mkdtempSync(join(tmpdir(), "given-"))
afterAll(() => rmSync(root, { recursive: true, force: true }))
let last = 0
const fresh = () => join(root, `${++last}`)

const machine = (kind: "given" | "made") => MemoryPowers.layer({ network: kind, name: kind, images: ["busybox"] })
const over = (kind: "given" | "made", directory: string, namespaces = Namespaces.names()) =>
  GivenNetwork.layer({ directory, namespaces }).pipe(
    Layer.provideMerge(machine(kind)),
    Layer.provideMerge(MemoryNetworkAttachment.layer())
  )

for (const kind of ["given", "made"] as const) {
  verify(`${kind} its network`, ContainerRuntimeLaws.suite, over(kind, fresh()))
  verify(`${kind} its network`, EventsLaws.suite, over(kind, fresh()))
  verify(`${kind} its network`, ExecLaws.suite, over(kind, fresh()))
}

const config = (uid: string, attempt = 0) => ({
  uid,
  namespace: "default",
  name: uid,
  attempt,
  hostname: uid,
  network: { _tag: "runtime" } as const
})

describe.each(["given", "made"] as const)("a Pod whose network is %s", (kind) => {
  it.effect("has addresses as long as it runs, and gives them back", () => {
    const directory = fresh()
    return Effect.gen(function* () {
      const { describe, list, removePod, startPod, stopPod } = yield* ContainerRuntime
      assert.strictEqual((yield* describe()).network, "runtime")
      const first = yield* startPod(config("first"))
      const second = yield* startPod(config("second"))
      assert.deepStrictEqual([first.addresses, second.addresses], [["10.0.0.2"], ["10.0.0.3"]])
      assert.deepStrictEqual((yield* startPod(config("first"))).addresses, first.addresses)
      yield* stopPod({ pod: first.id, graceSeconds: 0 })
      assert.deepStrictEqual((yield* list({ uid: "first" }))[0]?.addresses, [])
      assert.deepStrictEqual((yield* startPod(config("first", 1))).addresses, ["10.0.0.2"])
      yield* removePod({ pod: second.id })
      assert.deepStrictEqual(
        readdirSync(directory).filter((name) => name.startsWith("second")),
        []
      )
    }).pipe(Effect.provide(over(kind, directory)))
  })

  it.effect("a range that is used up is said with its figures, and nothing is left of the Pod", () => {
    const network = MemoryNetworkAttachment.layer([{ prefix: "10.9.0.", size: 1 }])
    const full = GivenNetwork.layer({ directory: fresh(), namespaces: Namespaces.names() }).pipe(
      Layer.provideMerge(machine(kind)),
      Layer.provide(network)
    )
    return Effect.gen(function* () {
      const { list, startPod } = yield* ContainerRuntime
      yield* startPod(config("one"))
      const refused = yield* Effect.flip(startPod(config("two")))
      assert.deepInclude(refused, {
        _tag: "PodRefused",
        message: "network memory has no address left: 1 of 1 in 10.9.0.* are in use"
      })
      assert.deepStrictEqual(yield* list({ uid: "two" }), [])
    }).pipe(Effect.provide(full))
  })

  it.effect("an agent that was killed finds Pods with their addresses, and takes back what is nobody's", () => {
    const directory = fresh()
    const namespaces = Namespaces.names()
    return Effect.gen(function* () {
      const below = yield* Layer.build(Layer.merge(machine(kind), MemoryNetworkAttachment.layer()))
      const again = Layer.provide(GivenNetwork.layer({ directory, namespaces }), Layer.succeedContext(below))
      const kept = yield* Effect.provide(
        Effect.flatMap(ContainerRuntime, ({ startPod }) => startPod(config("kept"))),
        again
      )
      // As if it had been killed between the network and the Pod, and while it wrote.
      const network = yield* Effect.provide(NetworkAttachment, below)
      yield* network.attach({ pod: "lost-0", namespace: "x", runtime: kind, ports: [] })
      yield* namespaces.make(join(directory, "half-0"))
      writeFileSync(join(directory, "half-0"), "")
      writeFileSync(join(directory, "torn-0.json"), "{")
      yield* Effect.gen(function* () {
        const { list, startPod } = yield* ContainerRuntime
        assert.deepStrictEqual((yield* list({}))[0]?.addresses, kept.addresses)
        assert.deepStrictEqual((yield* startPod(config("next"))).addresses, ["10.0.0.3"])
      }).pipe(Effect.provide(again))
      const left = readdirSync(directory).filter((name) => !/^(kept|next)/.test(name))
      assert.deepStrictEqual(
        left.filter((name) => name.startsWith("torn")),
        []
      )
      assert.isFalse(namespaces.isThere(join(directory, "half-0")))
    }).pipe(Effect.scoped)
  })

  it.effect("a Pod whose namespace has gone is not ready", () => {
    const directory = fresh()
    const namespaces = Namespaces.names()
    return Effect.gen(function* () {
      const { list, startPod } = yield* ContainerRuntime
      yield* startPod(config("bare"))
      yield* namespaces.remove(join(directory, "bare-0"))
      assert.deepInclude((yield* list({}))[0], { ready: false, addresses: [] })
    }).pipe(Effect.provide(over(kind, directory, namespaces)))
  })
})

describe("a node whose network is full", () => {
  it.live("says so of the Pod that gets no address, and runs it when there is one", () => {
    const directory = fresh()
    const network = MemoryNetworkAttachment.layer([{ prefix: "10.9.0.", size: 1 }])
    const node = Kubelet.layer({
      nodeName: "n1",
      directory,
      cniFolders: [],
      podCidr: "10.9.0.0/30",
      addresses: ["192.0.2.1"],
      hollow: true
    }).pipe(
      Layer.provide(GivenNetwork.layer({ directory: join(directory, "netns"), namespaces: Namespaces.names() })),
      Layer.provide(MemoryPowers.layer({ network: "given", name: "podman", registry: ["busybox"] })),
      Layer.provide(network),
      Layer.provideMerge(Layer.provide(ApiClient.layer, MemoryApi.layer()))
    )
    const patiently = <A, E, R>(read: Effect.Effect<A, E, R>, holds: (value: A) => boolean) =>
      Effect.timeout(Effect.repeat(read, { schedule: Schedule.spaced("20 millis"), until: holds }), "30 seconds")
    return Effect.gen(function* () {
      const client = yield* Client
      const key = (name: string) => ({ namespace: "default", name })
      const phase = (name: string) => Effect.map(client.get(Pod, key(name)), ({ status }) => status.phase)
      const start = (name: string) => {
        const containers = [{ name: "main", image: "busybox" }]
        return client.create(Pod, {
          metadata: key(name),
          spec: { nodeName: "n1", terminationGracePeriodSeconds: 0, containers }
        })
      }
      yield* start("one")
      yield* patiently(phase("one"), (now) => now === "Running")
      yield* start("two")
      const said = Effect.map(client.list(Event), (events) =>
        events.find(({ involvedObject, reason }) => involvedObject.name === "two" && reason === "FailedCreatePodSandBox")
      )
      const event = yield* patiently(said, (found) => found !== undefined)
      assert.strictEqual(
        event?.message,
        "Failed to create pod sandbox: network memory has no address left: 1 of 1 in 10.9.0.* are in use"
      )
      yield* client.delete(Pod, key("one"), { gracePeriodSeconds: 0 })
      yield* patiently(phase("two"), (now) => now === "Running")
      assert.strictEqual((yield* client.get(Pod, key("two"))).status.podIP, "10.9.0.2")
    }).pipe(Effect.provide(node))
  })
})
