/** How the driver comes in: with TLS, with a certificate, with a credentials file of an operator; and who does not. */
import { assert, describe, it } from "@effect/vitest"
import * as NodeServices from "@effect/platform-node/NodeServices"
import { nkeys } from "@nats-io/transport-node"
import { Effect, FileSystem, Layer, References } from "effect"
import { rootCertificates } from "node:tls"
import * as JetStreamLog from "../../kernel/store/jetstream/JetStreamLog.ts"
import { Log } from "../../kernel/store/Log.ts"
import * as NatsKeys from "./NatsKeys.ts"
import * as RawNats from "./RawNats.ts"
import { left } from "../Left.ts"

const { createAccount, createOperator, createUser } = nkeys
type KeyPair = ReturnType<typeof createUser>

const quiet = Effect.provideService(References.MinimumLogLevel, "None")
const writes = (options: Omit<JetStreamLog.Options, "cluster">) =>
  Effect.gen(function* () {
    const log = yield* Log
    yield* log.append({ log: "objects", key: "a", op: "put", bytes: new Uint8Array(1), prev: 0, writeId: "a" })
    return (yield* log.status({ log: "objects" })).durable
  }).pipe(Effect.provide(JetStreamLog.layer({ ...options, cluster: "a" })))
const refusal = (options: Omit<JetStreamLog.Options, "cluster">) =>
  Effect.map(Effect.flip(Layer.build(JetStreamLog.layer({ ...options, cluster: "a" }))), ({ message }) => message)

/** A server with certificates, and their authority, in files. */
const secured = Effect.fnUntraced(function* (more: string, who: "server" | "elsewhere" = "server") {
  const fs = yield* FileSystem.FileSystem
  const keys = yield* NatsKeys.make
  const directory = yield* RawNats.temporary
  const files = { ca: `${directory}/ca`, cert: `${directory}/cert`, key: `${directory}/key` }
  yield* fs.writeFileString(files.ca, keys.ca)
  yield* fs.writeFileString(files.cert, keys[who].cert)
  yield* fs.writeFileString(files.key, keys[who].key)
  const tls = `tls { cert_file: "${files.cert}", key_file: "${files.key}", ca_file: "${files.ca}"\n${more} }`
  const server = yield* RawNats.start(`max_payload: 4MB\n${tls}`)
  yield* server.healthy
  return { keys, monitor: server.monitor, servers: server.servers.replace("nats:", "tls:") }
}, Effect.provide(NodeServices.layer))

const encoded = (value: unknown) => Buffer.from(JSON.stringify(value)).toString("base64url")
/** What an operator gives: a token of NATS, signed by `by`. */
const token = (by: KeyPair, sub: KeyPair, name: string, nats: { readonly [field: string]: unknown }) => {
  const claims = { jti: name, iat: 1, iss: by.getPublicKey(), name, sub: sub.getPublicKey(), nats: { ...nats, version: 2 } }
  const text = `${encoded({ typ: "JWT", alg: "ed25519-nkey" })}.${encoded(claims)}`
  return `${text}.${Buffer.from(by.sign(Buffer.from(text))).toString("base64url")}`
}
const unlimited = { subs: -1, data: -1, payload: -1, imports: -1, exports: -1, wildcards: true, conn: -1, leaf: -1 }
const storage = { mem_storage: -1, disk_storage: -1, streams: -1, consumer: -1 }

const credentialsOf = (jwt: string, seed: string) => `-----BEGIN NATS USER JWT-----
${jwt}
------END NATS USER JWT------

-----BEGIN USER NKEY SEED-----
${seed}
------END USER NKEY SEED------
`

describe.skipIf(RawNats.lacks.length > 0)(`who comes in${left(RawNats.lacks)}`, () => {
  it.live("by TLS who knows the authority, and nobody who knows another", () =>
    Effect.gen(function* () {
      const { keys, monitor, servers } = yield* secured("")
      assert.isTrue(yield* writes({ servers, monitor, tls: { ca: keys.ca } }))
      assert.include(
        yield* refusal({ servers, monitor, tls: { ca: rootCertificates[0] ?? "" } }),
        "no NATS server answers at tls://"
      )
    }).pipe(quiet)
  )

  it.live("a server that is named by its address, and shows a certificate for it and for nobody else", () =>
    Effect.gen(function* () {
      const { keys, monitor, servers } = yield* secured("", "elsewhere")
      const tls = { ca: keys.ca }
      assert.include(yield* refusal({ servers, monitor, tls }), "IP: 127.0.0.1 is not in the cert's list: 10.0.0.9")
      assert.isTrue(yield* writes({ servers: servers.replace("127.0.0.1", "localhost"), monitor, tls }))
    }).pipe(quiet)
  )

  it.live("by a certificate of the authority, and nobody without", () =>
    Effect.gen(function* () {
      const { keys, monitor, servers } = yield* secured("verify: true")
      assert.isTrue(yield* writes({ servers, monitor, tls: { ca: keys.ca, ...keys.client } }))
      assert.include(yield* refusal({ servers, monitor, tls: { ca: keys.ca } }), "no NATS server answers at tls://")
    }).pipe(quiet)
  )

  it.live("by an operator's credentials, and nobody with those of another account's user", () =>
    Effect.gen(function* () {
      const [operator, account, system, user, stranger] = [
        createOperator(),
        createAccount(),
        createAccount(),
        createUser(),
        createAccount()
      ]
      const preload = [
        `${account.getPublicKey()}: ${token(operator, account, "keelson", { type: "account", limits: { ...unlimited, ...storage } })}`,
        `${system.getPublicKey()}: ${token(operator, system, "SYS", { type: "account", limits: unlimited })}`
      ]
      const server = yield* RawNats.start(`max_payload: 4MB
operator: ${token(operator, operator, "operator", { type: "operator" })}
system_account: ${system.getPublicKey()}
resolver: MEMORY
resolver_preload { ${preload.join("\n")} }`)
      yield* server.healthy
      const given = (by: KeyPair) =>
        credentialsOf(
          token(by, user, "api", { type: "user", subs: -1, data: -1, payload: -1 }),
          Buffer.from(user.getSeed()).toString()
        )
      assert.isTrue(yield* writes({ ...server, credentials: given(account) }))
      assert.include(yield* refusal({ ...server, credentials: given(stranger) }), "Authorization Violation")
    }).pipe(quiet)
  )
})
