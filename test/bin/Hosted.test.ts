/** Several control planes on one machine: each has its own objects, one server of the store has the logs of all, and nothing stays. */
import * as NodeServices from "@effect/platform-node/NodeServices"
import { assert, describe, it } from "@effect/vitest"
import { Effect, FileSystem, Fiber, Layer, Option, References, Schedule } from "effect"
import { join } from "node:path"
import * as Https from "../../adapters/client/https/Https.ts"
import * as Kubeconfig from "../../adapters/client/https/Kubeconfig.ts"
import { settingsOf } from "../../bin/Flags.ts"
import * as Hosted from "../../bin/hosted/Hosted.ts"
import * as List from "../../bin/hosted/List.ts"
import * as Place from "../../bin/hosted/Place.ts"
import * as Server from "../../bin/Server.ts"
import * as ApiClient from "../../kernel/client/ApiClient.ts"
import { Client } from "../../kernel/client/Client.ts"
import { freePort } from "../../kernel/FreePort.ts"
import * as Nats from "../../kernel/store/jetstream/Nats.ts"
import * as NatsShared from "../../kernel/store/jetstream/NatsShared.ts"
import { ConfigMap, Namespace } from "../../plugins/resources/contracts/core/v1.ts"
import { left } from "../Left.ts"
import * as RawNats from "../store/RawNats.ts"

const { lacks } = RawNats
const quiet = Effect.provideService(References.MinimumLogLevel, "None")

const soon = <A, E, R>(effect: Effect.Effect<A, E, R>) =>
  effect.pipe(Effect.retry(Schedule.spaced("50 millis")), Effect.timeout("60 seconds"))

const settingsWith = (dataDir: string, name: string, port = Option.none<number>()) =>
  settingsOf({
    dataDir: Option.some(dataDir),
    name: Option.some(name),
    apiPort: port,
    nodeName: Option.some("n"),
    nodeIp: Option.some("127.0.0.1")
  })
const withPort = (dataDir: string, name: string) =>
  Effect.flatMap(freePort, (port) => settingsWith(dataDir, name, Option.some(port)))

/** As its administrator, by the file that it has written. */
const as = <A, E>(dataDir: string, name: string, effect: Effect.Effect<A, E, Client>) =>
  Effect.gen(function* () {
    const target = yield* Kubeconfig.read(join(Place.directoryOf(dataDir, name), "kubeconfig"))
    const client = ApiClient.layer.pipe(Layer.provide(Https.layer({ ...target, userAgent: "test" })))
    return yield* Effect.provide(effect, client)
  })

const create = (name: string) =>
  Effect.flatMap(Client, (client) => client.create(ConfigMap, { metadata: { namespace: "default", name }, data: {} }))
const names = Effect.flatMap(Client, (client) => client.list(ConfigMap, { namespace: "default" })).pipe(
  Effect.map((maps) => maps.map(({ metadata }) => metadata.name).filter((name) => name?.startsWith("of-")))
)
const isServed = Effect.flatMap(Client, (client) => client.get(Namespace, { namespace: "", name: "default" }))

describe.skipIf(lacks.length > 0)(`control planes of one machine${left(lacks)}`, () => {
  it.live(
    "each has its own, whoever keeps their logs may end, and who is deleted leaves nothing",
    () =>
      Effect.gen(function* () {
        const fs = yield* FileSystem.FileSystem
        const dataDir = yield* fs.makeTempDirectoryScoped({ prefix: "keelson-hosted-" })
        const [one, two] = [yield* withPort(dataDir, "one"), yield* withPort(dataDir, "two")]
        const running = yield* Effect.forkScoped(Server.runAll([one, two], { role: "primary" }))
        yield* soon(Effect.forEach(["one", "two"], (name) => as(dataDir, name, isServed), { concurrency: 2 }))

        yield* soon(as(dataDir, "one", create("of-one")))
        yield* soon(as(dataDir, "two", create("of-two")))
        assert.deepStrictEqual(yield* as(dataDir, "one", names), ["of-one"])
        assert.deepStrictEqual(yield* as(dataDir, "two", names), ["of-two"])

        // What is kept for one is not to be found with the key of another.
        const now = yield* settingsWith(dataDir, "one")
        const seed = (yield* fs.readFileString(Place.files(one.dataDir).seed)).trim()
        const nats = yield* Nats.make({ servers: now.store, nkey: seed })
        const infoOf = (stream: string) => Effect.result(nats.request(`$JS.API.STREAM.INFO.${stream}`, "", undefined, 2000))
        assert.strictEqual((yield* infoOf("K8S_one_objects"))._tag, "Success")
        assert.strictEqual((yield* infoOf("K8S_two_objects"))._tag, "Failure")
        const stranger = yield* Effect.flip(Nats.make({ servers: now.store, nkey: NatsShared.newKey().seed }))
        assert.include(stranger.reason, "Authorization Violation")

        const refused = (settings: typeof one) => Effect.map(Effect.flip(Effect.scoped(Hosted.enter(settings))), String)
        assert.include(yield* refused(two), `the control plane two runs already (process ${process.pid})`)
        const three = { ...(yield* settingsWith(dataDir, "three")), apiPort: two.apiPort }
        assert.include(yield* refused(three), `--api-port ${two.apiPort} is that of the control plane two`)
        yield* fs.remove(Place.directoryOf(dataDir, "three"), { recursive: true, force: true })

        // Killed, it comes back with all that it had acknowledged.
        const store = join(Place.rootOf(dataDir), "store")
        const pid = yield* NatsShared.running(store)
        assert.isDefined(pid)
        process.kill(pid ?? 0, "SIGKILL")
        yield* soon(as(dataDir, "one", create("of-one-later")))
        assert.deepStrictEqual(yield* as(dataDir, "one", names), ["of-one", "of-one-later"])

        const shown = (yield* List.table(dataDir)).split("\n").map((line) => line.split(/\s+/).slice(0, 2).join(" "))
        assert.deepStrictEqual(shown, ["NAME STATUS", "one Running", "two Running"])

        // The other goes on in the same process.
        assert.isTrue(yield* Hosted.remove(dataDir, "two", true))
        assert.isFalse(yield* fs.exists(Place.directoryOf(dataDir, "two")))
        assert.deepStrictEqual(yield* fs.readDirectory(join(store, "data", "jetstream")), ["tenant-one"])
        yield* soon(as(dataDir, "one", create("of-one-last")))

        yield* Fiber.interrupt(running)
        assert.isUndefined(yield* NatsShared.running(store))
        const gone = yield* Effect.flip(Hosted.remove(dataDir, "two", true))
        assert.include(gone.message, "there is no control plane two")
        assert.isFalse(yield* Hosted.remove(dataDir, "one", true))
        assert.deepStrictEqual(yield* fs.readDirectory(dataDir), [])
      }).pipe(quiet, Effect.scoped, Effect.provide(NodeServices.layer)),
    120_000
  )
})
