/** What is wrong with a custom resource, by the schema of the version that was asked for. Compiled at its first object. */
import type { Schema } from "effect"
import type { Cause } from "../../kernel/client/Errors.ts"
import * as Causes from "../../kernel/resource/Causes.ts"
import * as Rules from "../cel/contracts/Rules.ts"
import { embeddedResources, lists } from "./schema/ListTypes.ts"
import { compile } from "./schema/Values.ts"

type JsonObject = Schema.JsonObject
export type Validate = (object: JsonObject, old: JsonObject | undefined) => ReadonlyArray<Cause>

/** Rules are not asked of what is not even of the right type. */
const blocking = new Set(["FieldValueRequired", "FieldValueTooLong", "FieldValueTooMany", "FieldValueTypeInvalid"])
const unchecked = Causes.invalid(
  "<nil>",
  null,
  "some validation rules were not checked because the object was invalid; correct the existing errors to complete validation"
)

const make = (schema: JsonObject): Validate => {
  const check = compile(schema)
  const [embedded, duplicates] = [embeddedResources(schema), lists(schema)]
  const found = (walk: typeof duplicates, object: JsonObject) => {
    const causes: Array<Cause> = []
    walk?.(object, "", causes)
    return causes
  }
  const schemas = (object: JsonObject, old: JsonObject | undefined) => {
    const causes: Array<Cause> = []
    check(object, undefined, "", causes)
    if (causes.length === 0 || old === undefined) return causes
    // What was wrong before may stay so.
    const changed: Array<Cause> = []
    check(object, old, "", changed)
    return changed
  }
  const rules = Rules.compile(schema)
  const ruled = (object: JsonObject, old: JsonObject | undefined, before: ReadonlyArray<Cause>): ReadonlyArray<Cause> => {
    if (rules === undefined) return before
    if (before.some(({ type }) => blocking.has(type))) return [...before, unchecked]
    return [...before, ...rules.validate(object, old).causes]
  }
  return (object, old) => {
    const twice = found(duplicates, object)
    const isOld = twice.length > 0 && old !== undefined && found(duplicates, old).length > 0
    return ruled(object, old, [...schemas(object, old), ...found(embedded, object), ...(isOld ? [] : twice)])
  }
}

export const of = (schema: JsonObject): Validate => {
  let made: Validate | undefined
  return (object, old) => (made ??= make(schema))(object, old)
}
