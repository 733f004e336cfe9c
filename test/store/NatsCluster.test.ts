/** Three supervised servers: damaged replicas are made anew, all are started again in turn, and one is replaced. */
import * as NodeServices from "@effect/platform-node/NodeServices"
import { assert, describe, it } from "@effect/vitest"
import { Effect, Exit, Fiber, FileSystem, Latch, Layer, Option, Ref, References, Schedule, Scope } from "effect"
import { randomBytes } from "node:crypto"
import * as JetStreamLog from "../../kernel/store/jetstream/JetStreamLog.ts"
import * as Nats from "../../kernel/store/jetstream/Nats.ts"
import * as NatsAdmin from "../../kernel/store/jetstream/NatsAdmin.ts"
import * as NatsCluster from "../../kernel/store/jetstream/NatsCluster.ts"
import * as NatsRebuild from "../../kernel/store/jetstream/NatsRebuild.ts"
import * as NatsScrub from "../../kernel/store/jetstream/NatsScrub.ts"
import * as NatsServer from "../../kernel/store/jetstream/NatsServer.ts"
import { Log } from "../../kernel/store/Log.ts"
import * as NatsKeys from "./NatsKeys.ts"
import { left } from "../Left.ts"
import * as RawNats from "./RawNats.ts"

const { binary, lacks } = RawNats
const quiet = Effect.provideService(References.MinimumLogLevel, "None")

const temporary = Effect.flatMap(FileSystem.FileSystem, (fs) => fs.makeTempDirectoryScoped({ prefix: "keelson-nats-" }))

const change = { log: "objects", op: "put", prev: 0 } as const
const appendTo = Effect.fnUntraced(function* (options: JetStreamLog.Options) {
  const log = yield* Effect.provide(Log, yield* Layer.build(JetStreamLog.layer(options)))
  return (index: number) =>
    log
      .append({ ...change, key: `a/${index}`, bytes: new Uint8Array(randomBytes(1000)), writeId: `${index}` })
      .pipe(Effect.retry({ times: 5 }))
})

/** What a server keeps of the objects. */
const blocksOf = Effect.fnUntraced(function* (directory: string) {
  const fs = yield* FileSystem.FileSystem
  const messages = `${directory}/data/jetstream/KEELSON/streams/K8S_keelson_objects/msgs`
  return (yield* fs.readDirectory(messages)).filter((name) => name.endsWith(".blk")).map((name) => `${messages}/${name}`)
})
/** A byte in the middle of each. */
const damage = Effect.fnUntraced(function* (files: ReadonlyArray<string>) {
  const fs = yield* FileSystem.FileSystem
  for (const file of files) {
    const bytes = yield* fs.readFile(file)
    const at = Math.floor(bytes.length / 2)
    bytes[at] = (bytes[at] ?? 0) ^ 0xff
    yield* fs.writeFile(file, bytes)
  }
})

const leaderOf = (nats: Nats.Nats) => Effect.map(NatsScrub.placeOf(nats, "keelson", "objects"), ({ leader }) => leader)

const assertWhole = Effect.fnUntraced(function* (nats: Nats.Nats, count: number) {
  const report = yield* NatsScrub.scrub(nats)
  assert.isUndefined(NatsScrub.describe(report))
  assert.strictEqual(report.servers.length, 3)
  assert.isAtLeast(report.messages, count)
  return report.servers
})

/** A server whose directory and scope are its own. */
const startMember = Effect.fnUntraced(function* (
  directory: string,
  index: number,
  shared: Pick<NatsServer.Options, "passwords" | "others"> & { readonly routes: ReadonlyArray<string> }
) {
  const scope = yield* Scope.fork(yield* Scope.Scope)
  const { routes, ...rest } = shared
  const cluster = { name: "keelson", listen: routes[index - 1] ?? "", routes }
  const options = { directory: `${directory}/${index}`, name: `keelson-${index}`, cluster, sharers: 3, ...rest }
  const server = yield* Scope.provide(NatsServer.start(options), scope)
  return { server, stop: Scope.close(scope, Exit.void) }
})

