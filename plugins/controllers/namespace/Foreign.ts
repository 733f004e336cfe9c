/** Objects of groups that other servers answer for: what a namespace holds there goes with it, too. */
import { Effect, Option, Schema } from "effect"
import { Aggregated, type Foreign } from "../../../kernel/client/Aggregated.ts"
import { Api } from "../../../kernel/client/Api.ts"

const Named = Schema.Struct({
  metadata: Schema.Struct({
    name: Schema.String,
    uid: Schema.optionalKey(Schema.String),
    deletionTimestamp: Schema.optionalKey(Schema.String),
    finalizers: Schema.optionalKey(Schema.Array(Schema.String))
  })
})
type Named = typeof Named.Type
const isNamed = Schema.is(Named)

/** Whether a namespace may hold such objects, and they can be found and deleted. */
const isHeld = ({ namespaced, verbs }: Foreign) => namespaced && verbs.includes("list") && verbs.includes("delete")

/** Nothing where this process does not know of other servers: in a thread of its own, or outside of the server. */
export const make = Effect.gen(function* () {
  const [aggregated, found] = [yield* Effect.serviceOption(Aggregated), yield* Effect.serviceOption(Api)]
  if (Option.isNone(aggregated) || Option.isNone(found)) return { all: () => [], empty: () => Effect.succeed([]) }
  const api = found.value

  const list = ({ group, resource, version }: Foreign, namespace: string) =>
    Effect.map(api.list({ group, version, resource, namespace }), ({ items }) => items.filter(isNamed))

  const remove = ({ group, resource, version }: Foreign, namespace: string, { metadata }: Named) => {
    const { deletionTimestamp, name, uid } = metadata
    if (deletionTimestamp !== undefined) return Effect.void
    const options = { propagationPolicy: "Background", ...(uid !== undefined && { uid }) } as const
    return api
      .delete({ group, version, resource, namespace, name, options })
      .pipe(Effect.catchTag(["NotFound", "Conflict"], () => Effect.void))
  }

  return {
    all: () => aggregated.value.resources().filter(isHeld),
    /** Deletes them; answers with those that are still there. */
    empty: Effect.fnUntraced(function* (kind: Foreign, namespace: string) {
      const objects = yield* list(kind, namespace)
      if (objects.length === 0) return objects
      yield* Effect.forEach(objects, (object) => remove(kind, namespace, object), { concurrency: 16, discard: true })
      return yield* list(kind, namespace)
    })
  }
})
