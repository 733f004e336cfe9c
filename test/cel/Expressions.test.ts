/**
 * Expressions beside what the CEL of Kubernetes 1.36 says of them (`expressions.json`): whether they compile and why not, what
 * they cost, what they could cost, and what they fail with.
 */
import { assert, describe, it } from "@effect/vitest"
import { Result, Schema } from "effect"
import { readFileSync } from "node:fs"
import * as Cel from "../../plugins/cel/contracts/Cel.ts"

const { String: Text, Number: Figure, optionalKey } = Schema
const Case = Schema.Struct({
  expression: Text,
  refused: optionalKey(Text),
  error: optionalKey(Text),
  cost: optionalKey(Figure),
  estimate: optionalKey(Figure)
})
const Document = Schema.fromJsonString(
  Schema.Struct({
    schema: Schema.Record(Text, Schema.Json),
    self: Schema.Record(Text, Schema.Json),
    cases: Schema.Array(Case)
  })
)
const { cases, schema, self } = Schema.decodeUnknownSync(Document)(
  readFileSync(`${import.meta.dirname}/expressions.json`, "utf8")
)
const declared = Cel.ofSchema(schema, "selfType")
const budget = 1_000_000

describe("an expression", () => {
  it.each(cases)("$expression", ({ cost, error, estimate, expression, refused }) => {
    const program = Cel.compile(expression, { variables: { self: declared } })
    if (Result.isFailure(program)) return assert.strictEqual(program.failure.message, refused)
    assert.isUndefined(refused, "upstream refuses it")
    const outcome = program.success.evaluate({ self }, budget)
    const found = Result.isSuccess(outcome) ? outcome.success : outcome.failure
    assert.strictEqual("message" in found ? found.message : undefined, error)
    assert.strictEqual(found.cost, cost)
    // Beyond 2^53 figures are told apart no more.
    assert.approximately(program.success.estimatedCost, estimate ?? 0, (estimate ?? 0) / 1e12)
  })

  const value = (expression: string, bindings: { readonly [name: string]: Schema.Json } = {}) => {
    const variables = Object.fromEntries(Object.keys(bindings).map((name) => [name, undefined]))
    const program = Cel.compile(expression, { variables })
    if (Result.isFailure(program)) return program.failure.message
    const outcome = program.success.evaluate(bindings, budget)
    return Result.isSuccess(outcome) ? outcome.success.value : outcome.failure._tag
  }
  it("has JSON as its value", () => {
    assert.deepStrictEqual(value("object.a.map(x, x * 2)", { object: { a: [1, 2, 3] } }), [2, 4, 6])
    assert.deepStrictEqual(value("{'a': object.b.size()}", { object: { b: "héllo" } }), { a: 5 })
    assert.strictEqual(value("string(duration('90m'))"), "5400s")
    assert.strictEqual(value("object.x / 2.0", { object: { x: 2.5 } }), 1.25)
  })
  it("stops when its budget is used up", () => {
    const long = { object: { a: Array.from({ length: 300 }, (_, index) => index) } }
    assert.strictEqual(value("object.a.all(x, object.a.all(y, object.a.all(z, x + y + z >= 0)))", long), "CostExceeded")
  })
  it("takes time in proportion to its text, whatever pattern it has", () => {
    const hostile = { object: { text: `${"a".repeat(20_000)}!` } }
    assert.strictEqual(value("object.text.matches('^(a+)+$')", hostile), false)
  })
  it("sees only what an object has itself", () => {
    const object = JSON.parse('{"__proto__": {"x": 1}, "constructor": 2}')
    assert.strictEqual(value("has(object.toString)", { object }), false)
    assert.strictEqual(value("object.constructor", { object }), 2)
    assert.strictEqual(value("'__proto__' in object", { object }), true)
  })
  it("is refused when it is too deep or too long", () => {
    assert.match(String(value(`${"(".repeat(1000)}1${")".repeat(1000)}`)), /recursion limit exceeded/)
    assert.match(String(value(`'${"a".repeat(100_001)}'`)), /exceeds limit/)
  })
})
