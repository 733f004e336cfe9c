/** A node with several runtimes, as the API sees it: a RuntimeClass, or the Node, chooses the one on which a Pod runs. */
import { afterAll, assert, describe, it } from "@effect/vitest"
import { Effect, Layer, Option, Schedule } from "effect"
import { mkdtempSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import * as MemoryApi from "../../adapters/memory/MemoryApi.ts"
import * as MemoryPowers from "../../adapters/memory/MemoryPowers.ts"
import * as ApiClient from "../../kernel/client/ApiClient.ts"
import { Client } from "../../kernel/client/Client.ts"
import * as Kubelet from "../../plugins/kubelet/Kubelet.ts"
import * as Runtimes from "../../plugins/kubelet/runtimes/Runtimes.ts"
import { Event, Node, Pod, type PodDraft } from "../../plugins/resources/contracts/core/v1.ts"
import { RuntimeClass } from "../../plugins/resources/contracts/node/v1.ts"

const directory = mkdtempSync(join(tmpdir(), "classes-"))
afterAll(() => rmSync(directory, { recursive: true, force: true }))

const memory = (name: string, handlers: ReadonlyArray<string> = []) =>
  MemoryPowers.layer({ network: "runtime", name, handlers, registry: ["busybox"] })
const node = Kubelet.layer({
  nodeName: "n1",
  directory,
  cniFolders: [join(directory, "net.d")],
  podCidr: "10.244.1.0/24",
  addresses: ["192.0.2.1"],
  hollow: true
}).pipe(
  Layer.provideMerge(
    Runtimes.layer({
      default: "containerd",
      runtimes: { containerd: memory("containerd"), crio: memory("cri-o", ["crun"]) }
    })
  ),
  Layer.provide(memory("network")),
  Layer.provideMerge(Layer.provide(ApiClient.layer, MemoryApi.layer()))
)

const key = (name: string) => ({ namespace: "default", name })
const start = Effect.fnUntraced(function* (name: string, spec: Partial<PodDraft["spec"]> = {}) {
  const client = yield* Client
  const containers = [{ name: "main", image: "busybox" }]
  yield* client.create(Pod, { metadata: key(name), spec: { nodeName: "n1", containers, ...spec } })
})
const patient = Effect.timeout("30 seconds")
const until = <A, E, R>(read: Effect.Effect<A, E, R>, holds: (value: A) => boolean) =>
  patient(Effect.repeat(read, { schedule: Schedule.spaced("20 millis"), until: holds }))
const runtimeOf = (name: string) =>
  Effect.map(
    until(
      Effect.flatMap(Client, (client) => Effect.map(client.find(Pod, key(name)), Option.getOrUndefined)),
      (pod) => pod?.status.phase === "Running"
    ),
    (pod) => pod?.status.containerStatuses?.[0]?.containerID?.split("://")[0]
  )

describe("a node with several runtimes", () => {
  it.live("a RuntimeClass names the one of a Pod; without one the Node's default serves, which may change", () =>
    Effect.gen(function* () {
      const client = yield* Client
      yield* client.create(RuntimeClass, { metadata: { name: "other" }, handler: "crio" })
      yield* client.create(RuntimeClass, { metadata: { name: "fast" }, handler: "crun" })
      yield* start("plain")
      yield* start("other", { runtimeClassName: "other" })
      yield* start("fast", { runtimeClassName: "fast" })
      assert.deepStrictEqual(
        [yield* runtimeOf("plain"), yield* runtimeOf("other"), yield* runtimeOf("fast")],
        ["containerd", "cri-o", "cri-o"]
      )
      const own = { namespace: "", name: "n1" }
      const before = yield* client.get(Node, own)
      assert.deepStrictEqual(
        before.status.runtimeHandlers?.map(({ name }) => name),
        ["", "containerd", "crio", "cri-o", "crun"]
      )
      assert.strictEqual(before.status.nodeInfo?.containerRuntimeVersion, "containerd://1.0.0")

      yield* client.patch(Node, own, "merge", { metadata: { annotations: { "keelson.io/runtime": "crio" } } })
      yield* until(client.get(Node, own), ({ status }) => status.nodeInfo?.containerRuntimeVersion === "cri-o://1.0.0")
      yield* start("later")
      assert.deepStrictEqual([yield* runtimeOf("later"), yield* runtimeOf("plain")], ["cri-o", "containerd"])
    }).pipe(Effect.provide(node))
  )

  it.live("what cannot be said says so in an event", () =>
    Effect.gen(function* () {
      const client = yield* Client
      yield* client.create(RuntimeClass, { metadata: { name: "unknown" }, handler: "kata" })
      yield* start("missing", { runtimeClassName: "none" })
      yield* start("unknown", { runtimeClassName: "unknown" })
      const said = (name: string) =>
        Effect.map(client.list(Event), (events) =>
          events.filter(({ involvedObject, reason }) => involvedObject.name === name && reason === "FailedCreatePodSandBox")
        )
      const [missing] = yield* until(said("missing"), (events) => events.length > 0)
      assert.strictEqual(missing?.message, 'Failed to create pod sandbox: runtimeclass.node.k8s.io "none" not found')
      const [unknown] = yield* until(said("unknown"), (events) => events.length > 0)
      assert.strictEqual(unknown?.message, 'Failed to create pod sandbox: no runtime for "kata" is configured')
      yield* client.create(RuntimeClass, { metadata: { name: "none" }, handler: "crio" })
      assert.strictEqual(yield* runtimeOf("missing"), "cri-o")
    }).pipe(Effect.provide(node))
  )
})
