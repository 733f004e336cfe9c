/** Servers and streams on which a log would lose something are refused, with the reason. */
import { assert, describe, it } from "@effect/vitest"
import { connect } from "@nats-io/transport-node"
import { Effect, Layer, References } from "effect"
import { freePort } from "../../kernel/FreePort.ts"
import * as JetStreamLog from "../../kernel/store/jetstream/JetStreamLog.ts"
import * as RawNats from "./RawNats.ts"
import { left } from "../Left.ts"

const refusal = (options: JetStreamLog.Options) =>
  Effect.map(Effect.flip(Layer.build(JetStreamLog.layer(options))), ({ message }) => message)
const quiet = Effect.provideService(References.MinimumLogLevel, "None")

describe.skipIf(RawNats.lacks.length > 0)(`refused${left(RawNats.lacks)}`, () => {
  const started = (configuration: string) => Effect.tap(RawNats.start(configuration), ({ healthy }) => healthy)

  it.live("a server that acknowledges before its disk has it", () =>
    Effect.gen(function* () {
      const { monitor, servers } = yield* started("max_payload: 4MB\njetstream { sync_interval: 1s }")
      assert.include(yield* refusal({ servers, monitor, cluster: "a" }), "set jetstream { sync_interval: always }")
    }).pipe(quiet)
  )

  it.live("a server whose messages are smaller than an object may be", () =>
    Effect.gen(function* () {
      const { monitor, servers } = yield* started("")
      assert.include(yield* refusal({ servers, monitor, cluster: "a" }), "set max_payload to 4MB")
    }).pipe(quiet)
  )

  it.live("a server without JetStream, and one that is not there", () =>
    Effect.gen(function* () {
      const { servers } = yield* RawNats.start("max_payload: 4MB # no jetstream").pipe(Effect.tap(({ healthy }) => healthy))
      assert.include(yield* refusal({ servers, cluster: "a" }), "is it enabled for this account?")
      const nobody = `nats://127.0.0.1:${yield* freePort}`
      assert.include(yield* refusal({ servers: nobody, cluster: "a" }), `no NATS server answers at ${nobody}`)
    }).pipe(quiet)
  )

  it.live("a stream that would evict, and one with another number of replicas", () =>
    Effect.gen(function* () {
      const { monitor, servers } = yield* started("max_payload: 4MB")
      yield* Layer.build(JetStreamLog.layer({ servers, monitor, cluster: "a" }))
      assert.include(
        yield* refusal({ servers, monitor, cluster: "a", replicas: 3 }),
        "num_replicas of its stream K8S_a_objects is 1"
      )
      const config = { name: "K8S_b_objects", subjects: ["k8s.b.objects.>"], storage: "file", discard: "old" }
      const client = yield* Effect.promise(() => connect({ servers }))
      yield* Effect.promise(() => client.request("$JS.API.STREAM.CREATE.K8S_b_objects", JSON.stringify(config)))
      yield* Effect.promise(() => client.close())
      assert.include(yield* refusal({ servers, monitor, cluster: "b" }), 'discard of its stream K8S_b_objects is "old"')
    }).pipe(quiet)
  )
})
