/** How an author writes a way to log in: the same value in every isolate. */
import { Effect, Layer } from "effect"
import type { Client } from "../../../kernel/client/Client.ts"
import * as Plugin from "../../../kernel/plugin/Plugin.ts"
import { AuthenticationPoints, TokenRefused, type User } from "./AuthenticationPoints.ts"

export type { User } from "./AuthenticationPoints.ts"

export interface Authentication<R = never> {
  readonly name: string
  /** How its tokens begin; without any it is shown all that nobody else knows. */
  readonly prefixes?: ReadonlyArray<string>
  /** Nothing: it is not one of its tokens. */
  readonly authenticate: (token: string) => Effect.Effect<User | undefined, TokenRefused, R>
}

/** Its own token, and not good: the message is for the server's log. */
export const refuse = (message: string) => Effect.fail(new TokenRefused({ message }))

export const make = ({
  authenticate,
  name,
  prefixes
}: Authentication<Client>): Plugin.Plugin<AuthenticationPoints, Client> =>
  Plugin.make({
    name,
    offers: [AuthenticationPoints],
    layer: Layer.effect(
      AuthenticationPoints,
      Effect.map(Effect.context<Client>(), (context) =>
        AuthenticationPoints.of({
          describe: () => Effect.succeed({ name, ...(prefixes !== undefined && { prefixes }) }),
          authenticate: ({ token }) =>
            Effect.map(Effect.provideContext(authenticate(token), context), (user) => (user === undefined ? {} : { user }))
        })
      )
    )
  })
