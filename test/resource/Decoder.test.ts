import { describe, expect, it } from "@effect/vitest"
import { Result, Schema } from "effect"
import * as fc from "fast-check"
import * as Decoder from "../../kernel/resource/Decoder.ts"
import * as Field from "../../kernel/resource/Field.ts"
import * as Shape from "../../kernel/resource/Shape.ts"
import { ReplicaSet } from "../../plugins/resources/contracts/apps/v1.ts"
import { Job } from "../../plugins/resources/contracts/batch/v1.ts"
import { CustomResourceDefinition } from "../../plugins/resources/contracts/apiextensions/v1.ts"
import { ConfigMap, Event, Node, Pod, Secret } from "../../plugins/resources/contracts/core/v1.ts"
import { Lease } from "../../plugins/resources/contracts/coordination/v1.ts"
import * as Arbitrary from "./Arbitrary.ts"

const shapeOf = (kind: { readonly versions: readonly [{ readonly schema: Field.Lazy<unknown> }, ...unknown[]] }) =>
  Shape.of(kind.versions[0].schema())

const pod = Decoder.decode(shapeOf(Pod))
const ok = (decoded: ReturnType<typeof pod>) => Result.getOrThrow(decoded).object
const failed = (decoded: ReturnType<typeof pod>) => Result.getOrThrow(Result.flip(decoded))
const podOf = (spec: object) => ({ metadata: { name: "a" }, spec: { containers: [{ name: "c", image: "i" }], ...spec } })

const freeze = (value: unknown): unknown => {
  if (typeof value === "object" && value !== null) for (const inner of Object.values(Object.freeze(value))) freeze(inner)
  return value
}

