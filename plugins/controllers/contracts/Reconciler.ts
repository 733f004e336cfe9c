/**
 * A controller in another isolate: of several servers the one that leads watches for it, keeps its queue, and gives it a key at a
 * time; what is to be done it finds out and does by itself, as its own user. So there is one of it, whatever is restarted or swapped.
 */
import { Schema } from "effect"
import { WireObject } from "../../../kernel/client/Api.ts"
import * as Contract from "../../../kernel/plugin/Contract.ts"

const { Array: List, Boolean: Bool, Finite, Int, String: Text, Struct, optionalKey } = Schema

/** What was to be done could not be done: it is tried again, later each time. */
export class ReconcileFailed extends Schema.TaggedError<ReconcileFailed>()("ReconcileFailed", { message: Text }) {}

/** As in a path of the API: `apps`, `v1`, `deployments`. */
export const Resource = Struct({ group: Text, version: Text, resource: Text })
export type Resource = typeof Resource.Type

/** The namespace is empty for what has none. */
export const Key = { namespace: Text, name: Text }
const key = Struct(Key)
export type Key = typeof key.Type

export const Description = Struct({
  name: Text,
  /** Whose keys it is given: whenever one of them is made, changes or is gone. */
  for: Resource,
  /** Kinds whose objects it makes: when one changes, the one that controls it is looked at. */
  owns: optionalKey(List(Resource)),
  /** Others that it looks at: `keys` says whom they concern. */
  watches: optionalKey(List(Resource)),
  /** How many keys at once; 1 if it is absent. */
  concurrency: optionalKey(Int)
})
export type Description = typeof Description.Type

export class Reconciler extends Contract.make<Reconciler>()(
  "controllers/Reconciler",
  {
    version: "1.0.0",
    laws: {
      "describe/same": "What it describes itself by is the same each time.",
      "reconcile/gone": "For what is not there any more there is nothing to do, and that is no failure.",
      "reconcile/again": "Asked again about the same it does no harm.",
      "keys/same": "Whom an object concerns, it says the same each time."
    }
  },
  Contract.method("describe", {
    doc: "Its name, and what it wants to be told of.",
    success: Description,
    errors: []
  }),
  Contract.method("reconcile", {
    doc: "Sees to it that what is there is as it should be. requeueAfterMillis: also look again then.",
    payload: Key,
    success: Struct({ requeueAfterMillis: optionalKey(Finite) }),
    errors: [ReconcileFailed]
  }),
  Contract.method("keys", {
    doc: "Whom an object concerns that it watches; isGone: it is not there any more.",
    payload: { watched: Resource, object: WireObject, isGone: Bool },
    success: Struct({ keys: List(key) }),
    errors: []
  })
) {}
