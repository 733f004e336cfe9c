/** The kinds that this server serves, with their strategies: a registry that discovery, the pipeline and the tables read. */
import { Context, Effect, Layer, type Scope, SubscriptionRef } from "effect"
import type * as Kind from "./Kind.ts"
import type { Strategy } from "./Strategy.ts"

export interface Served {
  readonly kind: Kind.Any
  readonly strategy: Strategy<Kind.Resource>
}

export class Kinds extends Context.Service<
  Kinds,
  {
    /** Serves a kind until the scope closes. A storage that is served already is replaced. */
    readonly add: <A extends Kind.Resource, D extends Kind.ResourceDraft>(
      kind: Kind.Kind<A, D>,
      strategy?: Strategy<A>
    ) => Effect.Effect<void, never, Scope.Scope>
    /** By group, version and plural, as in a path of the API. */
    readonly find: (
      group: string,
      version: string,
      plural: string
    ) => { readonly served: Served; readonly version: Kind.Version } | undefined
    readonly byStorage: (storage: string) => Served | undefined
    readonly byKind: (group: string, kind: string) => Served | undefined
    readonly all: () => ReadonlyArray<Served>
    /** Grows with every change of what is served; for documents that are made of it. */
    readonly generation: SubscriptionRef.SubscriptionRef<number>
  }
>()("kernel/Kinds") {
  static readonly layer = Layer.effect(
    Kinds,
    Effect.map(SubscriptionRef.make(0), (generation) => {
      const served = new Map<string, Served>()
      const byPath = new Map<string, { readonly served: Served; readonly version: Kind.Version }>()
      const index = (one: Served, put: boolean) => {
        for (const version of one.kind.versions) {
          const path = `${version.group}/${version.version}/${one.kind.plural}`
          if (put) byPath.set(path, { served: one, version })
          else byPath.delete(path)
        }
      }
      const put = (one: Served) => {
        const before = served.get(one.kind.storage)
        if (before !== undefined) index(before, false)
        served.set(one.kind.storage, one)
        index(one, true)
        return SubscriptionRef.update(generation, (count) => count + 1)
      }
      const remove = (one: Served) => {
        if (served.get(one.kind.storage) !== one) return Effect.void
        served.delete(one.kind.storage)
        index(one, false)
        return SubscriptionRef.update(generation, (count) => count + 1)
      }
      return Kinds.of({
        add: (kind, strategy = {}) => {
          // A strategy is only ever given objects of its own kind, hence the cast.
          const one: Served = { kind, strategy: strategy as unknown as Strategy<Kind.Resource> }
          return Effect.asVoid(
            Effect.acquireRelease(
              Effect.suspend(() => put(one)),
              () => Effect.suspend(() => remove(one))
            )
          )
        },
        find: (group, version, plural) => byPath.get(`${group}/${version}/${plural}`),
        byStorage: (storage) => served.get(storage),
        byKind: (group, kind) =>
          served
            .values()
            .find((one) => one.kind.kind === kind && one.kind.versions.some((version) => version.group === group)),
        all: () => [...served.values()],
        generation
      })
    })
  )
}
