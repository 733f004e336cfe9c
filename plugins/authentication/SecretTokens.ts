/** Who shows a ServiceAccount token that lies in a Secret: it is good while the Secret holds it, and the account is the same. */
import { Clock, Effect, Option, Schema } from "effect"
import { jwtVerify } from "jose/jwt/verify"
import { Client } from "../../kernel/client/Client.ts"
import { Unauthorized } from "../../kernel/client/Errors.ts"
import type { User } from "../../kernel/pipeline/Attributes.ts"
import type { Authenticator } from "../../kernel/pipeline/Policy.ts"
import { keyOf } from "../../kernel/resource/Kind.ts"
import { Secret, ServiceAccount } from "../resources/contracts/core/v1.ts"
import { groupsOf } from "./Accounts.ts"
import * as SecretToken from "./contracts/SecretToken.ts"
import * as Tokens from "./Tokens.ts"

const decode = Schema.decodeUnknownEffect(SecretToken.Claims)
const day = 86_400_000
const dateOf = (millis: number) => new Date(millis).toISOString().slice(0, 10)

const userOf = ({ account: { name, uid }, namespace }: SecretToken.Token): User => ({
  name: SecretToken.userName(namespace, name),
  uid,
  groups: groupsOf(namespace)
})

const textOf = ({ data = {} }: Secret) => Buffer.from(data["token"] ?? "", "base64").toString()

export const make = Effect.fnUntraced(function* (options: Tokens.Options) {
  const client = yield* Client
  const keys = yield* Tokens.keysOf(options)
  const refuse = (detail: string) => new Tokens.TokenInvalid({ detail })

  const claimsOf = Effect.fnUntraced(function* (token: string) {
    const { payload } = yield* Effect.tryPromise({
      try: () =>
        jwtVerify(token, ({ kid = "" }) => Tokens.keyOf(keys, kid), {
          issuer: SecretToken.issuer,
          algorithms: ["ES256", "RS256"]
        }),
      catch: (cause) => refuse(cause instanceof Error ? cause.message : String(cause))
    })
    const claims = yield* Effect.mapError(decode(payload), ({ message }) => refuse(message))
    const shown = SecretToken.tokenOf(claims)
    if (claims.sub !== SecretToken.userName(shown.namespace, shown.account.name))
      return yield* refuse("sub claim is invalid")
    return shown
  })

  /** By the day: who looks after old tokens sees which are still in use. */
  const remember = Effect.fnUntraced(function* (secret: Secret) {
    const now = yield* Clock.currentTimeMillis
    const { labels = {}, uid } = secret.metadata
    // The clocks of servers differ.
    if ([dateOf(now), dateOf(now + day)].includes(labels[SecretToken.labels.lastUsed] ?? "")) return
    const body = { metadata: { uid, labels: { [SecretToken.labels.lastUsed]: dateOf(now) } } }
    yield* client
      .patch(Secret, keyOf(secret), "merge", body)
      .pipe(
        Effect.catch((error) => Effect.logWarning(`the day of use is not written to ${secret.metadata.name}`, error._tag))
      )
  })

  const holder = Effect.fnUntraced(function* (token: string) {
    const shown = yield* claimsOf(token)
    const { account, namespace } = shown
    const secret = Option.getOrUndefined(yield* client.find(Secret, { namespace, name: shown.secret }))
    if (secret === undefined || secret.metadata.deletionTimestamp !== undefined)
      return yield* refuse("Token has been invalidated")
    if (textOf(secret) !== token) return yield* refuse("Token does not match server's copy")
    const found = Option.getOrUndefined(yield* client.find(ServiceAccount, { namespace, name: account.name }))
    if (found?.metadata.uid !== account.uid || found.metadata.deletionTimestamp !== undefined)
      return yield* refuse(`its ServiceAccount ${account.name} is gone, or is another one`)
    yield* remember(secret)
    if (secret.metadata.labels?.[SecretToken.labels.invalidSince]) return yield* refuse("it has been marked invalid")
    return userOf(shown)
  })

  const authenticator: Authenticator = ({ token }) =>
    token === undefined || Tokens.issuerOf(token) !== SecretToken.issuer
      ? Effect.undefined
      : holder(token).pipe(
          Effect.catchIf(
            (error) => error._tag !== "Unavailable",
            (error) =>
              Effect.andThen(
                Effect.logDebug("a token is refused", error._tag === "TokenInvalid" ? error.detail : error._tag),
                new Unauthorized({ detail: "Unauthorized" })
              )
          )
        )
  return authenticator
})
