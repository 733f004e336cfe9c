/** Secrets for tokens: they are filled, believed while they are there, and go with their account. */
import { assert, describe, it } from "@effect/vitest"
import { Effect, Layer } from "effect"
import { decodeJwt } from "jose"
import { createHash, createPublicKey } from "node:crypto"
import { Client } from "../../kernel/client/Client.ts"
import { Authenticators } from "../../kernel/pipeline/Policy.ts"
import * as Authentication from "../../plugins/authentication/Authentication.ts"
import * as SecretToken from "../../plugins/authentication/contracts/SecretToken.ts"
import { keysOf } from "../../plugins/authentication/Tokens.ts"
import * as Pki from "../../plugins/certificates/contracts/Pki.ts"
import * as Tokens from "../../plugins/controllers/serviceaccount-token/ServiceAccountToken.ts"
import { Secret, ServiceAccount } from "../../plugins/resources/contracts/core/v1.ts"
import { at, names, server, when } from "./Cluster.ts"

const all = Layer.unwrap(
  Effect.gen(function* () {
    const { privateKey: signingKey } = yield* Pki.signingKey
    const issuer = "https://example.com"
    const believing = Authentication.layer({ signingKey, issuer, audiences: [issuer] })
    return Layer.provideMerge(believing, server(Tokens.plugin({ signingKey, ca: "PEM" })))
  })
)

const secret = (name: string, account: string, more: { readonly [key: string]: string } = {}) => ({
  metadata: { ...at(name), annotations: { [SecretToken.annotations.name]: account, ...more } },
  type: SecretToken.secretType
})
const text = ({ data = {} }: Secret, key: string) => Buffer.from(data[key] ?? "", "base64").toString()
const filled = (name: string) =>
  Effect.map(
    when(Secret, (all) => all.some((one) => one.metadata.name === name && one.data?.["token"] !== undefined)),
    (all) => all.find(({ metadata }) => metadata.name === name)
  )

const authenticate = (token: string) =>
  Effect.gen(function* () {
    for (const { use } of (yield* Authenticators).all()) {
      const user = yield* use({ token })
      if (user !== undefined) return user
    }
    return undefined
  })

describe("tokens of ServiceAccounts in Secrets", () => {
  it.live("are made for accounts that are there, and are good until the Secret is changed", () =>
    Effect.gen(function* () {
      const client = yield* Client
      const account = yield* client.create(ServiceAccount, { metadata: at("app") })
      yield* client.create(Secret, secret("token", "app"))
      const made = yield* filled("token")
      if (made === undefined) return assert.fail()
      assert.deepStrictEqual([text(made, "namespace"), text(made, "ca.crt")], ["default", "PEM"])
      assert.strictEqual(made.metadata.annotations?.[SecretToken.annotations.uid], account.metadata.uid)
      assert.deepStrictEqual(decodeJwt(text(made, "token")), {
        iss: "kubernetes/serviceaccount",
        "kubernetes.io/serviceaccount/namespace": "default",
        "kubernetes.io/serviceaccount/secret.name": "token",
        "kubernetes.io/serviceaccount/service-account.name": "app",
        "kubernetes.io/serviceaccount/service-account.uid": account.metadata.uid,
        sub: "system:serviceaccount:default:app"
      })
      assert.deepStrictEqual(yield* authenticate(text(made, "token")), {
        name: "system:serviceaccount:default:app",
        uid: account.metadata.uid,
        groups: ["system:serviceaccounts", "system:serviceaccounts:default", "system:authenticated"]
      })
      const used = yield* client.get(Secret, at("token"))
      assert.match(used.metadata.labels?.[SecretToken.labels.lastUsed] ?? "", /^\d{4}-\d\d-\d\d$/)

      yield* client.patch(Secret, at("token"), "merge", {
        metadata: { labels: { [SecretToken.labels.invalidSince]: "2026-01-01" } }
      })
      assert.strictEqual((yield* Effect.flip(authenticate(text(made, "token"))))._tag, "Unauthorized")
      yield* client.delete(Secret, at("token"))
      assert.strictEqual((yield* Effect.flip(authenticate(text(made, "token"))))._tag, "Unauthorized")
    }).pipe(Effect.provide(all))
  )

  it.live("go with their account, and are not made for another of its name", () =>
    Effect.gen(function* () {
      const client = yield* Client
      yield* client.create(ServiceAccount, { metadata: at("app"), secrets: [{ name: "token" }] })
      yield* client.create(Secret, secret("nobody", "nobody"))
      yield* client.create(Secret, secret("other", "app", { [SecretToken.annotations.uid]: "somebody-else" }))
      yield* client.create(Secret, secret("token", "app"))
      yield* filled("token")
      yield* when(Secret, (all) => all.length === 1)
      yield* client.delete(Secret, at("token"))
      yield* when(ServiceAccount, ([one]) => one?.secrets?.length !== 1)
      yield* client.create(Secret, secret("second", "app"))
      yield* filled("second")
      yield* client.create(Secret, { metadata: at("plain"), type: "Opaque" })
      yield* client.delete(ServiceAccount, at("app"))
      assert.deepStrictEqual(names(yield* when(Secret, (all) => all.length === 1)), ["plain"])
    }).pipe(Effect.provide(all))
  )

  it.live("may name their key as upstream's programs do", () =>
    Effect.gen(function* () {
      const { privateKey: signingKey } = yield* Pki.signingKey
      const keys = yield* keysOf({ signingKey, issuer: "i", audiences: [] })
      const spki = createPublicKey(signingKey).export({ type: "spki", format: "der" })
      assert.strictEqual(keys.size, 2)
      assert.isTrue(keys.has(createHash("sha256").update(spki).digest("base64url")))
    })
  )
})
