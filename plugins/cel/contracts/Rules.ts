/**
 * `x-kubernetes-validations` of custom kinds: what is wrong with the rules of a definition, and what is wrong with an object by
 * them. `schema` is the structural schema as a CustomResourceDefinition has it (`openAPIV3Schema`).
 * Source: Kubernetes' documentation, "Validation rules".
 */
import type { Schema } from "effect"
import type { Causes } from "../../../kernel/resource/Causes.ts"
import * as Problems from "../rules/Problems.ts"
import { tree } from "../rules/Tree.ts"
import { validate } from "../rules/Validate.ts"

export interface Outcome {
  readonly causes: Causes
  /** What is wrong and was so before, in a part that this update does not touch. */
  readonly warnings: ReadonlyArray<string>
}

export interface Rules {
  /** `object` and `old` in the version of the schema; without `old` it is a create. */
  readonly validate: (object: Schema.JsonObject, old?: Schema.JsonObject) => Outcome
}

/** What is wrong with the rules, for the writer of the definition. `field` is where the schema lies in it. */
export const problems = (schema: Schema.JsonObject, field: string): Causes => Problems.problems(schema, field)

/** The rules of a schema, compiled; nothing if it has none. Compile once and keep. */
export const compile = (schema: Schema.JsonObject): Rules | undefined => {
  const root = tree(schema, schema, "selfType", true)
  return root && { validate: (object, old) => validate(root, object, old) }
}
