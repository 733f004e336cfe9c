/**
 * Tokens of ServiceAccounts that lie in Secrets and do not expire, as `kubernetes.io/service-account-token` asks for them: their form, and how
 * they are signed. Source: "Managing Service Accounts" of the documentation, "Long-lived API token".
 */
import { Effect, Schema } from "effect"
import { calculateJwkThumbprint } from "jose/jwk/thumbprint"
import { SignJWT } from "jose/jwt/sign"
import { createHash, createPrivateKey, createPublicKey, type KeyObject } from "node:crypto"

export const issuer = "kubernetes/serviceaccount"
export const secretType = "kubernetes.io/service-account-token"
/** On such a Secret: whose token it holds. */
export const annotations = { name: "kubernetes.io/service-account.name", uid: "kubernetes.io/service-account.uid" }
export const labels = {
  /** The day on which it was shown last. */
  lastUsed: "kubernetes.io/legacy-token-last-used",
  invalidSince: "kubernetes.io/legacy-token-invalid-since"
}

const { String: Text } = Schema

/** Under their names in the token. */
export const Claims = Schema.Struct({
  sub: Text,
  "kubernetes.io/serviceaccount/namespace": Text,
  "kubernetes.io/serviceaccount/secret.name": Text,
  "kubernetes.io/serviceaccount/service-account.name": Text,
  "kubernetes.io/serviceaccount/service-account.uid": Text
})
export type Claims = typeof Claims.Type

export interface Token {
  readonly namespace: string
  readonly secret: string
  readonly account: { readonly name: string; readonly uid: string }
}

export const tokenOf = (claims: Claims): Token => ({
  namespace: claims["kubernetes.io/serviceaccount/namespace"],
  secret: claims["kubernetes.io/serviceaccount/secret.name"],
  account: {
    name: claims["kubernetes.io/serviceaccount/service-account.name"],
    uid: claims["kubernetes.io/serviceaccount/service-account.uid"]
  }
})

export const userName = (namespace: string, name: string) => `system:serviceaccount:${namespace}:${name}`

export const algorithmOf = (key: KeyObject) => (key.asymmetricKeyType === "rsa" ? "RS256" : "ES256")

/** How a token names the key that it is signed by: as we do, and as upstream's programs do. */
export const idsOf = (key: KeyObject) =>
  Effect.promise(async () => {
    const der = key.export({ type: "spki", format: "der" })
    return [await calculateJwkThumbprint(key), createHash("sha256").update(der).digest("base64url")] as const
  })

/** Signs with a key in PEM, PKCS #8. */
export const sign = Effect.fnUntraced(function* (signingKey: string, { account, namespace, secret }: Token) {
  const key = createPrivateKey(signingKey)
  // Upstream looks for the key by the name that its own programs give it.
  const [, kid] = yield* idsOf(createPublicKey(signingKey))
  const claims: Claims = {
    sub: userName(namespace, account.name),
    "kubernetes.io/serviceaccount/namespace": namespace,
    "kubernetes.io/serviceaccount/secret.name": secret,
    "kubernetes.io/serviceaccount/service-account.name": account.name,
    "kubernetes.io/serviceaccount/service-account.uid": account.uid
  }
  return yield* Effect.promise(() =>
    new SignJWT(claims)
      .setProtectedHeader({ alg: algorithmOf(key), kid })
      .setIssuer(issuer)
      .sign(key)
  )
})
