import { describe, expect, it } from "@effect/vitest"
import type { Schema } from "effect"
import type { Served } from "../../kernel/resource/Kinds.ts"
import * as OpenApi from "../../kernel/resource/OpenApi.ts"
import { CustomResourceDefinition } from "../../plugins/resources/contracts/apiextensions/v1.ts"
import { Deployment, StatefulSet } from "../../plugins/resources/contracts/apps/v1.ts"
import { HorizontalPodAutoscaler } from "../../plugins/resources/contracts/autoscaling/v2.ts"
import { Binding, Event, Node, Pod, Service } from "../../plugins/resources/contracts/core/v1.ts"

const kinds = [
  ...[Pod, Service, Node, Event, Binding],
  ...[Deployment, StatefulSet, HorizontalPodAutoscaler, CustomResourceDefinition]
]
const served = kinds.map((kind): Served => ({ kind, strategy: {} }))

const at = (value: Schema.Json | undefined, ...path: ReadonlyArray<string>): Schema.Json | undefined =>
  path.reduce<Schema.Json | undefined>(
    (inner, step) =>
      typeof inner === "object" && inner !== null ? Object.getOwnPropertyDescriptor(inner, step)?.value : undefined,
    value
  )
const core = OpenApi.document(served, "", "v1")
const pods = "/api/v1/namespaces/{namespace}/pods"
const schema = (name: string, ...path: ReadonlyArray<string>) => at(core, "components", "schemas", name, ...path)

describe("OpenApi.document", () => {
  it.each(["/v1", "apps/v1", "autoscaling/v2", "autoscaling/v1", "events.k8s.io/v1", "apiextensions.k8s.io/v1"])(
    "%s: has a definition for everything that is referred to",
    (groupVersion) => {
      const [group = "", version = ""] = groupVersion.split("/")
      const document = OpenApi.document(served, group, version)
      const names = new Set(Object.keys(at(document, "components", "schemas") ?? {}))
      const references = [...JSON.stringify(document).matchAll(/"#\/components\/schemas\/([^"]+)"/g)].map(([, name]) => name)
      expect(references.length).toBeGreaterThan(10)
      expect(references.filter((name) => name === undefined || !names.has(name))).toEqual([])
    }
  )

  it("has no empty parts, which Go's types could not tell from none; only defaults may be empty", () => {
    const documents = ["/v1", "apps/v1", "apiextensions.k8s.io/v1"].map((groupVersion) => {
      const [group = "", version = ""] = groupVersion.split("/")
      return JSON.stringify(OpenApi.document(served, group, version))
    })
    const empty = documents.flatMap((text) => [...text.matchAll(/"([^"]+)":(\{\}|\[\])/g)].map(([, name]) => name))
    expect([...new Set(empty)]).toEqual(["default"])
  })

  it("says the kind of definitions and operations, by which clients find them", () => {
    const gvk = { group: "", version: "v1", kind: "Pod" }
    expect(schema("io.k8s.api.core.v1.Pod", "x-kubernetes-group-version-kind")).toEqual([gvk])
    expect(schema("io.k8s.api.core.v1.PodList", "x-kubernetes-group-version-kind")).toEqual([{ ...gvk, kind: "PodList" }])
    expect(at(core, "paths", pods, "post")).toMatchObject({
      "x-kubernetes-action": "post",
      "x-kubernetes-group-version-kind": gvk
    })
    expect(Object.keys(schema("io.k8s.api.core.v1.Pod", "properties") ?? {}).slice(0, 3)).toEqual([
      ...["apiVersion", "kind", "metadata"]
    ])
  })

  it("says in which forms a patch may come", () => {
    expect(JSON.stringify(at(core, "paths", `${pods}/{name}`, "patch"))).toContain(
      '"application/strategic-merge-patch+json"'
    )
  })

  it("says which query parameters a patch takes", () => {
    const parameters = JSON.stringify(at(core, "paths", `${pods}/{name}`, "patch", "parameters"))
    for (const name of ["fieldValidation", "fieldManager", "dryRun", "force"])
      expect(parameters).toContain(`"name":"${name}"`)
  })

  it("says how lists merge and who can own their items", () => {
    expect(schema("io.k8s.api.core.v1.PodSpec", "properties", "volumes")).toMatchObject({
      type: "array",
      "x-kubernetes-list-map-keys": ["name"],
      "x-kubernetes-list-type": "map",
      "x-kubernetes-patch-merge-key": "name",
      "x-kubernetes-patch-strategy": "merge,retainKeys"
    })
    expect(schema("io.k8s.api.core.v1.ContainerPort")).toMatchObject({ required: ["containerPort"] })
    expect(schema("io.k8s.api.core.v1.Pod", "properties", "spec", "allOf")).toEqual([
      { $ref: "#/components/schemas/io.k8s.api.core.v1.PodSpec" }
    ])
  })

  it("has no operations for what a kind does not do", () => {
    expect(Object.keys(at(core, "paths", "/api/v1/namespaces/{namespace}/bindings") ?? {})).toEqual(["post", "parameters"])
    expect(at(core, "paths", "/api/v1/namespaces/{namespace}/bindings/{name}")).toBeUndefined()
    expect(at(core, "paths", "/api/v1/nodes")).toBeDefined()
    expect(at(core, "paths", "/api/v1/namespaces/{namespace}/nodes")).toBeUndefined()
  })
})
