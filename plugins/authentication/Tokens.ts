/**
 * ServiceAccount tokens as texts: signing, verifying, and what the world must know to verify them too. Whether the account
 * still lives is not asked here. Source: KEP-1205 "Bound Service Account Tokens"; OpenID Connect Discovery 1.0.
 */
import { Clock, Effect, Schema } from "effect"
import { calculateJwkThumbprint } from "jose/jwk/thumbprint"
import { decodeJwt } from "jose/jwt/decode"
import { SignJWT } from "jose/jwt/sign"
import { jwtVerify } from "jose/jwt/verify"
import { createPrivateKey, createPublicKey, type KeyObject, randomUUID } from "node:crypto"
import { algorithmOf, idsOf, userName } from "./contracts/SecretToken.ts"

const { Array: List, Finite, String: Text, Struct, Union, optionalKey } = Schema

const Reference = Struct({ name: Text, uid: Text })

/** The private claim `kubernetes.io`: which account, and what the token dies with. */
const Subject = Struct({
  namespace: Text,
  serviceaccount: Reference,
  pod: optionalKey(Reference),
  secret: optionalKey(Reference),
  node: optionalKey(Struct({ name: Text, uid: optionalKey(Text) }))
})
export type Subject = typeof Subject.Type

/** Times in seconds, as JWT has them. */
const Claims = Struct({
  iss: Text,
  sub: Text,
  aud: Union([Text, List(Text)]),
  exp: Finite,
  jti: optionalKey(Text),
  "kubernetes.io": Subject
})
export type Claims = typeof Claims.Type
const decodeClaims = Schema.decodeUnknownEffect(Claims)

export class TokenInvalid extends Schema.TaggedError<TokenInvalid>()("TokenInvalid", { detail: Text }) {}

export interface Options {
  /** PKCS #8, PEM; ECDSA on P-256 or RSA. Signs, and its public half verifies. */
  readonly signingKey: string
  /** SPKI, PEM: keys that signed before, or sign elsewhere. */
  readonly verifyingKeys?: ReadonlyArray<string>
  readonly issuer: string
  /** Of the API server: what a token is for that names no audience. */
  readonly audiences: ReadonlyArray<string>
}

const publicJwk = async (key: KeyObject) => {
  const jwk = key.export({ format: "jwk" })
  return { use: "sig", alg: algorithmOf(key), kid: await calculateJwkThumbprint(key), ...jwk }
}

const publicKeys = ({ signingKey, verifyingKeys = [] }: Options) => [
  createPublicKey(signingKey),
  ...verifyingKeys.map((key) => createPublicKey(key))
]

/** What `/openid/v1/jwks` answers. */
export const jwks = (options: Options) =>
  Effect.promise(async () => ({ keys: await Promise.all(publicKeys(options).map(publicJwk)) }))

/** What `/.well-known/openid-configuration` answers. */
export const discovery = (options: Options, jwksUri: string) => ({
  issuer: options.issuer,
  jwks_uri: jwksUri,
  response_types_supported: ["id_token"],
  subject_types_supported: ["public"],
  id_token_signing_alg_values_supported: [...new Set(publicKeys(options).map(algorithmOf))]
})

/** The keys that verify, by every name that a token has for them; the first is the one that signs. */
export const keysOf = Effect.fnUntraced(function* (options: Options) {
  const keys = new Map<string, KeyObject>()
  for (const one of publicKeys(options)) for (const id of yield* idsOf(one)) keys.set(id, one)
  return keys
})

export const keyOf = (keys: ReadonlyMap<string, KeyObject>, kid: string) => {
  const found = keys.get(kid)
  if (found === undefined) throw new Error("it is signed by a key that is not known")
  return found
}

/** The issuer that a token names, unverified: whose it is to judge. */
export const issuerOf = (token: string): string | undefined => {
  try {
    return decodeJwt(token).iss
  } catch {
    return undefined
  }
}

/** A verification costs an eighth of a millisecond; its result does not change before the token expires. */
const remembered = 4096

export const make = Effect.fnUntraced(function* (options: Options) {
  const { audiences, issuer } = options
  const key = createPrivateKey(options.signingKey)
  const keys = yield* keysOf(options)
  const [kid = ""] = keys.keys()
  const known = new Map<string, Claims>()

  const signature = (token: string, now: number) =>
    Effect.tryPromise({
      try: () =>
        jwtVerify(token, ({ kid = "" }) => keyOf(keys, kid), {
          issuer,
          algorithms: ["ES256", "RS256"],
          currentDate: new Date(now)
        }),
      catch: (cause) => new TokenInvalid({ detail: cause instanceof Error ? cause.message : String(cause) })
    })

  const claimsOf = Effect.fnUntraced(function* (token: string, now: number) {
    const found = known.get(token)
    if (found !== undefined) return found
    const { payload } = yield* signature(token, now)
    const claims = yield* decodeClaims(payload).pipe(Effect.mapError(({ message }) => new TokenInvalid({ detail: message })))
    const { namespace, serviceaccount } = claims["kubernetes.io"]
    if (claims.sub !== userName(namespace, serviceaccount.name)) {
      return yield* new TokenInvalid({ detail: "sub is not the service account of its claims" })
    }
    const [oldest] = known.keys()
    if (known.size >= remembered && oldest !== undefined) known.delete(oldest)
    known.set(token, claims)
    return claims
  })

  return {
    issuer,
    audiences,

    sign: Effect.fn("Tokens.sign")(function* (subject: Subject, audiences: ReadonlyArray<string>, seconds: number) {
      const issued = Math.floor((yield* Clock.currentTimeMillis) / 1000)
      const token = yield* Effect.promise(() =>
        new SignJWT({ "kubernetes.io": subject })
          .setProtectedHeader({ alg: algorithmOf(key), kid })
          .setIssuer(issuer)
          .setSubject(userName(subject.namespace, subject.serviceaccount.name))
          .setAudience([...audiences])
          .setIssuedAt(issued)
          .setNotBefore(issued)
          .setExpirationTime(issued + seconds)
          .setJti(randomUUID())
          .sign(key)
      )
      return { token, expires: issued + seconds }
    }),

    /** The claims, and which of the audiences asked for the token is meant for: at least one. */
    verify: Effect.fnUntraced(function* (token: string, asked: ReadonlyArray<string>) {
      const now = yield* Clock.currentTimeMillis
      const claims = yield* claimsOf(token, now)
      if (claims.exp * 1000 <= now) return yield* new TokenInvalid({ detail: "it has expired" })
      const meant = typeof claims.aud === "string" ? [claims.aud] : claims.aud
      const audiences = asked.filter((audience) => meant.includes(audience))
      if (audiences.length > 0) return { claims, audiences }
      return yield* new TokenInvalid({ detail: `it is for ${JSON.stringify(meant)}, not for ${JSON.stringify(asked)}` })
    })
  }
})
export type Tokens = Effect.Success<ReturnType<typeof make>>
