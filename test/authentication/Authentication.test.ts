import { assert, describe, it } from "@effect/vitest"
import { Effect, Layer } from "effect"
import { TestClock } from "effect/testing"
import { SignJWT } from "jose"
import { createPrivateKey } from "node:crypto"
import type { WireObject } from "../../kernel/client/Api.ts"
import { Actions } from "../../kernel/pipeline/Actions.ts"
import type { At } from "../../kernel/pipeline/Pipeline.ts"
import { Authenticators, type Credentials } from "../../kernel/pipeline/Policy.ts"
import type { Any } from "../../kernel/resource/Kind.ts"
import * as Authentication from "../../plugins/authentication/Authentication.ts"
import * as BootstrapToken from "../../plugins/authentication/contracts/BootstrapToken.ts"
import * as Tokens from "../../plugins/authentication/Tokens.ts"
import * as Pki from "../../plugins/certificates/contracts/Pki.ts"
import { SelfSubjectReview, TokenReview } from "../../plugins/resources/contracts/authentication/v1.ts"
import { Pod, Secret, ServiceAccount } from "../../plugins/resources/contracts/core/v1.ts"
import * as MemoryClient from "../network/MemoryClient.ts"

const issuer = "https://kubernetes.default.svc.cluster.local"
const container = { name: "c", image: "i" }

const authenticate = (credentials: Credentials) =>
  Effect.gen(function* () {
    for (const { use } of (yield* Authenticators).all()) {
      const user = yield* use(credentials)
      if (user !== undefined) return user
    }
    return undefined
  })

const act = (kind: Any, subresource: string, body: WireObject, about: Partial<At> = {}) =>
  Effect.gen(function* () {
    const action = (yield* Actions).find(kind.storage, subresource)
    if (action === undefined) return assert.fail(`${kind.kind} ${subresource} has no action`)
    const at = { user: { name: "jane", groups: ["g"] }, served: { kind, strategy: {} }, version: kind.versions[0] }
    return yield* action.act({ ...at, namespace: "default", name: "app", subresource, ...about }, body, {}, () =>
      Effect.die("nothing is rewritten")
    )
  })

const request = (spec: WireObject) =>
  Effect.map(act(ServiceAccount, "token", { spec }), (answer) => {
    const { status } = answer as { status: { token: string; expirationTimestamp: string } }
    return status
  })

const cluster = () => {
  const objects = new MemoryClient.Objects()
  objects.put(ServiceAccount, { metadata: { namespace: "default", name: "app", uid: "sa-1" } })
  objects.put(Pod, {
    metadata: { namespace: "default", name: "web", uid: "pod-1" },
    spec: { serviceAccountName: "app", nodeName: "n1", containers: [container] }
  })
  return objects
}

const withAuthentication = <A, E>(
  test: (context: { objects: MemoryClient.Objects; key: Pki.SigningKey }) => Effect.Effect<A, E, Actions | Authenticators>
) =>
  Effect.gen(function* () {
    const [objects, key] = [cluster(), yield* Pki.signingKey]
    const options = { signingKey: key.privateKey, issuer, audiences: [issuer] }
    const registries = Layer.mergeAll(Authenticators.layer, Actions.layer)
    const layer = Authentication.layer(options).pipe(
      Layer.provideMerge(registries),
      Layer.provide(MemoryClient.layer(objects))
    )
    return yield* Effect.provide(test({ objects, key }), layer)
  })

