/** What is wrong with a custom resource, by the schema of the version that was asked for. Compiled at its first object. */
import type { Schema } from "effect"
import type { Cause } from "../../kernel/client/Errors.ts"
import { embeddedResources, lists } from "./schema/ListTypes.ts"
import { compile } from "./schema/Values.ts"

type JsonObject = Schema.JsonObject
export type Validate = (object: JsonObject, old: JsonObject | undefined) => ReadonlyArray<Cause>

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
  return (object, old) => {
    const twice = found(duplicates, object)
    const isOld = twice.length > 0 && old !== undefined && found(duplicates, old).length > 0
    return [...schemas(object, old), ...found(embedded, object), ...(isOld ? [] : twice)]
  }
}

export const of = (schema: JsonObject): Validate => {
  let made: Validate | undefined
  return (object, old) => (made ??= make(schema))(object, old)
}