describe("Decoder.decode", () => {
  it("fills in constant defaults, in containers too", () => {
    expect(ok(pod(podOf({})))).toEqual({
      metadata: { name: "a" },
      spec: {
        containers: [
          {
            name: "c",
            image: "i",
            resources: {},
            terminationMessagePath: "/dev/termination-log",
            terminationMessagePolicy: "File"
          }
        ],
        restartPolicy: "Always",
        terminationGracePeriodSeconds: 30,
        dnsPolicy: "ClusterFirst",
        securityContext: {},
        schedulerName: "default-scheduler"
      },
      status: {}
    })
  })

  it("keeps apiVersion and kind at the root, and nowhere else", () => {
    const wire = { apiVersion: "v1", kind: "ConfigMap", metadata: { kind: "x" }, data: { kind: "y" } }
    expect(ok(Decoder.decode(shapeOf(ConfigMap))(wire))).toEqual({
      apiVersion: "v1",
      kind: "ConfigMap",
      metadata: {},
      data: { kind: "y" }
    })
  })

  it("prunes unknown fields silently, with a warning, or refuses them", () => {
    const wire = { ...podOf({ foo: 1, containers: [{ name: "c", imagee: "x" }] }), "a.b": {} }
    const warnings = ['unknown field "spec.containers[0].imagee"', 'unknown field "spec.foo"', 'unknown field "a.b"']
    expect(Result.getOrThrow(pod(wire)).warnings).toEqual([])
    expect(ok(pod(wire))).toEqual(ok(pod(podOf({ containers: [{ name: "c" }] }))))
    expect(Result.getOrThrow(pod(wire, { unknown: "Warn" })).warnings).toEqual(warnings)
    expect(failed(pod(wire, { unknown: "Strict" }))).toEqual({
      malformed: `strict decoding error: ${warnings.join(", ")}`,
      causes: []
    })
  })

  it("puts zeros where something is missing: a kind's own validation says what it requires", () => {
    const object = ok(pod({ spec: { containers: [{}, { name: "b", ports: [{}] }], hostAliases: [{}] } }))
    expect(object["spec"]).toMatchObject({
      containers: [{ name: "" }, { name: "b", ports: [{ containerPort: 0, protocol: "TCP" }] }],
      hostAliases: [{ ip: "" }]
    })
  })

  it.each([
    [
      { spec: { containers: "no" } },
      "cannot unmarshal string into Go struct field PodSpec.spec.containers of type []v1.Container"
    ],
    [{ spec: 1 }, "cannot unmarshal number into Go struct field Pod.spec of type v1.PodSpec"],
    [
      podOf({ containers: [{ name: "c", ports: [{ containerPort: "80" }] }] }),
      "cannot unmarshal string into Go struct field ContainerPort.spec.containers.ports.containerPort of type int32"
    ],
    [
      { metadata: { labels: { a: 1 } }, spec: { containers: [] } },
      "cannot unmarshal number into Go struct field ObjectMeta.metadata.labels of type string"
    ],
    [
      podOf({ terminationGracePeriodSeconds: 1.5 }),
      "cannot unmarshal number 1.5 into Go struct field PodSpec.spec.terminationGracePeriodSeconds of type int64"
    ],
    [
      podOf({ priority: 3e9 }),
      "cannot unmarshal number 3000000000 into Go struct field PodSpec.spec.priority of type int32"
    ],
    [[], "cannot unmarshal array into Go value of type v1.Pod"]
  ])("says that the body is no such object, in Go's words: %j", (wire, message) => {
    expect(failed(pod(wire)).malformed).toBe(`json: ${message}`)
  })

  it("takes null for nothing, and in lists and maps for what is empty", () => {
    expect(ok(pod(podOf({ nodeName: null, nodeSelector: { a: null }, restartPolicy: null })))).toEqual(
      ok(pod(podOf({ nodeSelector: { a: "" } })))
    )
    expect(ok(pod(podOf({ containers: [{ name: "c", args: [null, "b"] }] })))).toMatchObject({
      spec: { containers: [{ args: ["", "b"] }] }
    })
  })

  it("puts quantities into their canonical form, from numbers also", () => {
    const resources = { limits: { cpu: 0.5, memory: "1024Mi" }, requests: { cpu: 2 } }
    expect(ok(pod(podOf({ containers: [{ name: "c", resources }] })))).toMatchObject({
      spec: { containers: [{ resources: { limits: { cpu: "500m", memory: "1Gi" }, requests: { cpu: "2" } } }] }
    })
    const wrong = failed(pod(podOf({ containers: [{ name: "c", resources: { limits: { cpu: "lots" } } }] })))
    expect(wrong.causes).toHaveLength(1)
    expect(wrong.causes[0]?.field).toBe("spec.containers[0].resources.limits[cpu]")
    expect(wrong.malformed).toMatch(/^quantities must match|^unable to parse/)
  })

  it("takes integers and strings where both are meant", () => {
    const ports = (port: unknown) => podOf({ containers: [{ name: "c", livenessProbe: { httpGet: { port } } }] })
    expect(ok(pod(ports(80)))).toMatchObject({ spec: { containers: [{ livenessProbe: { httpGet: { port: 80 } } }] } })
    expect(ok(pod(ports("http")))).toMatchObject({
      spec: { containers: [{ livenessProbe: { httpGet: { port: "http" } } }] }
    })
    expect(Result.isFailure(pod(ports(1.5)))).toBe(true)
    expect(Result.isFailure(pod(ports({})))).toBe(true)
  })

  it("checks base64", () => {
    const secret = Decoder.decode(shapeOf(Secret))
    expect(ok(secret({ data: { a: "aGk=", b: "" } }))).toMatchObject({ data: { a: "aGk=", b: "" }, type: "Opaque" })
    expect(ok(secret({ data: { a: "aG\nk=\n" } }))).toMatchObject({ data: { a: "aGk=" } })
    for (const wrong of ["aGk", "a===", "ä===", "a b="])
      expect(failed(secret({ data: { a: wrong } })).malformed).toBeDefined()
  })

  it.each([
    ["2026-02-28T01:02:03Z", "2026-02-28T01:02:03Z"],
    ["2024-02-29T01:02:03.999Z", "2024-02-29T01:02:03Z"],
    ["2026-01-01T00:30:00+01:00", "2025-12-31T23:30:00Z"],
    ["2026-02-29T01:02:03Z", undefined],
    ["2026-01-01", undefined],
    ["2026-01-01T24:00:00Z", undefined],
    ["", undefined]
  ])("reads the time %j as %j", (creationTimestamp, expected) => {
    const decoded = Decoder.decode(shapeOf(ConfigMap))({ metadata: { creationTimestamp } })
    if (expected === undefined) expect(failed(decoded).malformed).toMatch(/^parsing time /)
    else expect(ok(decoded)).toEqual({ metadata: { creationTimestamp: expected } })
  })

  it("shows micro times with six digits", () => {
    const renewed = (renewTime: string) => ok(Decoder.decode(shapeOf(Lease))({ spec: { renewTime } }))
    expect(renewed("2026-01-01T01:00:00.123456+01:00")).toMatchObject({
      spec: { renewTime: "2026-01-01T00:00:00.123456Z" }
    })
  })

  it("says how far a time could be read", () => {
    const layout = '"2006-01-02T15:04:05.000000Z07:00"'
    const wrong = (renewTime: string) => failed(Decoder.decode(shapeOf(Lease))({ spec: { renewTime } })).malformed
    const cases: ReadonlyArray<readonly [string, string]> = [
      ["2026-01-01", `as ${layout}: cannot parse "" as "T"`],
      ["x", `as ${layout}: cannot parse "x" as "2006"`],
      ["2026-01-01T00:00:00Z", `as ${layout}: cannot parse "Z" as ".000000"`],
      ["2026-01-01T00:00:00.1234567Z", `as ${layout}: cannot parse "7Z" as "Z07:00"`]
    ]
    for (const [text, why] of cases) expect(wrong(text)).toBe(`parsing time "${text}" ${why}`)
    expect(wrong("2026-13-01T00:00:00.000000Z")).toBe('parsing time "2026-13-01T00:00:00.000000Z": month out of range')
    expect(wrong("2026-02-30T00:00:00.000000Z")).toBe('parsing time "2026-02-30T00:00:00.000000Z": day out of range')
    expect(wrong("2026-02-03T00:00:00.000000Zx")).toBe('parsing time "2026-02-03T00:00:00.000000Zx": extra text: "x"')
  })

  it("does not let keys of JavaScript through", () => {
    const wire = JSON.parse('{"metadata":{"labels":{"__proto__":"x"}},"__proto__":{"data":{}}}')
    expect(failed(Decoder.decode(shapeOf(ConfigMap))(wire)).causes).toHaveLength(1)
  })

  it("knows words", () => {
    const shape = Shape.of(Field.struct({ size: Field.optional(Schema.Literals(["Small", "Large"])) }))
    expect(ok(Decoder.decode(shape)({ size: "Small" }))).toEqual({ size: "Small" })
    expect(failed(Decoder.decode(shape)({ size: "Medium" }))).toEqual({
      malformed: undefined,
      causes: [
        {
          field: "size",
          type: "FieldValueNotSupported",
          detail: 'Unsupported value: "Medium": supported values: "Small", "Large"'
        }
      ]
    })
  })
})

describe("Decoder.decode, of any object", () => {
  const kinds = { Pod, ReplicaSet, Job, Secret, Event, Node, Lease, CustomResourceDefinition }
  it.each(Object.entries(kinds))("%s: accepts it, does not change it, and decoding again changes nothing", (_, kind) => {
    const decode = Decoder.decode(shapeOf(kind))
    fc.assert(
      fc.property(Arbitrary.of(shapeOf(kind), 6), (wire) => {
        const once = ok(decode(freeze(wire), { unknown: "Strict" }))
        expect(ok(decode(once, { unknown: "Strict" }))).toEqual(once)
      }),
      { numRuns: 60 }
    )
  })

  it("never throws", () => {
    fc.assert(fc.property(fc.jsonValue(), (wire) => Result.isResult(pod({ spec: wire, metadata: wire, status: wire }))))
  })

  it("shares no default between objects", () => {
    const [a, b] = [ok(pod(podOf({}))), ok(pod(podOf({})))]
    expect(a["status"]).not.toBe(b["status"])
  })
})
