/**
 * Kinds that a plugin in another isolate brings: their definitions, and what is wrong with an object where a schema cannot say it.
 * Source: apiextensions.k8s.io/v1 CustomResourceDefinition.
 */
import { Schema } from "effect"
import { WireObject } from "../../../kernel/client/Api.ts"
import * as Contract from "../../../kernel/plugin/Contract.ts"

const { Array: List, String: Text, Struct, optionalKey } = Schema

export const Description = Struct({
  name: Text,
  /** CustomResourceDefinitions of apiextensions.k8s.io/v1. They stay when the plugin goes, as do the objects. */
  definitions: List(WireObject)
})
export type Description = typeof Description.Type

/** `field` is its path, such as `spec.schedule`. */
export const Mistake = Struct({ field: Text, message: Text })
export type Mistake = typeof Mistake.Type

export class KindPoints extends Contract.make<KindPoints>()(
  "custom-resources/KindPoints",
  {
    version: "1.0.0",
    laws: {
      "describe/same": "What it describes itself by is the same each time, and has a kind.",
      "describe/definitions": "Its kinds are CustomResourceDefinitions, each under the name that its plural and group make.",
      "validate/same": "Of the same object it says the same.",
      "validate/others": "With kinds that it has not brought nothing is wrong."
    }
  },
  Contract.method("describe", {
    doc: "Its name, and the kinds that it brings.",
    success: Description,
    errors: []
  }),
  Contract.method("validate", {
    doc: "What is wrong with an object that its schema allows; old: what it was before.",
    payload: { group: Text, resource: Text, object: WireObject, old: optionalKey(WireObject) },
    success: Struct({ mistakes: List(Mistake) }),
    errors: []
  })
) {}
