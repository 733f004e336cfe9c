/**
 * Groups that another server answers for: a registry for programs that run inside this one. Whoever leads requests there fills it; a
 * program asks by the contract `Api`, and need not know who answers.
 */
import { Context, Effect, Layer, type Scope } from "effect"
import type { User } from "../pipeline/Attributes.ts"
import type { Unavailable } from "../plugin/Contract.ts"
import type { WireObject } from "./Api.ts"
import type { ApiError } from "./Errors.ts"

/** `name` is empty for a whole collection. */
export interface Question {
  readonly user: User
  readonly method: "GET" | "DELETE"
  /** Of a DELETE: its DeleteOptions. */
  readonly body?: WireObject
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

/** What another server has said that it serves. */
export interface Foreign {
  readonly group: string
  readonly version: string
  readonly resource: string
  readonly kind: string
  readonly namespaced: boolean
  readonly verbs: ReadonlyArray<string>
}
type Resources = () => ReadonlyArray<Foreign>
const none: Resources = () => []

export class Aggregated extends Context.Service<
  Aggregated,
  {
    readonly find: Find
    readonly resources: Resources
    /** Until the scope closes. */
    readonly add: (find: Find, resources?: Resources) => Effect.Effect<void, never, Scope.Scope>
  }
>()("kernel/Aggregated") {
  static readonly layer = Layer.sync(Aggregated, () => {
    const all = new Map<Find, Resources>()
    return Aggregated.of({
      resources: () => [...all.values()].flatMap((resources) => resources()),
      find: (group, version) => {
        for (const find of all.keys()) {
          const found = find(group, version)
          if (found !== undefined) return found
        }
        return undefined
      },
      add: (find, resources = none) =>
        Effect.asVoid(
          Effect.acquireRelease(
            Effect.sync(() => all.set(find, resources)),
            () => Effect.sync(() => all.delete(find))
          )
        )
    })
  })
}
