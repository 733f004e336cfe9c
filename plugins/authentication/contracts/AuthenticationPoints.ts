/**
 * Authentication for a plugin in another isolate: whose a bearer token is. It is asked when none of the server's own authenticators
 * knows the token. Source: authentication.k8s.io/v1 TokenReview.
 */
import { Schema } from "effect"
import * as Contract from "../../../kernel/plugin/Contract.ts"

const { Array: List, Record, String: Text, Struct, optionalKey } = Schema

/** The token is one of the plugin's, and not good. Why is told to the server's log, and to nobody else. */
export class TokenRefused extends Schema.TaggedError<TokenRefused>()("TokenRefused", { message: Text }) {}

export const Description = Struct({
  name: Text,
  /** How its tokens begin: others are not shown to it. Without any it sees all that nobody else knows. */
  prefixes: optionalKey(List(Text))
})
export type Description = typeof Description.Type

/** Neither the name nor a group may begin with `system:`, which is the cluster's own. */
export const User = Struct({
  name: Text,
  uid: optionalKey(Text),
  groups: optionalKey(List(Text)),
  extra: optionalKey(Record(Text, List(Text)))
})
export type User = typeof User.Type

export class AuthenticationPoints extends Contract.make<AuthenticationPoints>()(
  "authentication/AuthenticationPoints",
  {
    version: "1.0.0",
    laws: {
      "describe/same": "What it describes itself by is the same each time.",
      "authenticate/same": "Whose a token is, it says the same each time.",
      "authenticate/stranger": "A token that nobody has given out is nobody's.",
      "authenticate/user": "It makes nobody one of the cluster's own users or groups."
    }
  },
  Contract.method("describe", {
    doc: "Its name, and which tokens it wants to see.",
    success: Description,
    errors: []
  }),
  Contract.method("authenticate", {
    doc: "Whose the token is; without a user it is not one of the plugin's.",
    payload: { token: Text },
    success: Struct({ user: optionalKey(User) }),
    errors: [TokenRefused]
  })
) {}
