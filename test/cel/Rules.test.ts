/** Validation rules of custom kinds: what is wrong with an object, what was so before, and what is wrong with the rules. */
import { assert, describe, it } from "@effect/vitest"
import type { Schema } from "effect"
import * as Rules from "../../plugins/cel/contracts/Rules.ts"

const integer = { type: "integer" }
const object = (properties: Schema.JsonObject, ...rules: ReadonlyArray<Schema.JsonObject>): Schema.JsonObject => ({
  type: "object",
  properties,
  "x-kubernetes-validations": rules
})
const root = (spec: Schema.JsonObject): Schema.JsonObject => ({ type: "object", properties: { spec } })

const outcome = (schema: Schema.JsonObject, spec: Schema.Json, old?: Schema.Json) =>
  Rules.compile(schema)?.validate({ spec }, old === undefined ? undefined : { spec: old })
const causes = (schema: Schema.JsonObject, spec: Schema.Json, old?: Schema.Json) =>
  outcome(schema, spec, old)?.causes.map(({ detail, field, type }) => `${type} ${field}: ${detail}`)

describe("an object", () => {
  const range = root(
    object(
      { min: integer, max: integer },
      { rule: "self.min <= self.max", messageExpression: "string(self.min) + ' is more than ' + string(self.max)" }
    )
  )
  it("is told what it breaks", () => {
    assert.deepStrictEqual(causes(range, { min: 1, max: 2 }), [])
    assert.deepStrictEqual(causes(range, { min: 3, max: 2 }), ["FieldValueInvalid spec: Invalid value: 3 is more than 2"])
    assert.deepStrictEqual(causes(range, { min: 3 }), [
      'FieldValueInvalid spec: Invalid value: "object": no such key: max evaluating rule: self.min <= self.max'
    ])
  })
  it("is told with the rule's reason, at the rule's path", () => {
    const rule = { rule: "self.min < 5", message: "too much", reason: "FieldValueForbidden", fieldPath: ".min" }
    assert.deepStrictEqual(causes(root(object({ min: integer }, rule)), { min: 7 }), [
      "FieldValueForbidden spec.min: Forbidden: too much"
    ])
  })
  it("may be compared with what it was", () => {
    const fixed = root(object({ min: integer }, { rule: "self.min >= oldSelf.min", message: "may only grow" }))
    assert.deepStrictEqual(causes(fixed, { min: 1 }), [])
    assert.deepStrictEqual(causes(fixed, { min: 1 }, { min: 2 }), ["FieldValueInvalid spec: Invalid value: may only grow"])
  })
  it("keeps what was wrong in parts that it does not change, with a warning", () => {
    const word = { type: "string", "x-kubernetes-validations": [{ rule: "self.startsWith('a')" }] }
    const schema = root(object({ word, other: integer }, { rule: "true" }))
    const kept = outcome(schema, { word: "b", other: 2 }, { word: "b", other: 1 })
    assert.deepStrictEqual(kept?.causes, [])
    assert.deepStrictEqual(kept?.warnings, ["spec.word: Invalid value: \"b\": failed rule: self.startsWith('a')"])
    assert.strictEqual(outcome(schema, { word: "c", other: 2 }, { word: "b", other: 1 })?.causes.length, 1)
  })
  it("finds items of map-like lists again", () => {
    const item = object({ name: { type: "string" }, size: integer }, { rule: "self.size >= oldSelf.size" })
    const list = { type: "array", "x-kubernetes-list-type": "map", "x-kubernetes-list-map-keys": ["name"], items: item }
    const [a, b] = [
      { name: "a", size: 1 },
      { name: "b", size: 2 }
    ]
    assert.deepStrictEqual(causes(root(list), [b, a], [a, b]), [])
    assert.deepStrictEqual(causes(root(list), [{ name: "b", size: 1 }, a], [a, b]), [
      "FieldValueInvalid spec[0]: Invalid value: failed rule: self.size >= oldSelf.size"
    ])
  })
  it("without the old one has an optional that is empty", () => {
    const rule = { rule: "!oldSelf.hasValue() || self == oldSelf.value()", optionalOldSelf: true }
    const schema = root({ ...integer, "x-kubernetes-validations": [rule] })
    assert.deepStrictEqual(causes(schema, 1), [])
    assert.strictEqual(causes(schema, 1, 2)?.length, 1)
  })
  it("has a budget for all of its rules", () => {
    const numbers = { type: "array", items: integer }
    const costly = { rule: "self.n.all(x, self.n.all(y, x + y >= 0))" }
    const n = Array.from({ length: 2000 }, (_, index) => index)
    assert.match(String(causes(root(object({ n: numbers }, costly)), { n })), /call cost exceeds limit for rule/)
  })
})

describe("a definition", () => {
  const problems = (schema: Schema.JsonObject) =>
    Rules.problems(schema, "s").map(({ detail, field }) => `${field}: ${detail.split("\n")[0]}`)

  it("without mistakes has no problems", () => {
    assert.deepStrictEqual(problems(root(object({ min: integer }, { rule: "self.min > 0" }))), [])
  })
  it("is told what does not compile", () => {
    const [problem = ""] = problems(root(object({ min: integer }, { rule: "self.max > 0" })))
    assert.match(
      problem,
      /^s\.properties\[spec\]\.x-kubernetes-validations\[0\]\.rule: Invalid value: \{"Rule":"self\.max > 0","Message":""/
    )
    assert.match(problem, /compilation failed: ERROR: <input>:1:5: undefined field 'max'$/)
  })
  it("is told what could cost too much", () => {
    const texts = { type: "array", items: { type: "string" } }
    const [problem = ""] = problems(root(object({ texts }, { rule: "self.texts.all(x, self.texts.all(y, x != y))" })))
    assert.match(problem, /\.rule: Forbidden: estimated rule cost exceeds budget by factor of more than 100x/)
    const few = { ...texts, maxItems: 10, items: { type: "string", maxLength: 10 } }
    assert.deepStrictEqual(
      problems(root(object({ texts: few }, { rule: "self.texts.all(x, self.texts.all(y, x != y))" }))),
      []
    )
  })
  it("cannot compare what cannot be found again", () => {
    const items = { ...integer, "x-kubernetes-validations": [{ rule: "self == oldSelf" }] }
    assert.match(
      String(problems(root({ type: "array", maxItems: 5, items }))),
      /uncorrelatable portion of the schema within s\.properties\[spec\]/
    )
  })
})
