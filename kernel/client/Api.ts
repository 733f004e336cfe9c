/**
 * The API as data: requests on objects of any kind as the wire's JSON. The server's pipeline offers it, HTTPS offers it, and
 * an isolate reaches its cluster by it. Programs use the typed `Client` that is made of it.
 */
import { Schema } from "effect"
import * as Contract from "../plugin/Contract.ts"
import * as Errors from "./Errors.ts"
import { Json } from "./Json.ts"

const { Array: List, Boolean: Bool, Int, Literals, String: Text, Struct, optionalKey } = Schema

/** An object in wire form, with `apiVersion` and `kind`. */
export const WireObject = Schema.Record(Text, Json)
export type WireObject = typeof WireObject.Type

/** Which collection. `namespace` is empty for all namespaces, and for objects of the cluster. */
const collection = { group: Text, version: Text, resource: Text, namespace: Text }
const object = { ...collection, name: Text, subresource: optionalKey(Text) }

const selectors = { labelSelector: optionalKey(Text), fieldSelector: optionalKey(Text) }
const writing = {
  dryRun: optionalKey(Bool),
  fieldManager: optionalKey(Text),
  fieldValidation: optionalKey(Literals(["Strict", "Warn", "Ignore"]))
}
export const DeleteOptions = Struct({
  gracePeriodSeconds: optionalKey(Int),
  propagationPolicy: optionalKey(Literals(["Orphan", "Background", "Foreground"])),
  uid: optionalKey(Text),
  resourceVersion: optionalKey(Text),
  dryRun: optionalKey(Bool)
})
export type DeleteOptions = typeof DeleteOptions.Type

/** The media types of PATCH, by what they do. */
export const PatchType = Literals(["json", "merge", "strategic", "apply"])
export type PatchType = typeof PatchType.Type

export const WatchBatch = Struct({
  /** What a reader knows after it: where it may go on. */
  revision: Int,
  events: List(
    Schema.TaggedUnion({
      /** All there is: first, and whenever history was lost. */
      Snapshot: { objects: List(WireObject) },
      Applied: { object: WireObject },
      Deleted: { object: WireObject }
    })
  )
})

export class Api extends Contract.make<Api>()(
  "kernel/Api",
  {
    version: "1.0.0",
    laws: {
      "create/reads": "What was created is read, listed and watched as it was answered.",
      "create/again": "Creating a name that is taken fails with AlreadyExists.",
      "update/stale": "An update with a resourceVersion that is not the last fails with Conflict and changes nothing.",
      "delete/gone": "What was deleted, and has no finalizers, is NotFound.",
      "watch/first": "A watch begins with a Snapshot of all that a list shows, and then has every change once, in order.",
      "watch/selector":
        "Through a selector an object that comes to match is Applied, and one that no longer does is Deleted."
    }
  },
  Contract.method("get", {
    doc: "One object, or a subresource of it. `query`: what the URL asks besides, where the answer is computed.",
    payload: { ...object, query: optionalKey(Schema.Record(Text, Text)) },
    success: WireObject,
    errors: Errors.all
  }),
  Contract.method("list", {
    doc: "The objects of a collection, consistent as of `revision`; with `limit` in pages.",
    payload: { ...collection, ...selectors, limit: optionalKey(Int), continue: optionalKey(Text) },
    success: Struct({ revision: Int, items: List(WireObject), continue: optionalKey(Text) }),
    errors: Errors.all
  }),
  Contract.method("watch", {
    doc: "A Snapshot and what follows, for ever. An empty batch is a bookmark.",
    payload: { ...collection, ...selectors },
    success: WatchBatch,
    stream: true,
    errors: Errors.all
  }),
  Contract.method("create", {
    doc: "Creates an object, or posts one to a subresource of the object `name` (binding, eviction, token).",
    payload: { ...object, body: WireObject, ...writing },
    success: WireObject,
    errors: Errors.all
  }),
  Contract.method("update", {
    doc: "Replaces an object, or its subresource (status, scale).",
    payload: { ...object, body: WireObject, ...writing },
    success: WireObject,
    errors: Errors.all
  }),
  Contract.method("patch", {
    doc: "Changes an object; `apply` creates it if it is not there. `force`: takes fields from other managers.",
    payload: { ...object, type: PatchType, body: Schema.Json, force: optionalKey(Bool), ...writing },
    success: WireObject,
    errors: Errors.all
  }),
  Contract.method("delete", {
    doc: "Deletes an object, or marks it to be deleted: `gone` says which.",
    payload: { ...object, options: DeleteOptions },
    success: Struct({ object: WireObject, gone: Bool }),
    errors: Errors.all
  }),
  Contract.method("deleteCollection", {
    doc: "Deletes the objects of a collection that the selectors choose.",
    payload: { ...collection, ...selectors, options: DeleteOptions },
    errors: Errors.all
  })
) {}
