/** Three replicas on three servers: the laws, and the loss of a leader. */
import * as NodeServices from "@effect/platform-node/NodeServices"
import { assert, describe, it } from "@effect/vitest"
import { connect } from "@nats-io/transport-node"
import { Effect, Fiber, Layer, References, Stream } from "effect"
import { freePort } from "../../kernel/FreePort.ts"
import * as Suite from "../../conformance/Log.ts"
import * as NatsCluster from "../../kernel/store/jetstream/NatsCluster.ts"
import * as JetStreamLog from "../../kernel/store/jetstream/JetStreamLog.ts"
import { Log } from "../../kernel/store/Log.ts"
import { verify } from "../Verify.ts"
import * as RawNats from "./RawNats.ts"
import { left } from "../Left.ts"

const names = ["one", "two", "three"]

const cluster = Effect.gen(function* () {
  const ports = yield* Effect.forEach(names, () => freePort)
  const routes = ports.map((port) => `"nats://127.0.0.1:${port}"`).join(", ")
  const servers = yield* Effect.forEach(names, (name, index) =>
    RawNats.start(
      `max_payload: 4MB\nserver_name: ${name}\ncluster { name: test, listen: "127.0.0.1:${ports[index]}", routes: [${routes}] }`
    )
  )
  yield* Effect.forEach(servers, ({ healthy }) => healthy, { discard: true })
  return servers
})
const optionsOf = (servers: Effect.Success<typeof cluster>): JetStreamLog.Options => ({
  servers: servers.map((server) => server.servers),
  monitor: servers.map(({ monitor }) => monitor),
  cluster: "test",
  replicas: 3
})

describe.skipIf(RawNats.lacks.length > 0)(`JetStream${left(RawNats.lacks)}`, () => {
  verify(
    "on JetStream, three replicas",
    Suite.suite,
    Layer.unwrap(Effect.map(RawNats.temporary, (directory) => Suite.restarting(NatsCluster.layer({ directory })))).pipe(
      Layer.provide(NodeServices.layer)
    )
  )

  it.live(
    "the loss of a leader loses nothing acknowledged, and followers go on without a gap",
    () =>
      Effect.gen(function* () {
        const servers = yield* cluster
        const options = optionsOf(servers)
        const log = yield* Effect.provide(Log, yield* Layer.build(JetStreamLog.layer(options)))
        const client = yield* Effect.promise(() => connect({ servers: [...options.servers] }))
        const info = yield* Effect.promise(() => client.request("$JS.API.STREAM.INFO.K8S_test_objects"))
        const { leader } = info.json<{ cluster: { leader: string } }>().cluster
        yield* Effect.promise(() => client.close())
        const append = (key: string) =>
          log.append({ log: "objects", key, op: "put", bytes: new Uint8Array(200), prev: 0, writeId: key })
        const seen: number[] = []
        const reader = yield* log.follow({ log: "objects" }).pipe(
          Stream.flatMap((event) => Stream.fromIterable(event._tag === "Began" ? [] : event.entries)),
          Stream.tap(({ seq }) => Effect.sync(() => seen.push(seq))),
          Stream.takeUntil(({ key }) => key === "end"),
          Stream.runDrain,
          Effect.forkChild
        )
        const acknowledged: number[] = []
        for (let count = 0; count < 100; count++) {
          if (count === 30) servers[names.indexOf(leader)]?.child.kill("SIGKILL")
          // Elections can take longer than an append waits: the caller goes on with the same write id.
          acknowledged.push(yield* Effect.retry(append(`key ${count}`), { times: 5 }))
        }
        acknowledged.push(yield* append("end"))
        yield* Fiber.join(reader)
        assert.deepStrictEqual(seen, acknowledged)
        assert.isAtLeast(yield* log.barrier({ log: "objects" }), acknowledged.at(-1) ?? 0)
      }).pipe(Effect.provideService(References.MinimumLogLevel, "None")),
    90_000
  )
})
