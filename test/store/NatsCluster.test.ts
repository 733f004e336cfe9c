/** Three supervised servers: TLS and who is let in, a damaged replica made anew, an upgrade, and a server that is replaced. */
import { NodeServices } from "@effect/platform-node"
import { assert, describe, it } from "@effect/vitest"
import { Effect, FileSystem, Layer, Option, References, Schedule } from "effect"
import { randomBytes } from "node:crypto"
import * as JetStreamLog from "../../kernel/store/jetstream/JetStreamLog.ts"
import * as Nats from "../../kernel/store/jetstream/Nats.ts"
import * as NatsAdmin from "../../kernel/store/jetstream/NatsAdmin.ts"
import * as NatsBinary from "../../kernel/store/jetstream/NatsBinary.ts"
import * as NatsCluster from "../../kernel/store/jetstream/NatsCluster.ts"
import * as NatsRebuild from "../../kernel/store/jetstream/NatsRebuild.ts"
import * as NatsScrub from "../../kernel/store/jetstream/NatsScrub.ts"
import * as NatsServer from "../../kernel/store/jetstream/NatsServer.ts"
import { Log } from "../../kernel/store/Log.ts"
import * as NatsKeys from "./NatsKeys.ts"

const binary = await Effect.runPromise(Effect.option(NatsBinary.find()))
const quiet = Effect.provideService(References.MinimumLogLevel, "None")

const temporary = Effect.flatMap(FileSystem.FileSystem, (fs) => fs.makeTempDirectoryScoped({ prefix: "keelson-nats-" }))

const write = Effect.fnUntraced(function* (options: JetStreamLog.Options, prefix: string, count: number) {
  const log = yield* Effect.provide(Log, yield* Layer.build(JetStreamLog.layer(options)))
  const change = { log: "objects", op: "put", prev: 0 } as const
  const append = (index: number) =>
    log
      .append({ ...change, key: `${prefix}/${index}`, bytes: new Uint8Array(randomBytes(1000)), writeId: `${prefix}${index}` })
      .pipe(Effect.retry({ times: 5 }))
  yield* Effect.forEach(Array(count).keys(), append, { concurrency: 16, discard: true })
}, Effect.scoped)

/** A byte in the middle of what a server keeps of the objects. */
const damage = Effect.fnUntraced(function* (directory: string) {
  const fs = yield* FileSystem.FileSystem
  const file = `${directory}/data/jetstream/KEELSON/streams/K8S_keelson_objects/msgs/1.blk`
  const bytes = yield* fs.readFile(file)
  const at = Math.floor(bytes.length / 2)
  bytes[at] = (bytes[at] ?? 0) ^ 0xff
  yield* fs.writeFile(file, bytes)
})

const leaderOf = Effect.fnUntraced(function* (nats: Nats.Nats) {
  const { leader } = yield* NatsScrub.placeOf(nats, "keelson", "objects")
  return leader
})

describe.skipIf(Option.isNone(binary))("three supervised servers", () => {
  it.live(
    "let in by certificate; a damaged replica is found and made anew, be it a follower or the leader",
    () =>
      Effect.gen(function* () {
        const keys = yield* NatsKeys.make
        const directory = yield* temporary
        const { log, servers } = yield* NatsCluster.start({ directory, tls: keys })
        yield* write(log, "a", 200)
        const nats = yield* Nats.make(log)
        const whole = yield* NatsScrub.scrub(nats)
        assert.isUndefined(NatsScrub.describe(whole))
        assert.strictEqual(whole.servers.length, 3)
        assert.isAtLeast(whole.messages, 201)

        for (const isLeader of [false, true]) {
          const leader = yield* leaderOf(nats)
          const server = servers.find(({ name }) => (name === leader) === isLeader)
          assert.isDefined(server)
          yield* damage(server.directory)
          // What the server has in memory is forgotten with it; restarted while it does not lead, the damage stays unseen.
          yield* server.restart()
          yield* server.ready
          const found = yield* NatsRebuild.check({ server })
          assert.isDefined(found.aside)
          assert.deepStrictEqual(found.report.faults, [])
          assert.isUndefined(NatsScrub.describe(yield* NatsScrub.scrub(nats)))
        }
      }).pipe(quiet, Effect.provide(NodeServices.layer), Effect.scoped),
    120_000
  )
})
