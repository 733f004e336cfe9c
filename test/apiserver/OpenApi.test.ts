/** The documents that describe what is served, as older clients and those of Go read them. */
import { describe, expect, it } from "@effect/vitest"
import { Effect } from "effect"
import protobuf from "protobufjs/minimal.js"
import * as Gnostic from "../../plugins/apiserver/openapi/Gnostic.ts"
import * as V2 from "../../plugins/apiserver/openapi/V2.ts"
import { start } from "./Cluster.ts"

/** Bytes, texts and messages by the number of their field. */
const fieldsOf = (bytes: Uint8Array) => {
  const reader = protobuf.Reader.create(bytes)
  const found: Array<readonly [number, Uint8Array]> = []
  while (reader.pos < reader.len) {
    const tag = reader.uint32()
    if ((tag & 7) === 2) found.push([tag >>> 3, reader.bytes()])
    else reader.skipType(tag & 7)
  }
  return found
}
const inside = (bytes: Uint8Array, ...path: ReadonlyArray<number>): ReadonlyArray<Uint8Array> =>
  path.reduce<ReadonlyArray<Uint8Array>>(
    (all, id) => all.flatMap((one) => fieldsOf(one).flatMap(([other, value]) => (other === id ? [value] : []))),
    [bytes]
  )
const text = (bytes: Uint8Array | undefined) => Buffer.from(bytes ?? []).toString()
/** The value of a name in a list of pairs. */
const named = (pairs: ReadonlyArray<Uint8Array>, name: string) =>
  pairs.filter((pair) => text(inside(pair, 1)[0]) === name).flatMap((pair) => inside(pair, 2))[0] ?? new Uint8Array()

describe("OpenAPI v2", () => {
  it.live("is one document of all groups, in JSON and as gnostic's message, with a tag", () =>
    Effect.scoped(
      Effect.gen(function* () {
        const { admin } = yield* start()
        const path = "/openapi/v2"
        const { headers, json } = yield* admin.ask(path)
        expect(json.definitions["io.k8s.api.apps.v1.Deployment"].properties.spec).toMatchObject({
          $ref: "#/definitions/io.k8s.api.apps.v1.DeploymentSpec"
        })
        const port = json.definitions["io.k8s.api.core.v1.ServicePort"].properties.targetPort
        expect(json.definitions[port.$ref.slice("#/definitions/".length)]).toMatchObject({
          type: "string",
          format: "int-or-string"
        })
        const patch = json.paths["/api/v1/namespaces/{namespace}/pods/{name}"].patch
        expect(patch.consumes).toContain("application/strategic-merge-patch+json")
        expect(patch.parameters.map(({ name }: { readonly name: string }) => name)).toContain("fieldValidation")
        expect(JSON.stringify(json)).not.toContain("#/components")

        const again = yield* admin.ask(path, { headers: { "if-none-match": String(headers["etag"]) } })
        expect([again.code, again.text]).toEqual([304, ""])
        expect((yield* admin.ask(path, { headers: { accept: "text/plain" } })).code).toBe(406)
        const message = yield* admin.ask(path, { headers: { accept: `${Gnostic.mediaType}, application/json` } })
        expect(message.headers["content-type"]).toBe(Gnostic.answered)

        const bytes = Gnostic.encode(json)
        expect(text(inside(bytes, 1)[0])).toBe("2.0")
        const pod = named(inside(bytes, 8, 2), "/api/v1/namespaces/{namespace}/pods/{name}")
        expect(text(inside(pod, 8, 5)[0])).toBe("patchCoreV1NamespacedPod")
        expect(inside(pod, 8, 8, 1, 2, 3, 4).map(text)).toContain("fieldValidation")
        expect(inside(pod, 9, 1, 2, 4, 4).map(text)).toEqual(["name", "namespace"])
        const kind = named(inside(pod, 8, 13), "x-kubernetes-group-version-kind")
        expect(JSON.parse(text(inside(kind, 2)[0]))).toEqual({ group: "", version: "v1", kind: "Pod" })
        const map = named(inside(bytes, 9, 1), "io.k8s.api.core.v1.ConfigMap")
        expect(text(inside(named(inside(map, 25, 1), "data"), 21, 1, 22, 1)[0])).toBe("string")
      })
    )
  )
})

it("a kind that may have any field is an object in v2, and nothing of it is named", () => {
  const gvk = [{ group: "example.com", version: "v1", kind: "Any" }]
  const schema = { type: "object", "x-kubernetes-preserve-unknown-fields": true, "x-kubernetes-group-version-kind": gvk }
  const { definitions } = V2.document([{ components: { schemas: { Any: { ...schema, properties: { a: {} } } } } }], {})
  expect(definitions).toEqual({ Any: { type: "object", "x-kubernetes-group-version-kind": gvk } })
})

describe("OpenAPI v3", () => {
  it.live("has tags, and documents that stay what they are", () =>
    Effect.scoped(
      Effect.gen(function* () {
        const { admin } = yield* start()
        const index = yield* admin.ask("/openapi/v3")
        const document = yield* admin.ask(index.json.paths["apis/apps/v1"].serverRelativeURL)
        expect(document.headers["cache-control"]).toBe("public, immutable")
        // What another server has said there is not kept for ever under this one's words.
        const stale = yield* admin.ask("/openapi/v3/apis/apps/v1?hash=0123")
        expect([stale.text, stale.headers["cache-control"]]).toEqual([
          document.text,
          expect.not.stringContaining("immutable")
        ])
        const known = { "if-none-match": String(document.headers["etag"]) }
        expect((yield* admin.ask("/openapi/v3/apis/apps/v1", { headers: known })).code).toBe(304)
        const { schemas } = document.json.components
        expect(schemas["io.k8s.api.apps.v1.DeploymentStrategy"].properties.type.enum).toEqual(["Recreate", "RollingUpdate"])
        const { description, properties } = schemas["io.k8s.api.apps.v1.DeploymentSpec"]
        expect([description, properties.replicas.description]).toEqual([expect.any(String), expect.any(String)])
      })
    )
  )
})
