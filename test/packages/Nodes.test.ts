/** Packages of a node: those that it refuses, and those that need each other. */
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
import { type About, Attachments } from "../../plugins/packages/contracts/Attachments.ts"
import * as NodeState from "../../plugins/packages/contracts/NodeState.ts"
import { Plugin, PluginConfiguration } from "../../plugins/packages/contracts/v1alpha1.ts"
import * as NodeLoader from "../../plugins/packages/node/NodeLoader.ts"
import { Node } from "../../plugins/resources/contracts/core/v1.ts"

const example = new URL("../../examples/credentials-table", import.meta.url).pathname
const often = Schedule.spaced("20 millis")

const node = Effect.fnUntraced(function* (room: number) {
  const files = yield* FileSystem.FileSystem
  const directory = yield* files.makeTempDirectoryScoped({ prefix: "keelson-nodes-" })
  const api = yield* Layer.build(
    Layer.provideMerge(ApiClient.layer, MemoryApi.layer([...builtIn, Plugin, PluginConfiguration]))
  )
  const client = Context.get(api, Client)
  yield* client.create(Node, { metadata: { name: "n1", labels: {} } })
  const given = yield* Layer.build(Layer.merge(KernelPlugin.Host.layer, Attachments.layer))
  const handles = new Map<string, ImageCredentials["Service"]>()
  const [attempts, taken] = [[] as string[], new Set<string>()]
  /** As of what there can be one only. */
  const attach = (credentials: ImageCredentials["Service"], { name }: About) =>
    Effect.gen(function* () {
      attempts.push(name)
      handles.set(name, credentials)
      if (taken.size >= room) return yield* Effect.fail(new Error(`${[...taken].join() || "nobody"} has the place`))
      yield* Effect.acquireRelease(
        Effect.sync(() => taken.add(name)),
        () => Effect.sync(() => taken.delete(name))
      )
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
  yield* Layer.build(Layer.provide(loader, Layer.succeedContext(Context.merge(api, given))))
  const load = (name: string, path = example, isolation = "in-process") =>
    client.create(Plugin, { metadata: { name }, spec: { source: { path }, isolation } })
  const said = Effect.map(client.get(Node, { namespace: "", name: "n1" }), ({ metadata }) =>
    Option.getOrThrow(NodeState.decode(metadata.annotations?.[NodeState.annotation] ?? ""))
  )
  const tried = (...names: ReadonlyArray<string>) =>
    Effect.sync(() => attempts.join()).pipe(
      Effect.repeat({ until: (now) => now === names.join(), schedule: often }),
      Effect.timeout("4 seconds")
    )
  return { client, directory, handles, load, said, tried }
})
const quiet = Effect.provideService(References.MinimumLogLevel, "None")
const key = (name: string) => ({ namespace: "", name })

it.live("one that is refused is tried again after a rest, and at once when something else is wished", () =>
  Effect.gen(function* () {
    const { client, load, said, tried } = yield* node(0)
    yield* load("table")
    yield* tried("table")
    yield* Effect.sleep("2 seconds")
    yield* tried("table")
    const { table } = (yield* said).plugins
    assert.strictEqual(table?.state, "Failed")
    assert.include(table?.reason, "nobody has the place")
    yield* client.patch(Plugin, key("table"), "merge", { spec: { rollbackWindowSeconds: 30 } })
    yield* tried("table", "table")
  }).pipe(quiet, Effect.provide(NodeServices.layer))
)

it.live("one whose place another has is there as soon as that has gone", () =>
  Effect.gen(function* () {
    const { client, load, tried } = yield* node(1)
    yield* load("first")
    yield* tried("first")
    yield* load("second")
    yield* tried("first", "second")
    yield* client.delete(Plugin, key("first"))
    yield* tried("first", "second", "second")
  }).pipe(quiet, Effect.provide(NodeServices.layer))
)

const contract = `import { Schema } from "effect"
import * as Contract from "keelson/kernel/plugin/Contract"
export class Vault extends Contract.make<Vault>()("acme/Vault", { version: "1.2.0", laws: {} },
  Contract.method("open", { doc: "A password.", success: Schema.String, errors: [] })
) {}
`
const vault = `import { Effect, Layer } from "effect"
import * as Plugin from "keelson/kernel/plugin/Plugin"
import { Vault } from "./contract.ts"
export const plugin = Plugin.make({
  name: "vault", offers: [Vault], layer: Layer.succeed(Vault, { open: () => Effect.succeed("of the vault") })
})
`
const logins = `import { Effect, Layer } from "effect"
import * as Plugin from "keelson/kernel/plugin/Plugin"
import { ImageCredentials } from "keelson/kubelet/ImageCredentials"
import { Vault } from "./contract.ts"
export const plugin = Plugin.make({
  name: "logins", offers: [ImageCredentials], needs: [Vault],
  layer: Layer.effect(ImageCredentials, Effect.map(Vault, ({ open }) => ({
    describe: () => Effect.succeed({ name: "logins", images: ["*"] }),
    get: ({ image }) => Effect.map(open(), (password) => ({
      logins: { [image]: { username: "somebody", password } }, keptFor: "Image", keptMillis: 0
    }))
  })))
})
`
const made = { contract: "acme/Vault", version: "1.2.0", methods: ["open"] }
const needing = {
  offers: [{ contract: "kubelet/ImageCredentials", version: "^1.0.0" }],
  needs: [{ contract: "acme/Vault", version: "^1.0.0" }]
}
const making = { contracts: [made], offers: [{ contract: "acme/Vault", version: "^1.0.0" }], runsOn: "nodes" }

it.live(
  "one that needs a contract of another package's waits for it, is given it, and waits again when that has gone",
  () =>
    Effect.gen(function* () {
      const { client, directory, handles, load, said } = yield* node(1)
      const files = yield* FileSystem.FileSystem
      const written = Effect.fnUntraced(function* (name: string, manifest: object, code: string) {
        const path = `${directory}/${name}-source`
        yield* files.makeDirectory(path)
        const about = JSON.stringify({ name, version: "1.0.0", module: "plugin.ts", ...manifest })
        for (const [file, text] of Object.entries({ "keelson.json": about, "plugin.ts": code, "contract.ts": contract }))
          yield* files.writeFileString(`${path}/${file}`, text)
        return path
      })
      const becomes = (name: string, state: string, reason: RegExp) =>
        Effect.retry(
          Effect.flatMap(said, ({ plugins }) =>
            plugins[name]?.state === state && reason.test(plugins[name]?.reason ?? "")
              ? Effect.void
              : Effect.fail(new Error(`${name} is not ${state}: ${JSON.stringify(plugins)}`))
          ),
          { schedule: often, times: 400 }
        )
      const waits = becomes("logins", "Failed", /^it waits for a package that offers acme\/Vault$/)
      yield* load("logins", yield* written("logins", needing, logins), "worker")
      yield* waits
      yield* load("vault", yield* written("vault", making, vault), "worker")
      yield* becomes("vault", "Running", /^$/)
      yield* becomes("logins", "Running", /^$/)
      const credentials = handles.get("logins")
      assert.isDefined(credentials)
      const answer = yield* credentials.get({ image: "any" })
      assert.deepStrictEqual(answer.logins, { any: { username: "somebody", password: "of the vault" } })
      yield* client.delete(Plugin, key("vault"))
      yield* waits
    }).pipe(quiet, Effect.provide(NodeServices.layer)),
  30_000
)
