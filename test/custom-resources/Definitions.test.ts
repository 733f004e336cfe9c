import { describe, expect, it } from "@effect/vitest"
import { Result, type Schema } from "effect"
import * as JsonPath from "../../plugins/custom-resources/JsonPath.ts"
import * as Definitions from "../../plugins/custom-resources/contracts/Definitions.ts"
import type { CustomResourceDefinition as Crd } from "../../plugins/resources/contracts/apiextensions/v1.ts"

const metadata = { name: "foos.v.example.com", uid: "1", resourceVersion: "1", creationTimestamp: "2026-01-01T00:00:00Z" }
const crd = (schema: object, version: object = {}, spec: object = {}): Crd => ({
  metadata,
  spec: {
    group: "v.example.com",
    scope: "Namespaced",
    names: { plural: "foos", singular: "foo", kind: "Foo", listKind: "FooList" },
    conversion: { strategy: "None" },
    versions: [{ name: "v1", served: true, storage: true, schema: { openAPIV3Schema: schema }, ...version }],
    ...spec
  },
  status: { storedVersions: ["v1"] }
})
const root = "spec.validation.openAPIV3Schema"
const a = (schema: Schema.JsonObject) => crd({ type: "object", properties: { a: schema } })
const found = (definition: Crd) => Definitions.problems(definition).map(({ detail, field }) => `${field}: ${detail}`)
const object = (...names: ReadonlyArray<string>) => ({
  type: "object",
  properties: Object.fromEntries(names.map((name) => [name, { type: "string" }]))
})

// What kube-apiserver 1.36.4 answers, asked by each of these.
describe("definitions of custom resources", () => {
  const cases: ReadonlyArray<readonly [name: string, definition: Crd, ...expected: ReadonlyArray<string>]> = [
    ["a plain one", crd({ type: "object" })],
    [
      "a root of another type",
      crd({ type: "integer" }),
      `${root}.type: Invalid value: "integer": must be object at the root`
    ],
    ["no type", a({}), `${root}.properties[a].type: Required value: must not be empty for specified object fields`],
    ["a list of nothing", a({ type: "array" }), `${root}.properties[a].items: Required value: must be specified`],
    [
      "an unknown type",
      a({ type: "foo" }),
      `${root}.properties[a].type: Unsupported value: "foo": supported values: "array", "boolean", "integer", "number", "object", "string"`
    ],
    [
      "a composition that is not structural",
      a({ type: "string", allOf: [{ type: "string" }] }),
      `${root}.properties[a].allOf[0].type: Forbidden: must be empty to be structural`
    ],
    ["an int-or-string", a({ "x-kubernetes-int-or-string": true, anyOf: [{ type: "integer" }, { type: "string" }] })],
    [
      "keys that are no properties",
      a({
        type: "array",
        "x-kubernetes-list-type": "map",
        "x-kubernetes-list-map-keys": ["z"],
        items: object("k")
      }),
      `${root}.properties[a].x-kubernetes-list-map-keys: Invalid value: ["z"]: entries must all be names of item properties`
    ],
    [
      "keys that may be left out",
      a({ type: "array", "x-kubernetes-list-type": "map", "x-kubernetes-list-map-keys": ["k"], items: object("k") }),
      `${root}.properties[a].items.properties[k].default: Required value: this property is in x-kubernetes-list-map-keys, so it must have a default or be a required property`
    ],
    [
      "a default of another type",
      a({ type: "string", default: 1 }),
      `${root}.properties[a].default: Invalid value: "integer":  in body must be of type string: "integer"`
    ],
    [
      "a default that would be pruned",
      a({ ...object("b"), default: { c: 1 } }),
      `${root}.properties[a].default: Invalid value: {"c":1}: must not have unknown fields`
    ],
    [
      "two versions of one name",
      crd({ type: "object" }, {}, { versions: [] }),
      "spec.versions: Invalid value: []: must have exactly one version marked as storage version",
      'status.storedVersions[0]: Invalid value: "v1": missing from spec.versions; v1 was previously a storage version, and must remain in spec.versions until a storage migration ensures no data remains persisted in v1 and removes v1 from status.storedVersions'
    ],
    [
      "columns",
      crd({ type: "object" }, { additionalPrinterColumns: [{ name: "", type: "x", jsonPath: "spec" }] }),
      "spec.additionalPrinterColumns[0].name: Required value",
      'spec.additionalPrinterColumns[0].type: Invalid value: "x": must be one of boolean,date,integer,number,string',
      'spec.additionalPrinterColumns[0].JSONPath: Invalid value: "spec": must be a simple json path starting with .'
    ],
    [
      "selectable fields",
      crd(
        { type: "object", properties: { spec: { ...object("a") } } },
        { selectableFields: [{ jsonPath: ".spec.a" }, { jsonPath: ".spec.z" }, { jsonPath: ".spec" }] }
      ),
      'spec.selectableFields[1].jsonPath: Invalid value: ".spec.z": is an invalid path: does not refer to a valid field',
      'spec.selectableFields[2].jsonPath: Invalid value: ".spec": must point to a field of type string, boolean or integer. Enum string fields and strings with formats are allowed.'
    ],
    [
      "a scale",
      crd({ type: "object" }, { subresources: { scale: { specReplicasPath: "", statusReplicasPath: ".spec.x" } } }),
      "spec.subresources.scale.specReplicasPath: Required value",
      'spec.subresources.scale.statusReplicasPath: Invalid value: ".spec.x": should be a json path under .status'
    ],
    [
      "a webhook that is not there",
      crd({ type: "object" }, {}, { conversion: { strategy: "Webhook" } }),
      "spec.conversion.webhookClientConfig: Required value: required when strategy is set to Webhook",
      "spec.conversion.conversionReviewVersions: Required value"
    ]
  ]
  it.each(cases.map(([name, definition, ...expected]) => ({ name, definition, expected })))(
    "$name",
    ({ definition, expected }) => {
      expect(found(definition)).toEqual(expected)
    }
  )

  it("kind and scope stay when it is established", () => {
    const old = { ...crd({ type: "object" }), status: { conditions: [{ type: "Established", status: "True" }] } }
    const next = { ...old, spec: { ...old.spec, scope: "Cluster" } }
    expect(Definitions.changes(next, old).map(({ field }) => field)).toEqual(["spec.scope"])
  })
})

describe("JSON paths", () => {
  const value = {
    spec: { replicas: 3, "a.b": "dotted", list: [{ n: 1, t: "x" }, { n: 2 }] },
    status: { conditions: [{ type: "Ready", status: "True" }] }
  }
  it.each([
    [".spec.replicas", [3]],
    [".spec.a\\.b", ["dotted"]],
    [".spec['a.b']", ["dotted"]],
    [".spec.list[1].n", [2]],
    [".spec.list[-1].n", [2]],
    [".spec.list[*].n", [1, 2]],
    [".spec.list[0:1].n", [1]],
    [".spec.list[?(@.n>1)].n", [2]],
    [".spec.list[?(@.t)].n", [1]],
    ['.status.conditions[?(@.type=="Ready")].status', ["True"]],
    ["..type", ["Ready"]],
    [".spec.none.at.all", []]
  ])("%s", (path, expected) => {
    expect(Result.getOrThrow(JsonPath.parse(path))(value)).toEqual(expected)
  })
})