describe("authentication", () => {
  it.effect("a client certificate: CN is the user, O the groups", () =>
    withAuthentication(() =>
      Effect.gen(function* () {
        const certificate = { commonName: "jane", organizations: ["dev"] }
        assert.deepStrictEqual(yield* authenticate({ certificate }), {
          name: "jane",
          groups: ["dev", "system:authenticated"]
        })
        const extra = { "authentication.kubernetes.io/credential-id": ["X509SHA256=0a"] }
        assert.deepStrictEqual((yield* authenticate({ certificate: { ...certificate, fingerprint: "0a" } }))?.extra, extra)
        assert.isUndefined(yield* authenticate({ certificate: { commonName: "", organizations: ["system:masters"] } }))
        assert.isUndefined(yield* authenticate({}))
        assert.isUndefined(yield* authenticate({ token: "not a token of ours" }))
      })
    )
  )

  it.effect("a requested token speaks for its account until it expires", () =>
    withAuthentication(() =>
      Effect.gen(function* () {
        const { expirationTimestamp, token } = yield* request({
          audiences: null,
          boundObjectRef: null,
          expirationSeconds: 600
        })
        assert.strictEqual(expirationTimestamp, "1970-01-01T00:10:00Z")
        const user = yield* authenticate({ token })
        assert.strictEqual(user?.name, "system:serviceaccount:default:app")
        assert.strictEqual(user?.uid, "sa-1")
        assert.deepStrictEqual(user?.groups, [
          "system:serviceaccounts",
          "system:serviceaccounts:default",
          "system:authenticated"
        ])
        yield* TestClock.adjust("601 seconds")
        assert.strictEqual((yield* Effect.flip(authenticate({ token })))._tag, "Unauthorized")
      })
    )
  )

  it.effect("a token dies with its account, and with the Pod that it is bound to", () =>
    withAuthentication(({ objects }) =>
      Effect.gen(function* () {
        const boundObjectRef = { apiVersion: "v1", kind: "Pod", name: "web", uid: "pod-1" }
        const { token } = yield* request({ boundObjectRef })
        const free = yield* request({})
        const user = yield* authenticate({ token })
        assert.deepStrictEqual(user?.extra?.["authentication.kubernetes.io/pod-name"], ["web"])
        assert.deepStrictEqual(user?.extra?.["authentication.kubernetes.io/node-name"], ["n1"])
        objects.remove(Pod, { namespace: "default", name: "web" })
        assert.strictEqual((yield* Effect.flip(authenticate({ token })))._tag, "Unauthorized")
        assert.isDefined(yield* authenticate({ token: free.token }))
        objects.put(ServiceAccount, { metadata: { namespace: "default", name: "app", uid: "sa-2" } })
        assert.strictEqual((yield* Effect.flip(authenticate({ token: free.token })))._tag, "Unauthorized")
      })
    )
  )

  it.effect("a TokenRequest is checked", () =>
    withAuthentication(() =>
      Effect.gen(function* () {
        const fails = (spec: WireObject) => Effect.map(Effect.flip(request(spec)), ({ _tag }) => _tag)
        const bound = (ref: WireObject) => fails({ boundObjectRef: { apiVersion: "v1", kind: "Pod", ...ref } })
        assert.strictEqual(yield* fails({ expirationSeconds: 599 }), "Invalid")
        assert.strictEqual(yield* fails({ expirationSeconds: 2 ** 33 }), "Invalid")
        assert.strictEqual(yield* fails({ expirationSeconds: "soon" }), "BadRequest")
        assert.strictEqual(yield* bound({ name: "missing" }), "NotFound")
        assert.strictEqual(yield* bound({ name: "web", uid: "another" }), "Conflict")
        assert.strictEqual(yield* bound({ kind: "ConfigMap", name: "web" }), "BadRequest")
      })
    )
  )

  it.effect("a node agent gets tokens for the Pods that it runs, and no others", () =>
    withAuthentication(() =>
      Effect.gen(function* () {
        const ask = (node: string, boundObjectRef?: WireObject) =>
          act(
            ServiceAccount,
            "token",
            { spec: { ...(boundObjectRef && { boundObjectRef: { apiVersion: "v1", kind: "Pod", ...boundObjectRef } }) } },
            { user: { name: `system:node:${node}`, groups: ["system:nodes"] } }
          )
        const pod = { name: "web", uid: "pod-1" }
        yield* ask("n1", pod)
        const wrong = [ask("n1"), ask("n2", pod), ask("n1", { name: "web" })]
        for (const one of wrong) assert.strictEqual((yield* Effect.flip(one))._tag, "Forbidden")
      })
    )
  )

  it.effect("what is not signed by us, or not for us, is refused", () =>
    withAuthentication(() =>
      Effect.gen(function* () {
        const other = yield* request({ audiences: ["vault"] })
        assert.strictEqual((yield* Effect.flip(authenticate({ token: other.token })))._tag, "Unauthorized")
        const forger = yield* Pki.signingKey
        const forged = yield* Effect.promise(() =>
          new SignJWT({})
            .setProtectedHeader({ alg: "ES256", kid: "x" })
            .setIssuer(issuer)
            .setAudience(issuer)
            .sign(createPrivateKey(forger.privateKey))
        )
        assert.strictEqual((yield* Effect.flip(authenticate({ token: forged })))._tag, "Unauthorized")
        const foreign = yield* Effect.promise(() =>
          new SignJWT({})
            .setProtectedHeader({ alg: "ES256" })
            .setIssuer("https://elsewhere")
            .sign(createPrivateKey(forger.privateKey))
        )
        assert.isUndefined(yield* authenticate({ token: foreign }))
      })
    )
  )

  it.effect("a bootstrap token is who joins, while it lives and is for that", () =>
    withAuthentication(({ objects }) =>
      Effect.gen(function* () {
        const put = (id: string, more: Partial<BootstrapToken.BootstrapToken> = {}) => {
          const { usages } = BootstrapToken
          const secret = "0123456789abcdef"
          const about = { id, secret, description: "", usages, groups: [], ...more }
          const { metadata, stringData, type } = BootstrapToken.draft(about)
          const data = Object.entries(stringData).map(([key, value]) => [key, Buffer.from(`${value}`).toString("base64")])
          objects.put(Secret, { metadata: { ...metadata, uid: id }, type, data: Object.fromEntries(data) })
        }
        const show = (id: string, secret = "0123456789abcdef") => authenticate({ token: `${id}.${secret}` })
        put("aaaaaa", { groups: ["system:bootstrappers:workers"] })
        put("bbbbbb", { expires: 60_000 })
        put("cccccc", { usages: ["signing"] })
        put("dddddd", { groups: ["system:masters"] })
        assert.deepStrictEqual(yield* show("aaaaaa"), {
          name: "system:bootstrap:aaaaaa",
          groups: ["system:bootstrappers", "system:bootstrappers:workers", "system:authenticated"]
        })
        for (const [id, secret] of [["aaaaaa", "0123456789abcdeg"], ["cccccc"], ["dddddd"], ["eeeeee"]] as const) {
          assert.strictEqual((yield* Effect.flip(show(id, secret)))._tag, "Unauthorized", id)
        }
        assert.isUndefined(yield* authenticate({ token: "aaaaaa.short" }))
        assert.isDefined(yield* show("bbbbbb"))
        yield* TestClock.adjust("1 minute")
        assert.strictEqual((yield* Effect.flip(show("bbbbbb")))._tag, "Unauthorized")
      })
    )
  )

  it.effect("TokenReview and SelfSubjectReview answer", () =>
    withAuthentication(() =>
      Effect.gen(function* () {
        const review = (token: string, audiences: ReadonlyArray<string> = []) =>
          Effect.map(act(TokenReview, "", { spec: { token, audiences } }), ({ status }) => status as WireObject)
        const { token } = yield* request({ audiences: ["vault"] })
        const good = yield* review(token, ["vault", "other"])
        assert.deepStrictEqual([good["authenticated"], good["audiences"]], [true, ["vault"]])
        assert.strictEqual((good["user"] as WireObject)["username"], "system:serviceaccount:default:app")
        assert.strictEqual((yield* review(token))["authenticated"], undefined)
        assert.strictEqual((yield* review("nonsense"))["authenticated"], undefined)
        const self = yield* act(SelfSubjectReview, "", {})
        assert.deepStrictEqual(self["status"], { userInfo: { username: "jane", groups: ["g"] } })
      })
    )
  )

  it.effect("others can verify: discovery and JWKS", () =>
    Effect.gen(function* () {
      const key = yield* Pki.signingKey
      const options = { signingKey: key.privateKey, issuer, audiences: [issuer] }
      const {
        keys: [jwk]
      } = yield* Tokens.jwks(options)
      assert.include(jwk, { use: "sig", alg: "ES256", kty: "EC", crv: "P-256" })
      assert.isFalse(jwk !== undefined && "d" in jwk)
      const { id_token_signing_alg_values_supported, jwks_uri } = Tokens.discovery(options, "https://x/openid/v1/jwks")
      assert.deepStrictEqual([jwks_uri, id_token_signing_alg_values_supported], ["https://x/openid/v1/jwks", ["ES256"]])
    })
  )
})
