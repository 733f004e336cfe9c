/** A context of NATS becomes what the driver is given: files are read, what is empty is not set, and mistakes are told. */
import { assert, it } from "@effect/vitest"
import * as NodeServices from "@effect/platform-node/NodeServices"
import { Effect, FileSystem } from "effect"
import * as NatsContext from "../../bin/NatsContext.ts"
import { defaults } from "../../bin/Settings.ts"

it.effect("its files are read, and what it leaves empty is not set", () =>
  Effect.gen(function* () {
    const fs = yield* FileSystem.FileSystem
    const directory = yield* fs.makeTempDirectoryScoped({ prefix: "keelson-nats-context-" })
    const [ca, creds, file] = [`${directory}/ca.pem`, `${directory}/api.creds`, `${directory}/context.json`]
    yield* fs.writeFileString(ca, "an authority")
    yield* fs.writeFileString(creds, "a token and a seed")
    const context = { description: "store", url: "tls://nats:4222", user: "", password: "", creds, cert: "", key: "", ca }
    yield* fs.writeFileString(file, JSON.stringify(context))
    const given = { ...defaults(), natsContext: file, natsMonitor: "http://a:8222,http://b:8222" }
    assert.deepStrictEqual(yield* NatsContext.optionsOf(given), {
      credentials: "a token and a seed",
      tls: { ca: "an authority" },
      monitor: ["http://a:8222", "http://b:8222"],
      allowUnsynced: false
    })
    yield* fs.writeFileString(file, JSON.stringify({ ...context, cert: `${directory}/nothing` }))
    assert.include((yield* Effect.flip(NatsContext.optionsOf(given))).message, `${directory}/nothing cannot be read`)
    yield* fs.writeFileString(file, "url: nats://a:4222")
    assert.include((yield* Effect.flip(NatsContext.optionsOf(given))).message, "it is no context of NATS")
    assert.deepStrictEqual(yield* NatsContext.optionsOf({ ...defaults(), natsUnsynced: "allowed" }), { allowUnsynced: true })
  }).pipe(Effect.scoped, Effect.provide(NodeServices.layer))
)
