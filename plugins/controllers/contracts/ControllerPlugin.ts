/** How an author writes a controller: the same value in every isolate. */
import { Cause, Effect, Layer } from "effect"
import type { WireObject } from "../../../kernel/client/Api.ts"
import type { Client } from "../../../kernel/client/Client.ts"
import * as Plugin from "../../../kernel/plugin/Plugin.ts"
import { type Key, ReconcileFailed, Reconciler, type Resource } from "./Reconciler.ts"

export type { Key, Resource } from "./Reconciler.ts"

export interface Controller<E, R = never> {
  readonly name: string
  /** Whose keys it is given. */
  readonly for: Resource
  /** Kinds whose objects it makes, and that it is the controller of. */
  readonly owns?: ReadonlyArray<Resource>
  /** Others that it looks at, and whom their objects concern. */
  readonly watches?: ReadonlyArray<Resource & { readonly keys: (object: WireObject) => ReadonlyArray<Key> }>
  readonly concurrency?: number
  /** Reads what there is, and brings it to where it should be; it is told of no event. What fails is tried again, later each time. */
  readonly reconcile: (key: Key) => Effect.Effect<{ readonly requeueAfterMillis?: number } | void, E, R>
}

const isSame = (a: Resource, b: Resource) => a.group === b.group && a.version === b.version && a.resource === b.resource

const words = (cause: Cause.Cause<unknown>) => {
  const error = Cause.squash(cause)
  return error instanceof Error && error.message !== "" ? error.message : String(error)
}

export const make = <E>(controller: Controller<E, Client>): Plugin.Plugin<Reconciler, Client> => {
  const { name, owns, reconcile, watches = [] } = controller
  const { concurrency } = controller
  const described = {
    name,
    for: controller.for,
    ...(owns !== undefined && { owns }),
    watches: watches.map(({ group, resource, version }) => ({ group, version, resource })),
    ...(concurrency !== undefined && { concurrency })
  }
  return Plugin.make({
    name,
    offers: [Reconciler],
    layer: Layer.effect(
      Reconciler,
      Effect.map(Effect.context<Client>(), (context) =>
        Reconciler.of({
          describe: () => Effect.succeed(described),
          reconcile: (key) =>
            Effect.suspend(() => reconcile(key)).pipe(
              Effect.provideContext(context),
              Effect.map((outcome) => outcome ?? {}),
              Effect.catchCause((cause) =>
                Cause.hasInterruptsOnly(cause)
                  ? Effect.interrupt
                  : Effect.fail(new ReconcileFailed({ message: words(cause) }))
              )
            ),
          keys: ({ object, watched }) =>
            Effect.sync(() => ({
              keys: watches.filter((one) => isSame(one, watched)).flatMap(({ keys }) => keys(object))
            }))
        })
      )
    )
  })
}
