/** The API over HTTPS: the same laws on both versions of HTTP, and watches that go on whatever happens to a connection. */
import { assert, it } from "@effect/vitest"
import * as NodeServices from "@effect/platform-node/NodeServices"
import { Effect, FileSystem, Layer, Schedule } from "effect"
import { text } from "node:stream/consumers"
import * as Https from "../../adapters/client/https/Https.ts"
import * as Transport from "../../adapters/client/https/Transport.ts"
import * as Suite from "../../conformance/Api.ts"
import { Api } from "../../kernel/client/Api.ts"
import * as ApiClient from "../../kernel/client/ApiClient.ts"
import { Client } from "../../kernel/client/Client.ts"
import * as PipelineApi from "../../kernel/client/PipelineApi.ts"
import { kubeconfig } from "../../plugins/certificates/contracts/Kubeconfig.ts"
import { ConfigMap } from "../../plugins/resources/contracts/core/v1.ts"
import { type Cluster, start, type User } from "../apiserver/Cluster.ts"
import { verify } from "../Verify.ts"
import * as Proxy from "./Proxy.ts"

const optionsOf = ({ ca, port }: Cluster, { pair }: User): Https.Options => ({
  server: `https://127.0.0.1:${port}`,
  ca: ca.cert,
  ...(pair !== undefined && { clientCertificate: pair.cert, clientKey: pair.key })
})
const direct = Layer.unwrap(Effect.map(start(), (cluster) => Https.layer(optionsOf(cluster, cluster.admin))))
const proxied = Layer.unwrap(Effect.map(Effect.flatMap(start(), Proxy.start), ({ server }) => Https.layer({ server })))

const inside = Layer.unwrap(
  Effect.map(start(), ({ services }) =>
    Layer.provide(PipelineApi.layer({ name: "self", groups: ["system:masters"] }), Layer.succeedContext(services))
  )
)

verify("in the server", Suite.suite, inside)
verify("over HTTP/2", Suite.suite, direct)
verify("over HTTP/1.1", Suite.suite, proxied)

it.live("an answer is whole, however late it is read", () =>
  Effect.gen(function* () {
    const cluster = yield* start()
    const send = yield* Transport.make(optionsOf(cluster, cluster.admin))
    const path = "/api/v1/namespaces/default/configmaps/none"
    const { body, status } = yield* send({ method: "PUT", path, headers: {}, body: "{}" })
    // By then the stream is closed.
    yield* Effect.sleep("200 millis")
    const said = yield* Effect.promise(() => text(body))
    assert.isAtLeast(status, 400)
    assert.include(said, '"kind":"Status"')
  }).pipe(Effect.scoped)
)

const key = (name: string) => ({ namespace: "default", name })
const configMaps = { group: "", version: "v1", resource: "configmaps", namespace: "default" }
const eventually = (holds: () => boolean) =>
  Effect.repeat(Effect.sync(holds), { schedule: Schedule.spaced("10 millis"), until: (is) => is }).pipe(
    Effect.timeout("40 seconds")
  )

/** A cache behind a proxy, and what it shows. */
const behind = Effect.gen(function* () {
  const cluster = yield* start()
  const { control, server } = yield* Proxy.start(cluster)
  const layer = Layer.provide(ApiClient.layer, Https.layer({ server }))
  const client = yield* Effect.map(Layer.build(layer), (services) => services.pipe((all) => Effect.provide(Client, all)))
  const direct = Layer.provide(ApiClient.layer, Https.layer(optionsOf(cluster, cluster.admin)))
  const other = yield* Effect.map(Layer.build(direct), (services) => Effect.provide(Client, services))
  return { client: yield* client, control, other: yield* other }
})
const watches = (asked: ReadonlyArray<string>) => asked.filter((path) => path.includes("watch=true"))

it.live("a watch that is cut goes on where it was", () =>
  Effect.gen(function* () {
    const { client, control, other } = yield* behind
    const cache = yield* client.cache(ConfigMap, { indexes: {} })
    yield* client.create(ConfigMap, { metadata: key("a") })
    control.cut()
    yield* other.create(ConfigMap, { metadata: key("b") })
    yield* other.delete(ConfigMap, key("a"))
    yield* eventually(() => cache.get(key("b")) !== undefined && cache.get(key("a")) === undefined)
    const [first = "", second = ""] = watches(control.asked)
    assert.include(first, "sendInitialEvents=true")
    assert.include(second, "resourceVersion=")
    assert.notInclude(second, "sendInitialEvents")
  }).pipe(Effect.scoped)
)

it.live("a watch whose revision is forgotten begins again with all there is", () =>
  Effect.gen(function* () {
    const { client, control, other } = yield* behind
    const cache = yield* client.cache(ConfigMap, { indexes: {} })
    yield* client.create(ConfigMap, { metadata: key("a") })
    control.instead = (path) =>
      path.includes("resourceVersion=") ? { code: 410, reason: "Expired", message: "too old resource version" } : undefined
    control.cut()
    yield* other.delete(ConfigMap, key("a"))
    yield* other.create(ConfigMap, { metadata: key("b") })
    yield* eventually(() => cache.get(key("b")) !== undefined && cache.get(key("a")) === undefined)
  }).pipe(Effect.scoped)
)

