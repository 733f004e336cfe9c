import { readFileSync } from "node:fs"
import { describe, expect, it } from "@effect/vitest"
import { Result, type Schema } from "effect"
import * as fc from "fast-check"
import * as Decoder from "../../kernel/resource/Decoder.ts"
import { apiVersion } from "../../kernel/resource/Kind.ts"
import * as Shape from "../../kernel/resource/Shape.ts"
import { find, ofKind } from "../../plugins/apiserver/protobuf/Messages.ts"
import { decodeBody, encodeBody } from "../../plugins/apiserver/protobuf/Protobuf.ts"
import * as Arbitrary from "./Arbitrary.ts"
import { kinds } from "./AllKinds.ts"

type Json = Schema.Json

/** What Go's JSON leaves out when it is empty, and what a message cannot tell from nothing. */
const withoutEmpty = (value: Json): Json => {
  if (Array.isArray(value)) return value.map(withoutEmpty)
  if (typeof value !== "object" || value === null) return value
  const entries = Object.entries(value).map(([name, inner]) => [name, withoutEmpty(inner)] as const)
  return Object.fromEntries(entries.filter(([, inner]) => !isEmpty(inner)))
}
const isEmpty = (value: Json) =>
  value === "" ||
  value === 0 ||
  value === false ||
  value === null ||
  (typeof value === "object" && Object.keys(value).length === 0)

/** A claim in a template has no apiVersion and kind in protobuf; they are a default of its schema. */
const withoutInnerTypes = (object: Schema.JsonObject): Schema.JsonObject =>
  JSON.parse(JSON.stringify(object), (name, value) =>
    name === "volumeClaimTemplates" ? value.map(({ apiVersion: _a, kind: _k, ...claim }: Schema.JsonObject) => claim) : value
  )

const versions = kinds.flatMap((kind) =>
  kind.versions.map((version) => ({ name: `${apiVersion(version)} ${kind.kind}`, kind: kind.kind, version }))
)
const typeMeta = ({ kind, version }: (typeof versions)[number]) => ({ apiVersion: apiVersion(version), kind })
const roundTrip = (object: Schema.JsonObject) => {
  const bytes = encodeBody(object)
  if (bytes === undefined) throw new Error("there is no message")
  return Result.getOrThrow(decodeBody(bytes))
}

describe("Protobuf messages", () => {
  it.each(versions)("$name: has the fields that its shape has", (one) => {
    const seen = new Set<Shape.Shape>()
    const compare = (shape: Shape.Shape, name: string, path: string): void => {
      if (seen.has(shape)) return
      seen.add(shape)
      if (shape.type === "list") compare(shape.item, name, path)
      if (shape.type === "map") compare(shape.value, name, path)
      if (shape.type !== "object") return
      const types = typesOf(name)
      const known = ["apiVersion", "kind"]
      const missing = [...shape.fields.keys()].filter((field) => !types.has(field) && !known.includes(field))
      expect(missing, path).toEqual([])
      for (const [field, { shape: inner }] of shape.fields) compare(inner, types.get(field) ?? "", `${path}.${field}`)
    }
    compare(Shape.of(one.version.schema()), ofKind(apiVersion(one.version), one.kind)?.name ?? "", one.kind)
  })
})

const typesOf = (name: string): ReadonlyMap<string, string> =>
  new Map(
    Array.from(find(name)?.fields.values() ?? []).flatMap((field) =>
      field.name === "" ? [...typesOf(field.type)] : [[field.name, field.type] as const]
    )
  )

