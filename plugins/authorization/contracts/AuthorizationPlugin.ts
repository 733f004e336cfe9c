/** How an author writes an authorizer: the same value in every isolate. */
import { Effect, Layer } from "effect"
import type { Client } from "../../../kernel/client/Client.ts"
import * as Plugin from "../../../kernel/plugin/Plugin.ts"
import { type Attributes, AuthorizationPoints, type Decision, type Rule } from "./AuthorizationPoints.ts"

export type { Attributes, Decision, Rule } from "./AuthorizationPoints.ts"

export interface Authorization<R = never> {
  readonly name: string
  /** The requests it is asked about. */
  readonly rules: ReadonlyArray<Rule>
  /** How long a decision holds; without it each request is asked about. */
  readonly rememberSeconds?: number
  /** Nothing: no opinion. */
  readonly decide: (attributes: Attributes) => Effect.Effect<Decision | void, never, R>
}

export const allow = (reason: string) => Effect.succeed<Decision>({ decision: "allow", reason })
/** Nobody after it is asked; the reason is told to whoever wanted it. */
export const deny = (reason: string) => Effect.succeed<Decision>({ decision: "deny", reason })

export const make = ({
  decide,
  name,
  rememberSeconds,
  rules
}: Authorization<Client>): Plugin.Plugin<AuthorizationPoints, Client> =>
  Plugin.make({
    name,
    offers: [AuthorizationPoints],
    layer: Layer.effect(
      AuthorizationPoints,
      Effect.map(Effect.context<Client>(), (context) =>
        AuthorizationPoints.of({
          describe: () => Effect.succeed({ name, rules, ...(rememberSeconds !== undefined && { rememberSeconds }) }),
          decide: (attributes) =>
            Effect.map(
              Effect.provideContext(decide(attributes), context),
              (decision): Decision => decision ?? { decision: "noOpinion" }
            )
        })
      )
    )
  })
