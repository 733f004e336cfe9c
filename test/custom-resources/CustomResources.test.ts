import { describe, expect, it } from "@effect/vitest"
import { Effect, Layer, Option, Schedule } from "effect"
import * as PipelineClient from "../../kernel/client/PipelineClient.ts"
import { masters } from "../../kernel/pipeline/Attributes.ts"
import { Pipeline } from "../../kernel/pipeline/Pipeline.ts"
import { Kinds } from "../../kernel/resource/Kinds.ts"
import * as OpenApi from "../../kernel/resource/OpenApi.ts"
import { ServiceClient } from "../../plugins/apiserver/contracts/ServiceClient.ts"
import * as CustomResources from "../../plugins/custom-resources/CustomResources.ts"
import * as Establishing from "../../plugins/custom-resources/Establishing.ts"
import { kernel } from "../resources/Kernel.ts"
import * as Plugin from "../../kernel/plugin/Plugin.ts"

const user = { name: "tester", groups: [masters] }
const layer = Layer.mergeAll(Plugin.install(CustomResources.plugin), Plugin.install(Establishing.plugin)).pipe(
  Layer.provideMerge(ServiceClient.layer),
  Layer.provideMerge(PipelineClient.layer(user)),
  Layer.provideMerge(Layer.mergeAll(kernel, Plugin.Host.layer))
)

const group = "test.example.com"
const version = (name: string, properties: object, storage: boolean) => ({
  name,
  served: true,
  storage,
  subresources: { status: {} },
  schema: { openAPIV3Schema: { type: "object", properties: { spec: { type: "object", properties } } } }
})
const definition = (...versions: ReadonlyArray<object>) => ({
  apiVersion: "apiextensions.k8s.io/v1",
  kind: "CustomResourceDefinition",
  metadata: { name: `widgets.${group}` },
  spec: { group, scope: "Namespaced", names: { plural: "widgets", kind: "Widget" }, versions }
})
type Body = Parameters<Pipeline["Service"]["create"]>[1]
/** Everything in it is JSON, hence the cast. */
const wire = (body: object) => body as unknown as Body

const at = Effect.fnUntraced(function* (group: string, version: string, plural: string, name = "") {
  const kinds = yield* Kinds
  const found = kinds.find(group, version, plural)
  if (found === undefined) return yield* Effect.fail("not served")
  return { user, ...found, namespace: found.served.kind.namespaced ? "default" : "", name, subresource: "" }
})
const soon = <A, E, R>(effect: Effect.Effect<A, E, R>) =>
  effect.pipe(Effect.retry(Schedule.spaced("20 millis")), Effect.timeout("30 seconds"))

const widgets = (version = "v1", name = "") => at(group, version, "widgets", name)
const crds = (name = "") => at("apiextensions.k8s.io", "v1", "customresourcedefinitions", name)
const read = Effect.fnUntraced(function* (version: string, name: string) {
  const pipeline = yield* Pipeline
  return (yield* pipeline.get(yield* widgets(version, name))).wire
})

describe("a definition in a group of the community", () => {
  it.live("says who has approved it", () =>
    Effect.gen(function* () {
      const pipeline = yield* Pipeline
      const { spec, ...rest } = definition(version("v1", {}, true))
      const make = (plural: string, text: string) => {
        const metadata = { name: `${plural}.x.k8s.io`, annotations: { "api-approved.kubernetes.io": text } }
        const names = { plural, kind: plural.toUpperCase() }
        return wire({ ...rest, metadata, spec: { ...spec, group: "x.k8s.io", names } })
      }
      const told = Effect.fnUntraced(function* (plural: string, text: string) {
        yield* pipeline.create(yield* crds(), make(plural, text))
        const one = yield* crds(`${plural}.x.k8s.io`)
        const found = Effect.map(pipeline.get(one), ({ object }) =>
          Object(object)["status"]?.conditions?.find(
            ({ type }: { type: string }) => type === "KubernetesAPIApprovalPolicyConformant"
          )
        )
        const { reason, status } = yield* soon(
          Effect.filterOrFail(
            found,
            (condition) => condition !== undefined,
            () => "not yet"
          )
        )
        return `${status} ${reason}`
      })
      expect(yield* told("as", "https://example.com/pull/1")).toBe("True ApprovedAnnotation")
      expect(yield* told("bs", "unapproved, for a test")).toBe("False UnapprovedAnnotation")
      const wrong = yield* Effect.flip(pipeline.create(yield* crds(), make("cs", "mailto:me")))
      expect(wrong.message).toContain("must have approval annotation")
    }).pipe(Effect.provide(layer))
  )
})