describe.skipIf(lacks.length > 0)(`three supervised servers${left(lacks)}`, () => {
  it.live(
    "a damaged replica is found and made anew, be it a follower or the leader; so is one that cannot start",
    () =>
      Effect.gen(function* () {
        const keys = yield* NatsKeys.make
        const directory = yield* temporary
        const { admin, log, servers } = yield* NatsCluster.start({ directory, tls: keys })
        yield* Effect.forEach(Array(200).keys(), yield* appendTo(log), { concurrency: 16, discard: true })
        const nats = yield* Nats.make(log)
        yield* assertWhole(nats, 201)

        for (const isLeader of [false, true]) {
          const leader = yield* leaderOf(nats)
          const server = servers.find(({ name }) => (name === leader) === isLeader)
          assert.isDefined(server)
          yield* damage(yield* blocksOf(server.directory))
          // What it has in memory is forgotten with the process; the next one does not look at what it has.
          yield* server.restart()
          yield* server.ready
          const { aside, report } = yield* NatsRebuild.check({ server })
          assert.isDefined(aside)
          assert.isUndefined(NatsScrub.describe(report))
        }

        const [server] = servers
        assert.isDefined(server)
        const agreed = `${server.directory}/data/jetstream/SYS/_js_/_meta_/snapshots`
        const fs = yield* FileSystem.FileSystem
        const snapshots = Effect.map(fs.readDirectory(agreed), (names) => names.map((name) => `${agreed}/${name}`))
        yield* Effect.eventually(Effect.filterOrFail(snapshots, (files) => files.length > 0))
        const pid = yield* server.pid
        // It is not there to write another one.
        process.kill(pid, "SIGSTOP")
        yield* damage(yield* snapshots)
        process.kill(pid, "SIGKILL")
        yield* Effect.eventually(
          Effect.filterOrFail(fs.readDirectory(server.directory), (names) =>
            names.some((name) => name.startsWith("damaged-"))
          )
        )
        const administrator = yield* Nats.make(admin)
        yield* NatsAdmin.awaitCurrent(
          administrator,
          servers.map(({ name }) => name)
        )
        yield* assertWhole(nats, 201)
      }).pipe(quiet, Effect.provide(NodeServices.layer), Effect.scoped),
    180_000
  )

  it.live(
    "one after another is started again while it is written to, and one is replaced by another",
    () =>
      Effect.gen(function* () {
        const directory = yield* temporary
        const passwords = NatsServer.newPasswords()
        const routes = yield* Effect.forEach([1, 2, 3, 4], () => NatsServer.loopback)
        const members = yield* Effect.forEach(
          [1, 2, 3],
          (index) => startMember(directory, index, { passwords, routes: routes.slice(0, 3) }),
          { concurrency: "unbounded" }
        )
        const servers = members.map(({ server }) => server)
        yield* Effect.forEach(servers, ({ ready }) => ready, { discard: true })
        const names = servers.map(({ name }) => name)
        const of = (all: ReadonlyArray<NatsServer.Running>, who: "log" | "admin") => ({
          ...servers[0]?.log,
          ...servers[0]?.[who],
          cluster: "keelson",
          servers: all.map(({ url }) => url)
        })
        const admin = yield* Nats.make(of(servers, "admin"))
        const append = yield* appendTo(of(servers, "log"))
        const [written, turned] = [yield* Ref.make(0), yield* Latch.make()]
        const next = Effect.flatMap(
          Ref.updateAndGet(written, (count) => count + 1),
          append
        )
        const writing = yield* Effect.forkChild(Effect.repeat(next, { until: () => turned.isOpen() }))
        for (const server of servers) {
          yield* server.restart(Option.getOrThrow(binary))
          yield* NatsAdmin.awaitCurrent(admin, names)
        }
        yield* turned.open
        yield* Fiber.join(writing)
        const count = yield* Ref.get(written)
        const nats = yield* Nats.make(of(servers, "log"))
        assert.deepStrictEqual((yield* assertWhole(nats, count)).toSorted(), names)

        const [, , third] = members
        const fourth = yield* startMember(directory, 4, { passwords, routes })
        yield* fourth.server.ready
        assert.match(
          (yield* Effect.flip(NatsAdmin.remove(admin, "keelson-3"))).message,
          /keelson-3 is running: stop it first/
        )
        yield* third?.stop ?? Effect.void
        yield* NatsAdmin.remove(admin, "keelson-3")
        const now = ["keelson-1", "keelson-2", "keelson-4"]
        yield* NatsAdmin.awaitCurrent(admin, now)
        assert.deepStrictEqual((yield* NatsAdmin.peers(admin)).map(({ name }) => name).toSorted(), now)
        const whole = Effect.filterOrFail(assertWhole(nats, count), (on) => on.toSorted().join() === now.join())
        yield* Effect.retry(whole, { schedule: Schedule.spaced("500 millis"), times: 40 })
      }).pipe(quiet, Effect.provide(NodeServices.layer), Effect.scoped),
    180_000
  )
})
