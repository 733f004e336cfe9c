/** What a supervised server is told and whom it lets in; and directories that are not for it. */
import * as NodeServices from "@effect/platform-node/NodeServices"
import { assert, describe, it } from "@effect/vitest"
import { Effect, FileSystem, Layer, References } from "effect"
import { randomBytes } from "node:crypto"
import * as JetStreamLog from "../../kernel/store/jetstream/JetStreamLog.ts"
import * as Nats from "../../kernel/store/jetstream/Nats.ts"
import { flawOf } from "../../kernel/store/jetstream/NatsDirectory.ts"
import { compare, describe as inWords, scrub } from "../../kernel/store/jetstream/NatsScrub.ts"
import * as NatsServer from "../../kernel/store/jetstream/NatsServer.ts"
import { Log } from "../../kernel/store/Log.ts"
import * as NatsKeys from "./NatsKeys.ts"
import { left } from "../Left.ts"
import * as RawNats from "./RawNats.ts"

const { lacks } = RawNats
const quiet = Effect.provideService(References.MinimumLogLevel, "None")
const temporary = Effect.flatMap(FileSystem.FileSystem, (fs) => fs.makeTempDirectoryScoped({ prefix: "keelson-nats-" }))
const change = { log: "objects", key: "a", op: "put", bytes: new Uint8Array(10), prev: 0, writeId: "1" } as const

const appendTo = Effect.fnUntraced(function* (options: JetStreamLog.Options) {
  const log = yield* Effect.provide(Log, yield* Layer.build(JetStreamLog.layer(options)))
  return yield* log.append(change)
}, Effect.scoped)

describe.skipIf(lacks.length > 0)(`a supervised server${left(lacks)}`, () => {
  it.live(
    "lets in who has a certificate that names a user, over TLS, and each only to what it needs",
    () =>
      Effect.gen(function* () {
        const [keys, others] = [yield* NatsKeys.make, yield* NatsKeys.make]
        const directory = yield* temporary
        const { admin, log } = yield* NatsServer.start({ directory, tls: keys })
        assert.isAbove(yield* appendTo(log), 0)

        const refused = (tls: object) => Effect.scoped(Effect.flip(Nats.make({ servers: log.servers, tls })))
        const { ca } = keys
        const [stranger] = yield* Effect.all(
          [
            refused({ ca, ...keys.stranger }),
            refused({ ca }),
            refused({ ca, ...others.client }),
            refused({ ca: others.ca, ...keys.client })
          ],
          { concurrency: "unbounded" }
        )
        assert.include(stranger.reason, "Authorization Violation")

        const client = yield* Nats.make(log)
        const purge = yield* Effect.flip(client.request("$JS.API.STREAM.PURGE.K8S_keelson_objects", "", undefined, 500))
        assert.include(String(purge._tag === "Unavailable" ? purge.cause : purge), "Permissions Violation")
        const administrator = yield* Nats.make(admin)
        const foreign = yield* Effect.flip(
          administrator.request("$JS.API.STREAM.INFO.K8S_keelson_objects", "", undefined, 500)
        )
        assert.isDefined(foreign)
      }).pipe(quiet, Effect.provide(NodeServices.layer), Effect.scoped),
    60_000
  )

  it.live(
    "what is damaged on a server on its own is found; what was deleted is not missed",
    () =>
      Effect.gen(function* () {
        const directory = yield* temporary
        const fs = yield* FileSystem.FileSystem
        const server = yield* NatsServer.start({ directory })
        const log = yield* Effect.provide(Log, yield* Layer.build(JetStreamLog.layer(server.log)))
        let prev = 0
        for (const writeId of ["1", "2", "3", "4", "5", "6"]) {
          prev = yield* log.append({ ...change, prev, writeId, bytes: new Uint8Array(randomBytes(1000)) })
        }
        yield* log.compact({ log: "objects", seq: prev - 3 })
        const nats = yield* Nats.make(server.log)
        assert.isUndefined(inWords(yield* scrub(nats)))

        const block = `${directory}/data/jetstream/KEELSON/streams/K8S_keelson_objects/msgs/1.blk`
        const bytes = yield* fs.readFile(block)
        const at = bytes.length - 2500
        bytes[at] = (bytes[at] ?? 0) ^ 0xff
        yield* fs.writeFile(block, bytes)
        yield* server.restart()
        const { lost } = yield* Effect.retry(scrub(nats), { times: 10 })
        assert.deepStrictEqual(
          lost.map(({ log }) => log),
          ["objects"]
        )
      }).pipe(quiet, Effect.provide(NodeServices.layer), Effect.scoped),
    60_000
  )

  it.live(
    "data of a server on its own is not made a member's, which would delete it",
    () =>
      Effect.gen(function* () {
        const directory = yield* temporary
        const fs = yield* FileSystem.FileSystem
        const alone = Effect.scoped(Effect.flatMap(NatsServer.start({ directory }), ({ log }) => appendTo(log)))
        const seq = yield* alone
        const cluster = { name: "keelson", listen: "127.0.0.1:1", routes: ["127.0.0.1:2", "127.0.0.1:3"] }
        const member = Effect.scoped(Effect.flip(NatsServer.start({ directory, name: "one", cluster })))
        assert.match((yield* member).message, /would delete it as an orphan in a cluster: `keelson store migrate`/)
        // Nor when it does not say whose it is, as in the time before directories did.
        yield* fs.remove(`${directory}/server.json`)
        const streams = `${directory}/data/jetstream`
        yield* fs.rename(`${streams}/KEELSON`, `${streams}/$G`)
        assert.match((yield* member).message, /would delete it as an orphan/)
        assert.strictEqual(yield* alone, seq)
      }).pipe(quiet, Effect.provide(NodeServices.layer), Effect.scoped),
    60_000
  )
})

