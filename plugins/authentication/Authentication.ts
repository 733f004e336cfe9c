/** Who a caller is: by the client certificate of the connection, by a ServiceAccount token, asked for or lying in a Secret, or by a bootstrap token. */
import { Effect, Layer } from "effect"
import { Unauthorized } from "../../kernel/client/Errors.ts"
import { Actions } from "../../kernel/pipeline/Actions.ts"
import type { User } from "../../kernel/pipeline/Attributes.ts"
import { type Authenticator, Authenticators, type Credentials } from "../../kernel/pipeline/Policy.ts"
import * as Plugin from "../../kernel/plugin/Plugin.ts"
import * as Accounts from "./Accounts.ts"
import * as BootstrapTokens from "./BootstrapTokens.ts"
import * as Reviews from "./Reviews.ts"
import * as SecretTokens from "./SecretTokens.ts"
import * as TokenRequests from "./TokenRequests.ts"
import * as Tokens from "./Tokens.ts"

/** As upstream has it: who shows a certificate is its user, whatever token comes with it. */
export const order = { certificate: 100, token: 200, secret: 250, bootstrap: 300 }

/** The common name is the user, the organizations are the groups. The TLS stack has verified the certificate. */
export const userOfCertificate = ({ certificate }: Credentials): User | undefined => {
  if (certificate === undefined || certificate.commonName === "") return undefined
  const { commonName: name, fingerprint, organizations } = certificate
  const groups = [...organizations, Accounts.authenticated]
  return fingerprint === undefined
    ? { name, groups }
    : { name, groups, extra: { [Accounts.credentialId]: [`X509SHA256=${fingerprint}`] } }
}

const invalid = () => new Unauthorized({ detail: "Unauthorized" })

const start = Effect.fnUntraced(function* (options: Tokens.Options) {
  const [tokens, accounts, all] = [yield* Tokens.make(options), yield* Accounts.make, yield* Authenticators]

  const account = Effect.fnUntraced(function* (token: string, asked: ReadonlyArray<string>) {
    const { audiences, claims } = yield* tokens.verify(token, asked)
    return { user: yield* accounts.user(claims), audiences }
  })
  const refused = (error: { readonly _tag: string; readonly detail?: string }) =>
    Effect.andThen(Effect.logDebug("a token is refused", error.detail ?? error._tag), invalid())
  const byToken: Authenticator = ({ token }) =>
    token === undefined || Tokens.issuerOf(token) !== options.issuer
      ? Effect.undefined
      : account(token, options.audiences).pipe(
          Effect.map(({ user }) => user),
          Effect.catchIf((error) => error._tag !== "Unavailable", refused)
        )

  const byOthers = Effect.fnUntraced(function* (token: string) {
    for (const { use } of all.all()) {
      if (use === byToken) continue
      const user = yield* use({ token })
      if (user !== undefined) return user
    }
    return yield* invalid()
  })
  const judge: Reviews.Judge = (token, asked) => {
    const audiences = asked.length === 0 ? options.audiences : asked
    const mine = Tokens.issuerOf(token) === options.issuer
    // Other authenticators know no audiences: whom they accept speaks to the API server.
    const meant = audiences.filter((audience) => options.audiences.includes(audience))
    const other = meant.length === 0 ? invalid() : Effect.map(byOthers(token), (user) => ({ user, audiences: meant }))
    return Effect.mapError(mine ? account(token, audiences) : other, (error) => ({
      detail: error._tag === "Unauthorized" ? "invalid bearer token" : "detail" in error ? error.detail : error.message
    }))
  }

  return Layer.mergeAll(
    Authenticators.add(order.token, byToken),
    Authenticators.add(order.secret, yield* SecretTokens.make(options)),
    Authenticators.add(order.bootstrap, yield* BootstrapTokens.make),
    Authenticators.add(order.certificate, (credentials) => Effect.sync(() => userOfCertificate(credentials))),
    Actions.add(yield* TokenRequests.action(tokens)),
    Actions.add(Reviews.tokenReview(judge)),
    Actions.add(Reviews.selfSubjectReview)
  )
})

export const layer = (options: Tokens.Options) => Layer.unwrap(start(options))

export const plugin = (options: Tokens.Options) => Plugin.make({ name: "authentication", layer: layer(options) })
