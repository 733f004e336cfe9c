/** People log in with tokens that somebody gave them: which token is whose stands in the configuration, by the token's hash. */
import { Effect } from "effect"
import * as AuthenticationPlugin from "keelson/authentication/AuthenticationPlugin"
import { createHash } from "node:crypto"

interface Options {
  /** By the SHA-256 of the token, in hexadecimal digits. */
  readonly tokens?: Readonly<Record<string, { readonly user: string; readonly groups?: ReadonlyArray<string> }>>
}

const prefix = "names_"

export const plugin = ({ tokens = {} }: Options = {}) =>
  AuthenticationPlugin.make({
    name: "sample-plugin",
    prefixes: [prefix],
    authenticate: (token) => {
      const found = tokens[createHash("sha256").update(token).digest("hex")]
      return found === undefined
        ? AuthenticationPlugin.refuse("nobody has been given this token")
        : Effect.succeed({ name: found.user, groups: found.groups ?? [] })
    }
  })