it.live("a server without streaming lists is listed, in pages, and watched from there", () =>
  Effect.gen(function* () {
    const { client, control } = yield* behind
    control.instead = (path) =>
      path.includes("sendInitialEvents")
        ? { code: 422, reason: "Invalid", message: "sendInitialEvents is forbidden" }
        : undefined
    yield* client.create(ConfigMap, { metadata: key("a") })
    const cache = yield* client.cache(ConfigMap, { indexes: {} })
    assert.isDefined(cache.get(key("a")))
    yield* client.patch(ConfigMap, key("a"), "merge", { data: { x: "1" } })
    assert.deepStrictEqual(cache.get(key("a"))?.data, { x: "1" })
    assert.isTrue(control.asked.some((path) => path.includes("limit=500")))
  }).pipe(Effect.scoped)
)

it.live("many watches at once fit in one client", () =>
  Effect.gen(function* () {
    const cluster = yield* start()
    const layer = Layer.provide(ApiClient.layer, Https.layer(optionsOf(cluster, cluster.admin)))
    yield* Effect.gen(function* () {
      const client = yield* Client
      const caches = yield* Effect.forEach(
        Array.from({ length: 300 }, (_, index) => `app!=no-${index}`),
        (labelSelector) => client.cache(ConfigMap, { indexes: {}, selection: { labelSelector } }),
        { concurrency: "unbounded" }
      )
      yield* client.create(ConfigMap, { metadata: key("a") })
      assert.isTrue(caches.every((cache) => cache.get(key("a")) !== undefined))
    }).pipe(Effect.scoped, Effect.provide(layer))
  }).pipe(Effect.scoped)
)

it.live("failures are what the Status says, and who cannot be reached has applied nothing", () =>
  Effect.gen(function* () {
    const cluster = yield* start()
    const ann = yield* cluster.as("ann")
    const failures = Effect.gen(function* () {
      const api = yield* Api
      const at = { ...configMaps, name: "a" }
      const missing = yield* Effect.flip(api.get(at))
      const refused = yield* Effect.flip(api.delete({ ...at, options: {} }))
      return [missing, refused]
    })
    const [missing, refused] = yield* Effect.provide(failures, Https.layer(optionsOf(cluster, ann)))
    assert.deepInclude(missing, { _tag: "NotFound", resource: "configmaps", namespace: "default", name: "a" })
    assert.strictEqual(refused?._tag, "Forbidden")
    const nowhere = Https.layer({ server: "https://127.0.0.1:1" })
    const lost = yield* Effect.flip(
      Effect.provide(
        Effect.flatMap(Api, (api) => api.list(configMaps)),
        nowhere
      )
    )
    assert.deepInclude(lost, { _tag: "Unavailable", applied: "no" })
    const untrusted = Https.layer({ server: `https://127.0.0.1:${cluster.port}` })
    const strange = yield* Effect.flip(
      Effect.provide(
        Effect.flatMap(Api, (api) => api.list(configMaps)),
        untrusted
      )
    )
    assert.deepInclude(strange, { _tag: "Unavailable", applied: "no" })
  }).pipe(Effect.scoped)
)

it.live("a kubeconfig leads to its cluster", () =>
  Effect.gen(function* () {
    const files = yield* FileSystem.FileSystem
    const cluster = yield* start()
    const file = yield* files.makeTempFileScoped()
    const { ca, clientCertificate = "", clientKey = "", server } = optionsOf(cluster, cluster.admin)
    const config = kubeconfig({ server, ca: ca ?? "", cert: clientCertificate, key: clientKey, user: "admin" })
    yield* files.writeFileString(file, config)
    const list = Effect.flatMap(Api, (api) => api.list({ ...configMaps, resource: "namespaces", namespace: "" }))
    const { items } = yield* Effect.provide(list, Https.fromKubeconfig(file))
    assert.isAbove(items.length, 0)
    const other = yield* Effect.flip(Effect.provide(list, Https.fromKubeconfig(file, { context: "other" })))
    assert.deepInclude(other, { _tag: "KubeconfigInvalid", file })
  }).pipe(Effect.scoped, Effect.provide(NodeServices.layer))
)

it.live("a certificate that is renewed is shown from then on, and what began with the old one goes on", () =>
  Effect.gen(function* () {
    const cluster = yield* start()
    const [ann, bob] = [(yield* cluster.as("ann")).pair, (yield* cluster.as("bob")).pair]
    if (ann === undefined || bob === undefined) return assert.fail("users have certificates")
    let shown = ann
    const about = optionsOf(cluster, cluster.nobody)
    const clientOf = (options: Https.Options) =>
      Effect.flatMap(Layer.build(Layer.provide(ApiClient.layer, Https.layer(options))), (all) => Effect.provide(Client, all))
    const mine = yield* clientOf({ ...about, identity: () => shown })
    const other = yield* clientOf(optionsOf(cluster, cluster.admin))
    const cache = yield* mine.cache(ConfigMap, { indexes: {} })
    shown = bob
    assert.strictEqual((yield* Effect.flip(mine.list(ConfigMap)))._tag, "Forbidden")
    yield* other.create(ConfigMap, { metadata: key("after") })
    yield* eventually(() => cache.get(key("after")) !== undefined)
    shown = ann
    assert.isNotEmpty(yield* mine.list(ConfigMap))
  }).pipe(Effect.scoped)
)
