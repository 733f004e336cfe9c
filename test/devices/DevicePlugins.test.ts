/** Upstream's own device plugin, unmodified: it registers, keeps the laws, and its devices come to Pods, go when it dies, and come back with it. */
import { assert, describe, it } from "@effect/vitest"
import { Deferred, Effect, Layer } from "effect"
import { existsSync, mkdirSync } from "node:fs"
import { join } from "node:path"
import * as DevicePlugins from "../../adapters/devices/DevicePlugins.ts"
import * as Suite from "../../conformance/NodeDevices.ts"
import { NodeDevices, type Provider } from "../../plugins/kubelet/contracts/NodeDevices.ts"
import { Pod } from "../../plugins/resources/contracts/core/v1.ts"
import { left } from "../Left.ts"
import { verify } from "../Verify.ts"
import { draft, folder, isFailed, isRunning, machine } from "./DeviceNode.ts"
import * as SamplePlugin from "./SamplePlugin.ts"

const resource = "example.com/resource"
const plugins = (directory: string) => join(directory, "device-plugins")

const registered = Effect.gen(function* () {
  const directory = plugins(yield* folder)
  const found = yield* Deferred.make<Provider>()
  yield* DevicePlugins.serve({ directory, add: (provider) => Deferred.succeed(found, provider) })
  yield* SamplePlugin.start(directory)
  return yield* Effect.timeout(Deferred.await(found), "30 seconds")
})

describe.skipIf(SamplePlugin.lacks.length > 0)(`sample-device-plugin${left(SamplePlugin.lacks)}`, () => {
  verify("upstream's sample", Suite.suite, Layer.effect(NodeDevices, registered))

  it.live(
    "gives its devices to Pods, dies, and registers again",
    () =>
      Effect.gen(function* () {
        const { amounts, client, configs, directory, kubelet, pod, providers } = yield* machine
        yield* kubelet
        yield* DevicePlugins.serve({ directory: plugins(directory), add: providers.add })
        const first = yield* SamplePlugin.start(plugins(directory), { CDI_ENABLED: "1" })
        yield* amounts("2", "2", resource)
        yield* client.create(Pod, draft("one", 2, {}, resource))
        const one = yield* pod("one", isRunning)
        const { cdiDevices = [], mounts = [] } = configs.get("one") ?? {}
        assert.sameMembers(
          mounts.map(({ containerPath }) => containerPath),
          ["/tmp/Dev-1", "/tmp/Dev-2"]
        )
        assert.sameMembers([...cdiDevices], ["example.com/resource=CDI-Dev-1", "example.com/resource=CDI-Dev-2"])
        assert.lengthOf(one?.status.containerStatuses?.[0]?.allocatedResourcesStatus?.[0]?.resources ?? [], 2)
        yield* first.end("SIGKILL")
        yield* amounts("2", "0", resource)
        yield* client.create(Pod, draft("two", 1, {}, resource))
        const refused = yield* pod("two", isFailed)
        assert.strictEqual(
          refused?.status.message,
          "Pod was rejected: Allocate failed due to no healthy devices present; cannot allocate unhealthy devices example.com/resource, which is unexpected"
        )
        yield* SamplePlugin.start(plugins(directory))
        yield* amounts("2", "2", resource)
        // They are in use still.
        yield* client.create(Pod, draft("three", 1, {}, resource))
        const taken = yield* pod("three", isFailed)
        assert.include(taken?.status.message ?? "", "Requested: 1, Available: 0")
      }),
    60_000
  )

  it.live("knows whether another kubelet is there", () =>
    Effect.gen(function* () {
      const directory = plugins(yield* folder)
      mkdirSync(directory)
      assert.isFalse(yield* DevicePlugins.isServed(directory))
      yield* DevicePlugins.serve({ directory, add: () => Effect.void })
      assert.isTrue(yield* DevicePlugins.isServed(directory))
    })
  )

  it.live("takes a folder that it made back with it", () =>
    Effect.gen(function* () {
      const before = yield* folder
      const directory = join(plugins(before), "deeper")
      yield* Effect.scoped(DevicePlugins.serve({ directory, add: () => Effect.void }))
      assert.isTrue(existsSync(before))
      assert.isFalse(existsSync(plugins(before)))
    })
  )
})
