import { describe, expect, it } from "@effect/vitest"
import { Result } from "effect"
import * as Decoder from "../../kernel/resource/Decoder.ts"
import * as FromOpenApi from "../../kernel/resource/FromOpenApi.ts"

const shape = FromOpenApi.kind({
  type: "object",
  required: ["spec"],
  properties: {
    apiVersion: { type: "string" },
    kind: { type: "string" },
    metadata: { type: "object" },
    spec: {
      type: "object",
      required: ["size"],
      properties: {
        size: { type: "integer", format: "int32", minimum: 1, maximum: 10, exclusiveMaximum: true },
        mode: { type: "string", enum: ["Fast", "Slow"], default: "Slow" },
        name: { type: "string", pattern: "^[a-z]+$", minLength: 2, maxLength: 4 },
        id: { type: "string", format: "uuid" },
        ports: {
          type: "array",
          minItems: 1,
          maxItems: 2,
          "x-kubernetes-list-type": "map",
          "x-kubernetes-list-map-keys": ["port"],
          items: {
            type: "object",
            required: ["port"],
            properties: { port: { type: "integer" }, protocol: { type: "string", default: "TCP" } }
          }
        },
        labels: { type: "object", additionalProperties: { type: "string" } },
        nothing: { type: "string", nullable: true },
        percent: { "x-kubernetes-int-or-string": true },
        raw: { type: "object", "x-kubernetes-preserve-unknown-fields": true, properties: { known: { type: "integer" } } },
        inner: { type: "object", "x-kubernetes-embedded-resource": true, "x-kubernetes-preserve-unknown-fields": true },
        any: { "x-kubernetes-preserve-unknown-fields": true }
      }
    }
  }
})
const decode = Decoder.decode(shape)
const decoded = (spec: object) =>
  Result.getOrThrow(decode({ metadata: { name: "a" }, spec: { size: 1, ...spec } })).object["spec"]
const causes = (spec: object) => {
  const failed = Result.getOrThrow(Result.flip(decode({ spec: { size: 1, ...spec } })))
  expect(failed.malformed).toBeUndefined()
  return failed.causes.map(({ detail, field, type }) => [field, type, detail])
}

describe("FromOpenApi.kind", () => {
  it("fills in, prunes and keeps, as the schema says", () => {
    const spec = {
      ports: [{ port: 80, x: 1 }],
      nothing: null,
      percent: "5%",
      raw: { known: 1, b: { c: null } },
      inner: { apiVersion: "v1", kind: "Pod", metadata: { name: "x", foo: 1 }, spec: {} },
      any: [{ x: 1 }],
      gone: true
    }
    expect(decoded(spec)).toEqual({
      size: 1,
      mode: "Slow",
      ports: [{ port: 80, protocol: "TCP" }],
      nothing: null,
      percent: "5%",
      raw: { known: 1, b: { c: null } },
      inner: { apiVersion: "v1", kind: "Pod", metadata: { name: "x" }, spec: {} },
      any: [{ x: 1 }]
    })
  })

  it.each([
    [
      { size: "x" },
      "spec.size",
      "FieldValueTypeInvalid",
      'Invalid value: "string": spec.size in body must be of type integer: "string"'
    ],
    [
      { size: 0 },
      "spec.size",
      "FieldValueInvalid",
      "Invalid value: 0: spec.size in body should be greater than or equal to 1"
    ],
    [{ size: 10 }, "spec.size", "FieldValueInvalid", "Invalid value: 10: spec.size in body should be less than 10"],
    [{ mode: "Odd" }, "spec.mode", "FieldValueNotSupported", 'Unsupported value: "Odd": supported values: "Fast", "Slow"'],
    [{ name: "abcde" }, "spec.name", "FieldValueTooLong", "Too long: may not be more than 4 bytes"],
    [{ name: "AB" }, "spec.name", "FieldValueInvalid", `Invalid value: "AB": spec.name in body should match '^[a-z]+$'`],
    [{ id: "1" }, "spec.id", "FieldValueInvalid", 'Invalid value: "1": spec.id in body must be of type uuid: "1"'],
    [{ ports: [] }, "spec.ports", "FieldValueInvalid", "Invalid value: 0: spec.ports in body should have at least 1 items"],
    [{ ports: [{}] }, "spec.ports[0].port", "FieldValueRequired", "Required value"],
    [
      { labels: { a: 1 } },
      "spec.labels[a]",
      "FieldValueTypeInvalid",
      'Invalid value: "integer": spec.labels[a] in body must be of type string: "integer"'
    ]
  ])("refuses %j", (spec, ...expected) => {
    expect(causes(spec)).toEqual([expected])
  })

  it("says how lists are owned", () => {
    const spec = shape.type === "object" ? shape.fields.get("spec")?.shape : undefined
    const ports = spec?.type === "object" ? spec.fields.get("ports")?.shape : undefined
    expect(ports).toMatchObject({ type: "list", list: "map", keys: ["port"] })
  })
})
