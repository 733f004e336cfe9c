/**
 * Groups that another server answers for: a registry for programs that run inside this one. Whoever leads requests there fills it; a
 * program asks by the contract `Api`, and need not know who answers.
 */
import { Context, Effect, Layer, type Scope } from "effect"
import type { User } from "../pipeline/Attributes.ts"
import type { Unavailable } from "../plugin/Contract.ts"
import type { WireObject } from "./Api.ts"
import type { ApiError } from "./Errors.ts"

/** A GET. `name` is empty for a whole collection. */
export interface Question {
  readonly user: User
  readonly group: string
  readonly version: string
  readonly namespace: string
  readonly resource: string
  readonly name: string
  readonly subresource: string
  readonly query: { readonly [name: string]: string }
}

export interface Remote {
  readonly ask: (question: Question) => Effect.Effect<WireObject, ApiError | Unavailable>
}

type Find = (group: string, version: string) => Remote | undefined

export class Aggregated extends Context.Service<
  Aggregated,
  {
    readonly find: Find
    /** Until the scope closes. */
    readonly add: (find: Find) => Effect.Effect<void, never, Scope.Scope>
  }
>()("kernel/Aggregated") {
  static readonly layer = Layer.sync(Aggregated, () => {
    const all = new Set<Find>()
    return Aggregated.of({
      find: (group, version) => {
        for (const find of all) {
          const found = find(group, version)
          if (found !== undefined) return found
        }
        return undefined
      },
      add: (find) =>
        Effect.asVoid(
          Effect.acquireRelease(
            Effect.sync(() => all.add(find)),
            () => Effect.sync(() => all.delete(find))
          )
        )
    })
  })
}
