/** Packages of a node that it refuses. */
import * as NodeServices from "@effect/platform-node/NodeServices"
import { assert, it } from "@effect/vitest"
import { Context, Effect, FileSystem, Layer, Option, References, Schedule } from "effect"
import { builtIn } from "../../adapters/memory/MemoryKinds.ts"
import * as MemoryApi from "../../adapters/memory/MemoryApi.ts"
import { Api } from "../../kernel/client/Api.ts"
import * as ApiClient from "../../kernel/client/ApiClient.ts"
import { Client } from "../../kernel/client/Client.ts"
import * as KernelPlugin from "../../kernel/plugin/Plugin.ts"
import { ImageCredentials } from "../../plugins/kubelet/contracts/ImageCredentials.ts"
import { Attachments } from "../../plugins/packages/contracts/Attachments.ts"
import * as NodeState from "../../plugins/packages/contracts/NodeState.ts"
import { Plugin, PluginConfiguration } from "../../plugins/packages/contracts/v1alpha1.ts"
import * as NodeLoader from "../../plugins/packages/node/NodeLoader.ts"
import { Node } from "../../plugins/resources/contracts/core/v1.ts"

const example = new URL("../../examples/credentials-table", import.meta.url).pathname
const often = Schedule.spaced("20 millis")

const node = Effect.gen(function* () {
  const files = yield* FileSystem.FileSystem
  const directory = yield* files.makeTempDirectoryScoped({ prefix: "keelson-nodes-" })
  const api = yield* Layer.build(
    Layer.provideMerge(ApiClient.layer, MemoryApi.layer([...builtIn, Plugin, PluginConfiguration]))
  )
  const client = Context.get(api, Client)
  yield* client.create(Node, { metadata: { name: "n1", labels: {} } })
  const given = yield* Layer.build(Layer.merge(KernelPlugin.Host.layer, Attachments.layer))
  let attempts = 0
  const attach = () =>
    Effect.suspend(() => {
      attempts++
      return Effect.fail(new Error("nobody wants it"))
    })
  yield* Effect.provide(
    Effect.flatMap(Attachments, ({ add }) => add({ contract: ImageCredentials, attach })),
    given
  )
  const facts = {
    ...{ name: "n1", address: "10.0.0.1", podCidr: "10.244.1.0/24", serviceCidr: "10.96.0.0/16" },
    network: { directory },
    ingress: { addresses: [], directory },
    dns: { address: ["10.96.0.10"], domain: "cluster.local", port: 53, held: true }
  }
  const loader = NodeLoader.layer({ nodeName: "n1", directory, facts, as: () => Layer.succeed(Api, Context.get(api, Api)) })
  const source = { path: example }
  yield* client.create(Plugin, { metadata: { name: "table" }, spec: { source, isolation: "in-process" } })
  yield* Layer.build(Layer.provide(loader, Layer.succeedContext(Context.merge(api, given))))
  const said = Effect.map(client.get(Node, { namespace: "", name: "n1" }), ({ metadata }) =>
    Option.getOrThrow(NodeState.decode(metadata.annotations?.[NodeState.annotation] ?? ""))
  )
  return { client, said, attempts: () => attempts }
})

it.live("one that is refused is tried again after a rest, and at once when something else is wished", () =>
  Effect.gen(function* () {
    const { attempts, client, said } = yield* node
    const tried = (count: number) =>
      Effect.sync(attempts).pipe(
        Effect.repeat({ until: (now) => now === count, schedule: often }),
        Effect.timeout("4 seconds")
      )
    yield* tried(1)
    yield* Effect.sleep("2 seconds")
    assert.strictEqual(attempts(), 1)
    const { table } = (yield* said).plugins
    assert.strictEqual(table?.state, "Failed")
    assert.include(table?.reason, "nobody wants it")
    yield* client.patch(Plugin, { namespace: "", name: "table" }, "merge", { spec: { rollbackWindowSeconds: 30 } })
    yield* tried(2)
  }).pipe(Effect.provideService(References.MinimumLogLevel, "None"), Effect.provide(NodeServices.layer))
)
