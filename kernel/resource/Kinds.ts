/** The kinds that this server serves, with their strategies: a registry that discovery, the pipeline and the tables read. */
import { Context, Effect, Layer, type Scope, SubscriptionRef } from "effect"
import type * as Kind from "./Kind.ts"
import type { Strategy } from "./Strategy.ts"

export interface Served {
  readonly kind: Kind.Any
  readonly strategy: Strategy<Kind.Resource>
  /** Calls back when it is served no longer, or otherwise: the end of the watches that began on it. */
  readonly onEnd?: (listener: () => void) => () => void
}

/** What is different about a kind in one of its versions. */
export interface View {
  readonly subresources: Kind.Any["subresources"]
  readonly strategy: Strategy<Kind.Resource>
}

export class Kinds extends Context.Service<
  Kinds,
  {
    /** Serves a kind until the scope closes. A storage that is served already is replaced. `views`: by version, where these differ. */
    readonly add: <A extends Kind.Resource, D extends Kind.ResourceDraft>(
      kind: Kind.Kind<A, D>,
      strategy?: Strategy<A>,
      views?: ReadonlyMap<string, View>
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
      const ends = new WeakMap<Served, Set<() => void>>()
      const index = (one: Served, put: boolean, views?: ReadonlyMap<string, View>) => {
        for (const version of one.kind.versions) {
          const path = `${version.group}/${version.version}/${one.kind.plural}`
          const view = views?.get(version.version)
          const served =
            view === undefined
              ? one
              : { ...one, kind: { ...one.kind, subresources: view.subresources }, strategy: view.strategy }
          if (put && version.served !== false) byPath.set(path, { served, version })
          else byPath.delete(path)
        }
      }
      const end = (one: Served) => {
        for (const listener of ends.get(one) ?? []) listener()
        ends.delete(one)
      }
      const put = (one: Served, views?: ReadonlyMap<string, View>) => {
        const before = served.get(one.kind.storage)
        if (before !== undefined) index(before, false)
        served.set(one.kind.storage, one)
        index(one, true, views)
        if (before !== undefined) end(before)
        return SubscriptionRef.update(generation, (count) => count + 1)
      }
      const remove = (one: Served) => {
        if (served.get(one.kind.storage) !== one) return Effect.void
        served.delete(one.kind.storage)
        index(one, false)
        end(one)
        return SubscriptionRef.update(generation, (count) => count + 1)
      }
      return Kinds.of({
        add: (kind, strategy = {}, views) => {
          const listeners = new Set<() => void>()
          const onEnd = (listener: () => void) => {
            listeners.add(listener)
            return () => listeners.delete(listener)
          }
          // A strategy is only ever given objects of its own kind, hence the cast.
          const one: Served = { kind, strategy: strategy as unknown as Strategy<Kind.Resource>, onEnd }
          ends.set(one, listeners)
          return Effect.asVoid(
            Effect.acquireRelease(
              Effect.suspend(() => put(one, views)),
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
