/**
 * `x-kubernetes-validations` of custom kinds: what is wrong with the rules of a definition, and what is wrong with an object by
 * them. `schema` is the structural schema as a CustomResourceDefinition has it (`openAPIV3Schema`).
 * Source: Kubernetes' documentation, "Validation rules".
 */
import type { Schema } from "effect"
import type { Causes } from "../../../kernel/resource/Causes.ts"

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
export const problems = (_schema: Schema.JsonObject, _field: string): Causes => []

/** The rules of a schema, compiled; nothing if it has none. Compile once and keep. */
export const compile = (_schema: Schema.JsonObject): Rules | undefined => undefined
