import { describe, expect, it } from "@effect/vitest"
import type { Schema } from "effect"
import * as Validation from "../../plugins/custom-resources/Validation.ts"

const port = { type: "object", required: ["port"], properties: { port: { type: "integer" }, protocol: { type: "string" } } }
const either = { type: "object", properties: { a: { type: "integer" }, b: { type: "integer" } } }
const one = [{ required: ["a"] }, { required: ["b"] }]
const properties: Schema.JsonObject = {
  size: { type: "integer", format: "int32", minimum: 1, maximum: 10, exclusiveMaximum: true },
  big: { type: "integer" },
  num: { type: "number", multipleOf: 0.5 },
  mode: { type: "string", enum: ["Fast", "Slow"] },
  level: { type: "integer", enum: [1, 2] },
  name: { type: "string", pattern: "^[a-z]+$", minLength: 2, maxLength: 4 },
  id: { type: "string", format: "uuid" },
  when: { type: "string", format: "date-time" },
  ports: {
    type: "array",
    minItems: 1,
    maxItems: 2,
    "x-kubernetes-list-type": "map",
    "x-kubernetes-list-map-keys": ["port", "protocol"],
    items: port
  },
  set: { type: "array", "x-kubernetes-list-type": "set", items: { type: "string" } },
  numbers: { type: "array", items: { type: "integer" } },
  labels: { type: "object", additionalProperties: { type: "string" }, minProperties: 1, maxProperties: 2 },
  nothing: { type: "string", nullable: true },
  percent: { "x-kubernetes-int-or-string": true },
  inner: { type: "object", "x-kubernetes-embedded-resource": true, "x-kubernetes-preserve-unknown-fields": true },
  flag: { type: "boolean" },
  oneOf: { ...either, oneOf: one },
  anyOf: { ...either, anyOf: one },
  allOf: { ...either, allOf: one },
  not: { ...either, not: { required: ["a"] } }
}
const validate = Validation.of({
  type: "object",
  properties: { spec: { type: "object", required: ["size"], properties } }
})
const causes = (spec: Schema.JsonObject, old?: Schema.JsonObject) =>
  validate({ spec: { size: 1, ...spec } }, old && { spec: { size: 1, ...old } }).map(
    ({ detail, field, type }) => `${type} | ${field} | ${detail}`
  )
const typed = (field: string, type: string, is: string) =>
  `FieldValueTypeInvalid | ${field} | Invalid value: "${is}": ${field} in body must be of type ${type}: "${is}"`
const invalid = (field: string, value: unknown, why: string) =>
  `FieldValueInvalid | ${field} | Invalid value: ${JSON.stringify(value)}: ${field} in body ${why}`
const whole = (why: string) => `FieldValueInvalid | <nil> | Invalid value: "": ${why}`
const required = (field: string) => `FieldValueRequired | ${field} | Required value`

