/** How controllers write many objects, and what some refusals mean to them. */
import { Effect, type Exit } from "effect"
import type { Client } from "../../../kernel/client/Client.ts"
import type { Failure } from "../../../kernel/client/Status.ts"
import * as Kind from "../../../kernel/resource/Kind.ts"
import type { ObjectMetaDraft } from "../../../kernel/resource/Metadata.ts"

/** The namespace is being deleted: nothing can be made in it. */
export const isEnding = (error: Failure) =>
  error._tag === "Forbidden" && error.detail.includes("because it is being terminated")

/**
 * 1, 2, 4, … at a time: what a quota or an admission refuses is then refused a few times and not a thousand. Each batch is waited for as a whole, because a write that is interrupted may still land, unseen by the next run. Stops after
 * a batch with a failure, and fails with the first.
 */
export const slowStart = Effect.fnUntraced(function* <A, E, R>(
  count: number,
  make: (index: number) => Effect.Effect<A, E, R>
) {
  for (let made = 0, batch = 1; made < count; made += batch, batch *= 2) {
    const some = Array.from({ length: Math.min(batch, count - made) }, (_, index) => made + index)
    const exits: ReadonlyArray<Exit.Exit<A, E>> = yield* Effect.forEach(some, (index) => Effect.exit(make(index)), {
      concurrency: "unbounded"
    })
    for (const exit of exits) if (exit._tag === "Failure") yield* exit
  }
})

/** Changes some metadata of an object, if that is still as it was read. */
export const patchMetadata = <A extends Kind.Resource, D extends Kind.ResourceDraft>(
  client: Client["Service"],
  kind: Kind.Kind<A, D>,
  object: Kind.Resource,
  metadata: Pick<ObjectMetaDraft, "ownerReferences" | "finalizers">
) => {
  const { resourceVersion, uid } = object.metadata
  // Metadata are JSON by their types, hence the cast.
  const body = { metadata: { uid, resourceVersion, ...metadata } } as unknown as Parameters<typeof client.patch>[3]
  return client.patch(kind, Kind.keyOf(object), "merge", body)
}
