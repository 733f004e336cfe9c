/** What a mutation makes of an object: by a configuration that is merged into it, or by a patch. */
import { Result, type Schema } from "effect"
import * as ApplyMerge from "../../../kernel/resource/ApplyMerge.ts"
import * as JsonPatch from "../../../kernel/resource/JsonPatch.ts"
import type { Shape } from "../../../kernel/resource/Shape.ts"

type Json = Schema.Json
type JsonObject = Schema.JsonObject

const isObject = (value: Json | undefined): value is JsonObject =>
  typeof value === "object" && value !== null && !Array.isArray(value)

/** Parts that would be replaced as a whole: who wants to add to them would take away what is there. */
const atomics = (shape: Shape, value: Json, path = ""): ReadonlyArray<string> => {
  if (shape.type === "list" && Array.isArray(value)) {
    const inside = value.flatMap((item, index) => atomics(shape.item, item, `${path}[${index}]`))
    return shape.list === "atomic" ? [path, ...inside] : inside
  }
  if (!isObject(value) || (shape.type !== "object" && shape.type !== "map")) return []
  const inside = Object.entries(value).flatMap(([name, inner]) => {
    const part = shape.type === "map" ? shape.value : shape.fields.get(name)?.shape
    return part === undefined ? [] : atomics(part, inner, `${path}.${name}`)
  })
  return shape.atomic ? [path, ...inside] : inside
}

export const apply = (shape: Shape, object: JsonObject, configuration: Json): Result.Result<JsonObject, string> => {
  if (!isObject(configuration)) return Result.fail("ApplyConfiguration is no object")
  const { apiVersion, kind, ...named } = object
  const flaws = ApplyMerge.flaws(shape, configuration)
  if (flaws.length > 0)
    return Result.fail(`error applying patch: failed to convert patch object to typed object: ${flaws.join("\n")}`)
  const whole = atomics(shape, configuration)
  if (whole.length > 0)
    return Result.fail(
      `error applying patch: invalid ApplyConfiguration: may not mutate atomic arrays, maps or structs: ${whole.join(", ")}`
    )
  const merged = ApplyMerge.merge(shape, named, configuration)
  const types = { ...(apiVersion !== undefined && { apiVersion }), ...(kind !== undefined && { kind }) }
  return isObject(merged) ? Result.succeed({ ...types, ...merged }) : Result.fail("the configuration leaves no object")
}

const isTest = (why: string) => why.endsWith(": test failed")

/** A patch whose test fails changes nothing. */
export const patch = (object: JsonObject, patch: Json): Result.Result<JsonObject, string> => {
  const operations = JsonPatch.decode(patch)
  if (Result.isFailure(operations)) {
    const why = operations.failure
    return Result.fail(`JSON Patch: ${typeof why === "string" ? why : why.message}`)
  }
  const after = JsonPatch.apply(object, operations.success)
  if (Result.isSuccess(after))
    return isObject(after.success) ? Result.succeed(after.success) : Result.fail("the patch leaves no object")
  return isTest(after.failure) ? Result.succeed(object) : Result.fail(`JSON Patch: ${after.failure}`)
}