// What kube-apiserver 1.36.4 answers, asked by each of these.
describe("values of custom resources", () => {
  const cases: ReadonlyArray<readonly [Schema.JsonObject, ...ReadonlyArray<string>]> = [
    [{ size: "x" }, typed("spec.size", "integer", "string")],
    [{ size: 0 }, invalid("spec.size", 0, "should be greater than or equal to 1")],
    [{ size: 10 }, invalid("spec.size", 10, "should be less than 10")],
    [
      { size: 1.5 },
      typed("spec.size", "int32", "float64"),
      whole("Checked value must be of type integer with format int32 in spec.size")
    ],
    [
      { big: 1e30 },
      typed("spec.big", "integer", "number"),
      whole("Checked value must be of type integer (default format) in spec.big")
    ],
    [
      { size: 3000000000 },
      whole("Checked value must be of type integer with format int32 in spec.size"),
      invalid("spec.size", 3000000000, "should be less than 10")
    ],
    [{ num: 0.3 }, invalid("spec.num", 0.3, "should be a multiple of 0.5")],
    [{ num: "s" }, typed("spec.num", "number", "string")],
    [{ mode: "Odd" }, 'FieldValueNotSupported | spec.mode | Unsupported value: "Odd": supported values: "Fast", "Slow"'],
    [
      { mode: 1 },
      typed("spec.mode", "string", "integer"),
      'FieldValueNotSupported | spec.mode | Unsupported value: 1: supported values: "Fast", "Slow"'
    ],
    [{ level: 3 }, 'FieldValueNotSupported | spec.level | Unsupported value: 3: supported values: "1", "2"'],
    [{ name: "abcde" }, "FieldValueTooLong | spec.name | Too long: may not be more than 4 bytes"],
    [{ name: "a" }, invalid("spec.name", "a", "should be at least 2 chars long")],
    [{ name: "AB" }, invalid("spec.name", "AB", "should match '^[a-z]+$'")],
    [{ id: "1" }, typed("spec.id", "uuid", "1")],
    [{ when: "x" }, typed("spec.when", "date-time", "x")],
    [{ when: "2026-02-28T10:00:00.5+02:00" }],
    [{ ports: [] }, invalid("spec.ports", 0, "should have at least 1 items")],
    [{ ports: [{}] }, required("spec.ports[0].port")],
    [
      { ports: [{ port: 1 }, { port: 2 }, { port: 3 }] },
      "FieldValueTooMany | spec.ports | Too many: 3: must have at most 2 items"
    ],
    [
      {
        ports: [
          { port: 1, protocol: "TCP" },
          { port: 1, protocol: "TCP" }
        ]
      },
      'FieldValueDuplicate | spec.ports[1] | Duplicate value: {"port":1,"protocol":"TCP"}'
    ],
    [{ ports: "x" }, typed("spec.ports", "array", "string")],
    [{ set: ["a", "a"] }, 'FieldValueDuplicate | spec.set[1] | Duplicate value: "a"'],
    [{ labels: {} }, invalid("spec.labels", 0, "should have at least 1 properties")],
    [{ labels: { a: 1 } }, typed("spec.labels.a", "string", "integer")],
    [{ labels: { a: "1", b: "1", c: "1" } }, "FieldValueTooMany | spec.labels | Too many: 3: must have at most 2 items"],
    [{ nothing: null }],
    [{ percent: 5 }],
    [{ percent: 1.5 }, typed("spec.percent", "integer,string", "number")],
    [{ percent: true }, typed("spec.percent", "integer,string", "boolean")],
    [{ inner: {} }, required("spec.inner.apiVersion"), required("spec.inner.kind")],
    [{ flag: 1 }, typed("spec.flag", "boolean", "integer")],
    [
      { numbers: [1, "x", null] },
      typed("spec.numbers[1]", "integer", "string"),
      typed("spec.numbers[2]", "integer", "null")
    ],
    [
      { oneOf: {} },
      whole('"spec.oneOf" must validate one and only one schema (oneOf). Found none valid'),
      required("spec.oneOf.a")
    ],
    [
      { oneOf: { a: 1, b: 1 } },
      whole('"spec.oneOf" must validate one and only one schema (oneOf). Found 2 valid alternatives')
    ],
    [{ anyOf: {} }, whole('"spec.anyOf" must validate at least one schema (anyOf)'), required("spec.anyOf.a")],
    [
      { allOf: {} },
      required("spec.allOf.a"),
      required("spec.allOf.b"),
      whole('"spec.allOf" must validate all the schemas (allOf). None validated')
    ],
    [{ not: { a: 1 } }, whole('"spec.not" must not validate the schema (not)')]
  ]
  it.each(cases.map(([spec, ...expected]) => ({ spec, expected })))("$spec", ({ expected, spec }) => {
    expect(causes(spec)).toEqual(expected)
  })

  it("what was wrong before may stay so, but nothing else may become wrong", () => {
    const old = { mode: "Odd", ports: [{ port: "x" }], set: ["a", "a"] }
    expect(causes({ ...old, big: 2 }, old)).toEqual([])
    expect(causes({ ...old, mode: "Other" }, old)).toHaveLength(1)
    expect(causes({ ...old, ports: [{ port: "x" }, { port: 1 }] }, old)).toEqual([])
    expect(causes({ ...old, set: ["a", "a", "b"] }, old)).toEqual([])
    expect(causes({ set: ["a", "a"] }, { set: ["a"] })).toHaveLength(1)
  })
})
