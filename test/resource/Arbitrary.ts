/** Objects as writers could give them: made of a kind's shape, with few fields each, so that whole kinds stay small. */
import type { Schema } from "effect"
import * as fc from "fast-check"
import type { FieldShape, ObjectShape, Shape } from "../../kernel/resource/Shape.ts"

type Arbitrary = fc.Arbitrary<Schema.Json>

const word = fc.stringMatching(/^[a-z][a-z0-9-]{0,8}$/)
const time = fc
  .date({ min: new Date("2000-01-01T00:00:00Z"), max: new Date("2100-01-01T00:00:00Z"), noInvalidDate: true })
  .map((date) => `${date.toISOString().slice(0, 19)}Z`)
const strings = {
  byte: fc.uint8Array({ maxLength: 12 }).map((bytes) => Buffer.from(bytes).toString("base64")),
  "date-time": time,
  "micro-time": fc
    .tuple(time, fc.nat(999_999))
    .map(([at, micros]) => at.replace("Z", `.${String(micros).padStart(6, "0")}Z`)),
  quantity: fc
    .tuple(fc.integer({ min: 1, max: 999 }), fc.constantFrom("", "m", "k", "Mi", "Gi"))
    .map(([n, suffix]) => `${n}${suffix}`)
}
const int32 = fc.integer({ min: -(2 ** 31), max: 2 ** 31 - 1 })
/** Not null, which is as good as nothing. */
const json = fc.jsonValue({ maxDepth: 2 }).map((value): Schema.Json => JSON.parse(JSON.stringify(value)) ?? {})

/** `depth` ends what contains itself: below it nothing is written that may be left out. */
export const of = (shape: Shape, depth = 4): Arbitrary => {
  if (shape.enum !== undefined) return fc.constantFrom(...shape.enum)
  switch (shape.type) {
    case "object":
      return object(shape, depth)
    case "map":
      return fc.dictionary(
        word,
        fc.constant(null).chain(() => of(shape.value, depth - 1)),
        { maxKeys: 2 }
      )
    case "list":
      return fc.array(
        fc.constant(null).chain(() => of(shape.item, depth - 1)),
        { maxLength: depth > 0 ? 2 : 0 }
      )
    case "string":
      return shape.format === undefined ? word : strings[shape.format]
    case "integer":
      return shape.format === "int32" ? int32 : fc.maxSafeInteger()
    case "number":
      return fc.double({ noNaN: true, noDefaultInfinity: true })
    case "boolean":
      return fc.boolean()
    case "int-or-string":
      return fc.oneof(int32, word)
    case "free":
      return json
  }
}

const object = ({ fields }: ObjectShape, depth: number): Arbitrary => {
  const all = Array.from(fields)
  // A container that is filled in may lack what is required in it.
  const isMust = ({ default: value, required }: FieldShape) => required || typeof value === "object"
  const required = all.filter(([, field]) => isMust(field)).map(([name]) => name)
  const optional = all.filter(([, field]) => !isMust(field)).map(([name]) => name)
  const chosen = depth > 0 ? fc.subarray(optional, { maxLength: Math.min(4, optional.length) }) : fc.constant([])
  return chosen.chain((names) => {
    const parts = [...required, ...names].map((name): [string, Arbitrary] => {
      const field = fields.get(name)
      return [name, field === undefined ? fc.constant(null) : of(field.shape, depth - 1)]
    })
    return fc.record(Object.fromEntries(parts)) as Arbitrary
  })
}
