/** The verbs on objects, as clients see them. The words are those of the upstream API server. */
import { describe, expect, it } from "@effect/vitest"
import { Effect } from "effect"
import { start } from "./Cluster.ts"

const configMaps = "/api/v1/namespaces/default/configmaps"
const map = (name: string, data: object = {}) => ({ method: "POST", body: { metadata: { name }, data } })

describe("objects", () => {
  it.live("are created, read, changed and deleted", () =>
    Effect.scoped(
      Effect.gen(function* () {
        const { admin } = yield* start()
        const created = yield* admin.ask(configMaps, map("a", { x: "1" }))
        expect(created.code).toBe(201)
        expect(created.json).toMatchObject({
          apiVersion: "v1",
          kind: "ConfigMap",
          metadata: { name: "a", namespace: "default" }
        })
        expect((yield* admin.ask(configMaps, map("a"))).json).toMatchObject({ code: 409, reason: "AlreadyExists" })
        const merged = yield* admin.ask(`${configMaps}/a`, {
          method: "PATCH",
          type: "application/merge-patch+json",
          body: { data: { y: "2" } }
        })
        expect(merged.json.data).toEqual({ x: "1", y: "2" })
        const replaced = yield* admin.ask(`${configMaps}/a`, { method: "PUT", body: { ...merged.json, data: { z: "3" } } })
        expect(replaced.json.data).toEqual({ z: "3" })
        const stale = yield* admin.ask(`${configMaps}/a`, { method: "PUT", body: merged.json })
        expect(stale.code).toBe(409)
        const gone = yield* admin.ask(`${configMaps}/a`, { method: "DELETE", body: { propagationPolicy: "Background" } })
        expect(gone.json).toMatchObject({ kind: "Status", status: "Success", details: { name: "a", kind: "configmaps" } })
        const missing = yield* admin.ask(`${configMaps}/a`)
        expect(missing.json).toEqual({
          kind: "Status",
          apiVersion: "v1",
          metadata: {},
          status: "Failure",
          message: 'configmaps "a" not found',
          reason: "NotFound",
          details: { name: "a", kind: "configmaps" },
          code: 404
        })
      })
    )
  )

  it.live("are listed in pages", () =>
    Effect.scoped(
      Effect.gen(function* () {
        const { admin } = yield* start()
        for (const name of ["a", "b", "c"]) yield* admin.ask(configMaps, map(name))
        const first = (yield* admin.ask(`${configMaps}?limit=2`)).json
        expect(first).toMatchObject({ kind: "ConfigMapList", apiVersion: "v1", metadata: { remainingItemCount: 1 } })
        const second = (yield* admin.ask(`${configMaps}?limit=2&continue=${first.metadata.continue}`)).json
        expect([...first.items, ...second.items].map((item) => item.metadata.name)).toEqual(["a", "b", "c"])
        expect((yield* admin.ask("/api/v1/configmaps?labelSelector=a%3Db")).json.items).toEqual([])
      })
    )
  )

  it.live("come as tables and as metadata", () =>
    Effect.scoped(
      Effect.gen(function* () {
        const { admin } = yield* start()
        yield* admin.ask(configMaps, map("a", { x: "1" }))
        const accept = "application/json;as=Table;v=v1;g=meta.k8s.io,application/json"
        const table = (yield* admin.ask(configMaps, { headers: { accept } })).json
        expect(table.kind).toBe("Table")
        expect(table.metadata.resourceVersion).toMatch(/^\d+$/)
        expect(table.columnDefinitions.map((column: { name: string }) => column.name)).toEqual(["Name", "Data", "Age"])
        expect(table.rows[0].cells).toEqual(["a", 1, expect.stringMatching(/^\ds$/)])
        expect(table.rows[0].object).toMatchObject({ kind: "PartialObjectMetadata", metadata: { name: "a" } })
        const bare = (yield* admin.ask(`${configMaps}?includeObject=None`, { headers: { accept } })).json
        expect(bare.rows[0].object).toBeNull()
        const partial = "application/json;as=PartialObjectMetadataList;v=v1;g=meta.k8s.io"
        const list = (yield* admin.ask(configMaps, { headers: { accept: partial } })).json
        expect(list.items[0]).toMatchObject({ kind: "PartialObjectMetadata", metadata: { name: "a" } })
        const none = yield* admin.ask(configMaps, { headers: { accept: "text/html" } })
        expect(none.json).toMatchObject({ code: 406, reason: "NotAcceptable" })
        const yaml = yield* admin.ask(`${configMaps}/a`, { headers: { accept: "application/yaml" } })
        expect(yaml.text).toMatch(/^kind: ConfigMap$/m)
      })
    )
  )

  it.live("are scaled", () =>
    Effect.scoped(
      Effect.gen(function* () {
        const { admin } = yield* start()
        const path = "/apis/apps/v1/namespaces/default/deployments"
        const spec = {
          selector: { matchLabels: { a: "b" } },
          template: { metadata: { labels: { a: "b" } }, spec: { containers: [{ name: "c", image: "i" }] } }
        }
        const created = yield* admin.ask(path, { method: "POST", body: { metadata: { name: "d" }, spec } })
        expect(created.code).toBe(201)
        const type = "application/merge-patch+json"
        const scaled = yield* admin.ask(`${path}/d/scale`, { method: "PATCH", type, body: { spec: { replicas: 3 } } })
        expect(scaled.json).toMatchObject({ apiVersion: "autoscaling/v1", kind: "Scale", spec: { replicas: 3 } })
        expect((yield* admin.ask(`${path}/d`)).json.spec.replicas).toBe(3)
      })
    )
  )

  it.live("are refused in upstream's words", () =>
    Effect.scoped(
      Effect.gen(function* () {
        const { admin } = yield* start()
        const said = (path: string, asking = {}) =>
          Effect.map(admin.ask(path, asking), ({ code, json }) => `${code} ${json.reason}: ${json.message}`)
        const notFound = "404 NotFound: the server could not find the requested resource"
        const notAllowed = "405 MethodNotAllowed: the server does not allow this method on the requested resource"
        for (const path of ["/nope", "/apis/nope.example.com", "/apis/nope.example.com/v1/nopes"])
          expect(yield* admin.ask(path)).toMatchObject({ code: 404, text: "404 page not found\n" })
        expect(yield* said("/api/v1/nopes")).toBe(notFound)
        expect(yield* said(`${configMaps}/a/status`)).toBe(notFound)
        expect(yield* said(`${configMaps}/a%2Fb`)).toBe(notFound)
        expect(yield* said("/api/v1/namespaces/default/nodes")).toBe(notFound)
        expect(yield* said("/api/v1/configmaps", map("a"))).toBe(notAllowed)
        expect(yield* said(`${configMaps}/a`, map("a"))).toBe(notAllowed)
        expect(yield* said(configMaps, { method: "PUT", body: {} })).toBe(notAllowed)
        expect(yield* said(`${configMaps}?limit=abc`)).toBe(
          '400 BadRequest: strconv.ParseInt: parsing "abc": invalid syntax'
        )
        expect(yield* said(`${configMaps}?resourceVersionMatch=Exact`)).toBe(
          '422 Invalid: ListOptions.meta.k8s.io "" is invalid: resourceVersionMatch: Forbidden: resourceVersionMatch is forbidden unless resourceVersion is provided'
        )
        expect(yield* said(`${configMaps}?watch=true&sendInitialEvents=true`)).toBe(
          '422 Invalid: ListOptions.meta.k8s.io "" is invalid: resourceVersionMatch: Forbidden: sendInitialEvents requires setting resourceVersionMatch to NotOlderThan'
        )
        expect(yield* said(configMaps, { method: "POST", body: { kind: "Nope", apiVersion: "v1" } })).toBe(
          '400 BadRequest: Nope in version "v1" cannot be handled as a ConfigMap: no kind "Nope" is registered for version "v1"'
        )
        expect(yield* said(configMaps, { method: "POST", body: "{" })).toMatch(
          /^400 BadRequest: the object provided is unrecognized \(must be of type ConfigMap\): couldn't get version\/kind; json parse error: /
        )
        expect(yield* said(configMaps, { method: "POST", body: "x", type: "text/plain" })).toBe(
          "415 UnsupportedMediaType: the body of the request was in an unknown format - accepted media types include: application/json, application/yaml, application/vnd.kubernetes.protobuf"
        )
        expect(yield* said(`${configMaps}?fieldValidation=Foo&dryRun=Some`, map("a"))).toBe(
          '422 Invalid: CreateOptions.meta.k8s.io "" is invalid: [dryRun: Unsupported value: ["Some"]: supported values: "All", fieldValidation: Unsupported value: "Foo": supported values: "", "Ignore", "Strict", "Warn"]'
        )
        expect(yield* said(`${configMaps}/a`, { method: "DELETE", body: { propagationPolicy: "Foo" } })).toBe(
          '422 Invalid: DeleteOptions.meta.k8s.io "" is invalid: propagationPolicy: Unsupported value: "Foo": supported values: "Foreground", "Background", "Orphan", "nil"'
        )
        expect(
          yield* said(configMaps, { method: "POST", body: { metadata: { name: "a" }, data: { x: "x".repeat(3 << 20) } } })
        ).toMatch(/^413 RequestEntityTooLarge/)
      })
    )
  )
})
