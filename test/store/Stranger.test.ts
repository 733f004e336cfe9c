/** The laws on somebody else's NATS, as from the command line: over TLS, with a password, and with nothing left behind. */
import { assert, describe, it } from "@effect/vitest"
import { jetstreamManager } from "@nats-io/jetstream"
import { connect } from "@nats-io/transport-node"
import { Effect } from "effect"
import { mkdtempSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { type Result, Told } from "../../conformance/Adapter.ts"
import * as Stores from "../../conformance/adapters/stores.ts"
import * as NatsIdentity from "../../kernel/NatsIdentity.ts"
import * as NatsKeys from "./NatsKeys.ts"
import * as RawNats from "./RawNats.ts"
import { left } from "../Left.ts"

const directory = Effect.acquireRelease(
  Effect.sync(() => mkdtempSync(join(tmpdir(), "keelson-stranger-"))),
  (path) => Effect.sync(() => rmSync(path, { recursive: true }))
)

describe.skipIf(RawNats.lacks.length > 0)(`somebody's NATS${left(RawNats.lacks)}`, () => {
  it.live(
    "keeps the laws, and the streams that it had",
    () =>
      Effect.gen(function* () {
        const path = yield* directory
        const { ca, server } = yield* NatsKeys.make
        const files = { ca: join(path, "ca.pem"), cert: join(path, "cert.pem"), key: join(path, "key.pem") }
        writeFileSync(files.ca, ca)
        writeFileSync(files.cert, server.cert)
        writeFileSync(files.key, server.key)
        const { healthy, monitor, servers } = yield* RawNats.start(
          `max_payload: 4MB
           authorization { user: somebody, password: "a secret" }
           tls { cert_file: "${files.cert}", key_file: "${files.key}", ca_file: "${files.ca}" }`
        )
        yield* healthy
        const address = String(servers).replace(/^\w+:\/\//, "")
        const tls = { ca, checkServerIdentity: NatsIdentity.checking([address]) }
        const connection = yield* Effect.acquireRelease(
          Effect.promise(() => connect({ servers: address, user: "somebody", pass: "a secret", tls })),
          (connection) => Effect.promise(() => connection.close())
        )
        const manager = yield* Effect.promise(() => jetstreamManager(connection))
        yield* Effect.promise(() => manager.streams.add({ name: "ORDERS", subjects: ["orders.>"] }))
        connection.publish("orders.first", "one")
        const results: Array<Result> = []
        const kit = Stores.adapters.find(({ name }) => name === "jetstream")?.kits.log
        const site = {
          directory: path,
          endpoint: `tls://somebody:a%20secret@${address}`,
          given: { ca: files.ca, monitor }
        }
        yield* Effect.provideService(kit?.(site) ?? Effect.die("no kit"), Told, (result) =>
          Effect.sync(() => void results.push(result))
        )
        assert.isAbove(results.length, 30)
        assert.deepStrictEqual(
          results.filter(({ outcome }) => outcome !== "holds"),
          []
        )
        const left = yield* Effect.promise(() => manager.streams.list().next())
        assert.deepStrictEqual(
          left.map(({ config, state }) => [config.name, state.messages]),
          [["ORDERS", 1]]
        )
      }),
    120_000
  )
})