describe("custom resources", () => {
  it.live("are served from when their definition is established until they are gone", () =>
    Effect.gen(function* () {
      const pipeline = yield* Pipeline
      const size = { type: "integer", default: 1 }
      yield* pipeline.create(yield* crds(), wire(definition(version("v1", { size }, true))))
      const place = yield* soon(widgets())
      // kubectl patches by what the description says, and a custom kind knows no strategic merge.
      const described = JSON.stringify(OpenApi.document([place.served], group, "v1"))
      expect(described).toContain('"application/merge-patch+json"')
      expect(described).not.toContain("strategic-merge-patch")
      const body = { metadata: { name: "a", finalizers: ["x.example.com/hold"] }, spec: { other: 1 } }
      const { row, warnings } = yield* pipeline.create(place, wire(body))
      expect(row.wire).toMatchObject({ apiVersion: `${group}/v1`, kind: "Widget", spec: { size: 1 } })
      expect(warnings).toEqual(['unknown field "spec.other"'])
      const wrong = yield* Effect.flip(pipeline.create(place, wire({ metadata: { name: "b" }, spec: { size: "x" } })))
      expect(wrong).toMatchObject({ _tag: "Invalid", causes: [{ field: "spec.size", type: "FieldValueTypeInvalid" }] })

      // The definition goes when its objects are gone, and nobody makes others meanwhile.
      yield* pipeline.delete(yield* crds(`widgets.${group}`))
      yield* soon(
        Effect.flatMap(read("v1", "a"), ({ metadata }) =>
          Object(metadata)["deletionTimestamp"] === undefined ? Effect.fail("not yet") : Effect.void
        )
      )
      yield* pipeline.patch(yield* widgets("v1", "a"), "merge", { metadata: { finalizers: null } })
      yield* soon(
        Effect.flatMap(Effect.option(widgets()), (found) => (Option.isSome(found) ? Effect.fail("served") : Effect.void))
      )
    }).pipe(Effect.provide(layer))
  )

  it.live("are read as their definition says now, in each of its versions", () =>
    Effect.gen(function* () {
      const pipeline = yield* Pipeline
      yield* pipeline.create(yield* crds(), wire(definition(version("v1", { a: { type: "string" } }, true))))
      yield* pipeline.create(yield* soon(widgets()), wire({ metadata: { name: "a" }, spec: { a: "x" } }))
      const b = { type: "string", default: "new" }
      const next = definition(version("v1", { a: { type: "string" } }, false), version("v2", { b }, true))
      yield* pipeline.patch(yield* crds(`widgets.${group}`), "merge", wire({ spec: next.spec }))
      const second = yield* soon(read("v2", "a"))
      expect(second).toMatchObject({ apiVersion: `${group}/v2`, spec: { b: "new" } })
      expect((yield* pipeline.get(yield* crds(`widgets.${group}`))).wire).toMatchObject({
        status: { storedVersions: ["v1", "v2"] }
      })
      const written = yield* pipeline.patch(yield* widgets("v2", "a"), "merge", { spec: { b: "mine" } })
      expect(written.row.wire).toMatchObject({ spec: { b: "mine" }, metadata: { generation: 2 } })
    }).pipe(Effect.provide(layer))
  )
})
