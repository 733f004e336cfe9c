/** Objects that a mutation writes down: `Object{spec: Object.spec{replicas: 3}}` and `JSONPatch{op: "add", …}`. */
import { Result, type Schema } from "effect"
import { toJson } from "../Json.ts"
import { Dict, List, type Value } from "../Values.ts"

export class Written extends Dict {
  private readonly fields: ReadonlyMap<string, Value>
  private readonly name: string
  constructor(name: string, fields: ReadonlyArray<readonly [string, Value]>) {
    super()
    this.name = name
    this.fields = new Map(fields)
  }
  override get typeName() {
    return this.name
  }
  get size() {
    return this.fields.size
  }
  find(key: Value): Value | undefined {
    return typeof key === "string" ? this.fields.get(key) : undefined
  }
  keys() {
    return this.fields.keys()
  }
}
export const write = (name: string, fields: ReadonlyArray<readonly [string, Value]>): Value => new Written(name, fields)

/** As JSON, if each part is of the type that its place has. */
export const jsonOf = (value: Value): Result.Result<Schema.Json, string> => {
  const problem = value instanceof Written && value.typeName !== "JSONPatch" ? misplaced(value, value.typeName) : undefined
  if (problem !== undefined) return Result.fail(`type mismatch: ${problem}`)
  const json = toJson(value)
  return json === undefined
    ? Result.fail("the expression evaluated to a type that could not marshal to JSON")
    : Result.succeed(json)
}

const misplaced = (value: Value, path: string): string | undefined => {
  if (value instanceof Written) {
    if (value.typeName !== path)
      return `unexpected type name "${value.typeName}", expected "${path}", which matches field name path from root Object type`
    for (const name of value.keys()) {
      const problem = misplaced(value.find(name) ?? null, `${path}.${name}`)
      if (problem !== undefined) return problem
    }
  }
  if (!(value instanceof List)) return undefined
  for (const item of value) {
    const problem = misplaced(item, path)
    if (problem !== undefined) return problem
  }
  return undefined
}
