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

  it("keeps what is wrong for the schema to judge, and drops nulls that mean nothing", () => {
    const spec = { size: "x", mode: null, ports: "none", labels: { a: null, b: 1 }, percent: true }
    expect(decoded(spec)).toEqual({ size: "x", mode: "Slow", ports: "none", labels: { b: 1 }, percent: true })
  })

  it("refuses metadata that is none, as of any kind", () => {
    const failed = Result.getOrThrow(Result.flip(decode({ metadata: { labels: { a: 1 } } })))
    expect(failed.malformed).toBe("json: cannot unmarshal number into Go struct field ObjectMeta.labels of type string")
  })

  it("says how lists are owned", () => {
    const spec = shape.type === "object" ? shape.fields.get("spec")?.shape : undefined
    const ports = spec?.type === "object" ? spec.fields.get("ports")?.shape : undefined
    expect(ports).toMatchObject({ type: "list", list: "map", keys: ["port"] })
  })
})
