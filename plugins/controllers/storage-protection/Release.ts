/** What the three controllers have in common: an object keeps its finalizer as long as it is not to go, or is in use. */
import { Effect } from "effect"
import { Client } from "../../../kernel/client/Client.ts"
import type { Key, Kind, Resource, ResourceDraft } from "../../../kernel/resource/Kind.ts"
import type { Cache } from "../../../kernel/table/Table.ts"

interface Guarded<A extends Resource, D extends ResourceDraft> {
  readonly kind: Kind<A, D>
  readonly finalizer: string
  readonly cache: Cache<A, never>
  /** Asked anew when the tables say that it is free: they may be late. */
  readonly isUsed: (object: A) => boolean
  readonly isReallyUsed: (object: A) => Effect.Effect<boolean, unknown>
}

/** Brings one object to where it belongs. */
export const make = <A extends Resource, D extends ResourceDraft>(guarded: Guarded<A, D>) =>
  Effect.map(Client, (client) =>
    Effect.fnUntraced(function* (key: Key) {
      const { cache, finalizer, isReallyUsed, isUsed, kind } = guarded
      const object = cache.get(key)
      if (object === undefined) return
      const { deletionTimestamp, finalizers = [] } = object.metadata
      const has = finalizers.includes(finalizer)
      const write = (next: ReadonlyArray<string>) =>
        client
          .update(kind, { ...object, metadata: { ...object.metadata, finalizers: next } })
          .pipe(Effect.catchTag("NotFound", () => Effect.void))
      if (deletionTimestamp === undefined) {
        if (!has) yield* write([...finalizers, finalizer])
      } else if (has && !isUsed(object) && !(yield* isReallyUsed(object))) {
        yield* write(finalizers.filter((one) => one !== finalizer))
      }
    })
  )