describe("Protobuf bodies", () => {
  it.each(versions)("$name: reads what it writes", (one) => {
    const shape = Shape.of(one.version.schema())
    const decoded = (wire: Json) => Result.getOrThrow(Decoder.decode(shape)(wire)).object
    fc.assert(
      fc.property(Arbitrary.of(shape, 5), (wire) => {
        const object = decoded({ ...typeMeta(one), ...Object(wire) })
        expect(withoutEmpty(roundTrip(object))).toEqual(withoutEmpty(withoutInnerTypes(object)))
      }),
      { numRuns: 15 }
    )
  })

  it("keeps what is empty where that was meant, and nothing else", () => {
    const deployment = {
      apiVersion: "apps/v1",
      kind: "Deployment",
      metadata: { name: "a", creationTimestamp: null },
      spec: {
        replicas: 0,
        minReadySeconds: 0,
        selector: {},
        template: {
          spec: {
            containers: [
              { name: "c", image: "", stdin: false, securityContext: { runAsUser: 0 }, env: [{ name: "A", value: "" }] }
            ],
            enableServiceLinks: false,
            hostNetwork: false,
            volumes: [{ name: "v", emptyDir: {} }]
          }
        }
      }
    }
    expect(roundTrip(deployment)).toEqual({
      apiVersion: "apps/v1",
      kind: "Deployment",
      metadata: { name: "a" },
      spec: {
        replicas: 0,
        selector: {},
        template: {
          spec: {
            containers: [{ name: "c", securityContext: { runAsUser: 0 }, env: [{ name: "A" }] }],
            enableServiceLinks: false,
            volumes: [{ name: "v", emptyDir: {} }]
          }
        }
      }
    })
  })

  it.each([
    { apiVersion: "apps/v1", kind: "DeleteOptions", propagationPolicy: "Background", preconditions: { uid: "u" } },
    { apiVersion: "policy/v1", kind: "Eviction", metadata: { name: "a" }, deleteOptions: { gracePeriodSeconds: 0 } },
    { apiVersion: "v1", kind: "Binding", metadata: { name: "a" }, target: { kind: "Node", name: "n" } },
    {
      apiVersion: "authentication.k8s.io/v1",
      kind: "TokenRequest",
      metadata: {},
      spec: { audiences: ["a"], expirationSeconds: 600, boundObjectRef: { kind: "Pod", uid: "u" } },
      status: { token: "", expirationTimestamp: undefined }
    },
    {
      apiVersion: "authorization.k8s.io/v1",
      kind: "SubjectAccessReview",
      spec: { user: "u", extra: { scopes: ["a", "b"] }, resourceAttributes: { verb: "get", resource: "pods" } },
      status: { allowed: false }
    },
    { apiVersion: "v1", kind: "PodList", metadata: { resourceVersion: "1" }, items: [{ metadata: { name: "a" } }] }
  ])("$apiVersion $kind", (object) => {
    const plain: Schema.JsonObject = JSON.parse(JSON.stringify(object))
    const bytes = encodeBody(plain)
    if (object.kind === "PodList") expect(bytes?.length).toBeGreaterThan(10)
    else expect(withoutEmpty(roundTrip(plain))).toEqual(withoutEmpty(plain))
  })

  const bodies = readFileSync(new URL("golden/kubectl-bodies.jsonl", import.meta.url), "utf8")
  const golden: ReadonlyArray<{ readonly body: string; readonly object: Schema.JsonObject }> = bodies
    .trim()
    .split("\n")
    .map((line) => JSON.parse(line))
  it.each(golden)("as kubectl sends them: $object.kind", ({ body, object }) => {
    expect(Result.getOrThrow(decodeBody(Buffer.from(body, "base64")))).toEqual(object)
    // Without the empty fields that Go writes, and read as the same.
    expect(roundTrip(object)).toEqual(object)
  })

  it("says why it cannot read a body", () => {
    const why = (bytes: Uint8Array) => Result.getOrThrow(Result.flip(decodeBody(bytes)))
    expect(why(Buffer.from("{}"))).toMatch(/expected prefix/)
    const pod = encodeBody({ apiVersion: "v1", kind: "Pod", metadata: { name: "a".repeat(50) } }) ?? new Uint8Array()
    expect(why(pod.subarray(0, 40))).not.toBe("")
    const unknown = Buffer.from(pod).toString("latin1").replace("Pod", "Dop")
    expect(why(Buffer.from(unknown, "latin1"))).toBe('no kind "Dop" is registered for version "v1"')
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), (noise) =>
        Result.isResult(decodeBody(Buffer.concat([pod.subarray(0, 20), noise])))
      )
    )
  })
})
