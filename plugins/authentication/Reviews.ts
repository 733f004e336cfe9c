/** The kinds that answer who somebody is: TokenReview for a token, SelfSubjectReview for the caller. */
import { Clock, Effect } from "effect"
import type { WireObject } from "../../kernel/client/Api.ts"
import { BadRequest } from "../../kernel/client/Errors.ts"
import type { Action } from "../../kernel/pipeline/Actions.ts"
import type { User } from "../../kernel/pipeline/Attributes.ts"
import { decoder } from "../../kernel/pipeline/Body.ts"
import { SelfSubjectReview, TokenReview, TokenReviewSchema } from "../resources/contracts/authentication/v1.ts"

const decode = decoder(TokenReviewSchema)

/** Source: authentication.k8s.io/v1 UserInfo. */
const info = ({ extra, groups, name, uid }: User): WireObject => ({
  username: name,
  ...(uid !== undefined && { uid }),
  groups,
  ...(extra !== undefined && { extra })
})

/** Whoever a token speaks for, for one of the audiences asked for (none: the API server's). Fails with what is wrong. */
export type Judge = (
  token: string,
  audiences: ReadonlyArray<string>
) => Effect.Effect<{ readonly user: User; readonly audiences: ReadonlyArray<string> }, { readonly detail: string }>

export const tokenReview = (judge: Judge): Action => ({
  storage: TokenReview.storage,
  subresource: "",
  act: Effect.fn("TokenReview.act")(function* (_, body) {
    const { spec } = yield* decode(body)
    if (spec.token === "") return yield* new BadRequest({ detail: "token is required for TokenReview in authentication" })
    const status = yield* judge(spec.token, spec.audiences ?? []).pipe(
      Effect.match({
        onFailure: ({ detail }): WireObject => ({ user: {}, error: detail }),
        onSuccess: ({ audiences, user }) => ({ authenticated: true, user: info(user), audiences })
      })
    )
    return { apiVersion: "authentication.k8s.io/v1", kind: "TokenReview", metadata: {}, spec: { ...spec }, status }
  })
})

export const selfSubjectReview: Action = {
  storage: SelfSubjectReview.storage,
  subresource: "",
  act: Effect.fn("SelfSubjectReview.act")(function* ({ user }) {
    const now = new Date(yield* Clock.currentTimeMillis)
    return {
      apiVersion: "authentication.k8s.io/v1",
      kind: "SelfSubjectReview",
      metadata: { creationTimestamp: `${now.toISOString().slice(0, 19)}Z` },
      status: { userInfo: info(user) }
    }
  })
}