describe("a directory", () => {
  const member = { name: "one", cluster: "keelson", authority: "a", version: "2.15.2" }
  it("is for whom it was made", () => {
    assert.isUndefined(flawOf(member, member))
    assert.isUndefined(flawOf(member, { ...member, version: "2.16.0" }))
    assert.isUndefined(flawOf(member, { ...member, version: "2.15.1" }))
    assert.isUndefined(flawOf({ name: "keelson" }, { name: "keelson", version: "2.15.2" }))
  })
  it("is refused to others", () => {
    assert.match(flawOf(member, { name: "keelson" }) ?? "", /no log without the others/)
    assert.match(flawOf(member, { ...member, cluster: "other" }) ?? "", /belongs to the cluster keelson, and not to other/)
    assert.match(flawOf(member, { ...member, authority: "b" }) ?? "", /another cluster of the name keelson/)
    assert.match(flawOf(member, { ...member, name: "two" }) ?? "", /is the replica one, and not two/)
    assert.match(flawOf(member, { ...member, version: "2.14.7" }) ?? "", /2\.15\.2 has run on it/)
  })
})

describe("replicas compared", () => {
  const told = (digest: string, isSound = true) => ({ digest, key: "pods/a", isSound })
  const replica = (server: string, messages: ReadonlyArray<readonly [number, ReturnType<typeof told>]>) => ({
    server,
    messages: new Map(messages)
  })
  const of = (...has: ReadonlyArray<ReturnType<typeof told> | undefined>) => {
    const servers = ["one", "two", "three"]
    const report = compare(
      "objects",
      has.map((one, index) => replica(servers[index] ?? "", one === undefined ? [] : [[7, one]]))
    )
    return { ...report, wrong: report.faults.map(({ server, what }) => `${server} ${what}`) }
  }
  it("are whole when they are equal", () => {
    assert.deepStrictEqual(of(told("a"), told("a"), told("a")).wrong, [])
  })
  it("say who lacks, has damaged or has something else", () => {
    assert.deepStrictEqual(of(told("a"), undefined, told("a")).wrong, ["two missing"])
    assert.deepStrictEqual(of(told("x", false), told("a"), told("a")).wrong, ["one damaged"])
    assert.deepStrictEqual(of(told("a"), told("a"), told("b")).wrong, ["three different"])
  })
  it("can be told from one that is whole", () => {
    const one = of(undefined, told("x", false), told("a"))
    assert.deepStrictEqual([one.wrong, one.lost], [["one missing", "two damaged"], []])
  })
  it("say what is lost: what nobody has as it was written, or two have in two ways", () => {
    const lost = [{ log: "objects", seq: 7, key: "pods/a" } as const]
    assert.deepStrictEqual(of(told("x", false), told("x", false), told("x", false)).lost, lost)
    const apart = of(told("a"), told("b"), undefined)
    assert.deepStrictEqual(apart.lost, lost)
    assert.include(
      inWords({ servers: [], ...apart }) ?? "",
      "no server has as they were written, and only a snapshot can: objects 7 (pods/a)"
    )
  })
})
