/** What tests of devices have in common: a hollow node whose containers are seen as they are started, and Pods that ask for devices. */
import { Effect, Layer, Option, Schedule } from "effect"
import { mkdtempSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import * as MemoryApi from "../../adapters/memory/MemoryApi.ts"
import * as MemoryPowers from "../../adapters/memory/MemoryPowers.ts"
import * as ApiClient from "../../kernel/client/ApiClient.ts"
import { Client } from "../../kernel/client/Client.ts"
import { ContainerRuntime } from "../../plugins/kubelet/contracts/ContainerRuntime.ts"
import * as ClaimDrivers from "../../plugins/kubelet/devices/ClaimDrivers.ts"
import * as Providers from "../../plugins/kubelet/devices/Providers.ts"
import * as Kubelet from "../../plugins/kubelet/Kubelet.ts"
import { Node, Pod, type PodDraft } from "../../plugins/resources/contracts/core/v1.ts"

export const folder = Effect.acquireRelease(
  Effect.sync(() => mkdtempSync(join(tmpdir(), "keelson-devices-"))),
  (path) => Effect.sync(() => rmSync(path, { recursive: true, force: true }))
)

type Config = Parameters<ContainerRuntime["Service"]["startContainer"]>[0]

/** A hollow node: what its containers are started with, beside the API and a machine that outlives kubelets. */
export const machine = Effect.gen(function* () {
  const directory = yield* folder
  const api = yield* Layer.build(Layer.provide(ApiClient.layer, MemoryApi.layer()))
  const powers = yield* Layer.build(MemoryPowers.layer({ network: "runtime", registry: ["busybox"] }))
  const runtime = yield* Effect.provide(ContainerRuntime, powers)
  const configs = new Map<string, Config>()
  const noted = ContainerRuntime.of({
    ...runtime,
    startContainer: (config) =>
      Effect.tap(runtime.startContainer(config), () => Effect.sync(() => configs.set(config.name, config)))
  })
  const providers = Providers.make()
  const claimDrivers = ClaimDrivers.make()
  const kubelet = Kubelet.layer({
    nodeName: "n1",
    directory,
    cniFolders: [join(directory, "net.d")],
    podCidr: "10.244.1.0/24",
    addresses: ["192.0.2.1"],
    hollow: true,
    devices: providers,
    claimDrivers,
    podResources: [join(directory, "pod-resources", "kubelet.sock")]
  }).pipe(
    Layer.provide(Layer.succeed(ContainerRuntime, noted)),
    Layer.provide(Layer.succeedContext(powers)),
    Layer.provide(Layer.succeedContext(api))
  )
  const client = yield* Effect.provide(Client, api)
  const eventually = <A>(what: Effect.Effect<A, unknown>, holds: (found: A) => boolean) =>
    Effect.repeat(what, { schedule: Schedule.spaced("20 millis"), until: holds }).pipe(Effect.timeout("40 seconds"))
  const podNow = (name: string) => Effect.map(client.find(Pod, { namespace: "default", name }), Option.getOrUndefined)
  return {
    client,
    configs,
    providers,
    claimDrivers,
    directory,
    kubelet: Layer.build(kubelet),
    eventually,
    pod: (name: string, holds: (pod: Pod | undefined) => boolean) => eventually(podNow(name), holds),
    amounts: (capacity: string, allocatable: string, name = "example.com/lamp") =>
      eventually(
        Effect.map(client.find(Node, { namespace: "", name: "n1" }), Option.getOrUndefined),
        (node) => node?.status.capacity?.[name] === capacity && node.status.allocatable?.[name] === allocatable
      )
  }
})

export const draft = (
  name: string,
  count: number,
  more: Partial<PodDraft["spec"]> = {},
  resource = "example.com/lamp"
): PodDraft => ({
  metadata: { name, namespace: "default" },
  spec: {
    nodeName: "n1",
    containers: [{ name, image: "busybox", resources: { limits: { [resource]: `${count}` } } }],
    ...more
  }
})
export const isRunning = (pod: Pod | undefined) => pod?.status.phase === "Running"
export const isFailed = (pod: Pod | undefined) => pod?.status.phase === "Failed"
