/**
 * What is posted and acts instead of being stored: subresources such as `pods/binding` and `serviceaccounts/token`, and kinds
 * that only answer (TokenReview, SubjectAccessReview). A registry: the pipeline authorizes, the action decodes and answers.
 */
import { Context, Effect, Layer, type Schema, type Scope } from "effect"
import type { WireObject } from "../client/Api.ts"
import type { ApiError } from "../client/Errors.ts"
import type { Unavailable } from "../plugin/Contract.ts"
import type { At, WriteOptions } from "./Pipeline.ts"
import type { Rewrite } from "./Rewrite.ts"

export interface Action {
  /** The storage of the kind it belongs to, such as `pods`. */
  readonly storage: string
  /** Empty for kinds that only answer. */
  readonly subresource: string
  /** Whoever asks is `at.user`, and may. Answers with `apiVersion` and `kind`. `rewrite` honours a dry run. */
  readonly act: (
    at: At,
    body: Schema.JsonObject,
    options: WriteOptions,
    rewrite: Rewrite
  ) => Effect.Effect<WireObject, ApiError | Unavailable>
}

export class Actions extends Context.Service<
  Actions,
  {
    readonly add: (action: Action) => Effect.Effect<void, never, Scope.Scope>
    readonly find: (storage: string, subresource: string) => Action | undefined
  }
>()("kernel/Actions") {
  static readonly add = (action: Action) => Layer.effectDiscard(Effect.flatMap(Actions, (actions) => actions.add(action)))
  static readonly layer = Layer.sync(Actions, () => {
    const actions = new Map<string, Action>()
    const path = (storage: string, subresource: string) => `${storage}/${subresource}`
    return Actions.of({
      add: (action) =>
        Effect.asVoid(
          Effect.acquireRelease(
            Effect.sync(() => actions.set(path(action.storage, action.subresource), action)),
            () => Effect.sync(() => actions.delete(path(action.storage, action.subresource)))
          )
        ),
      find: (storage, subresource) => actions.get(path(storage, subresource))
    })
  })
}
