/** Who is let in, and what the server says of itself. */
import { describe, expect, it } from "@effect/vitest"
import { Context, Effect, Exit } from "effect"
import { Routes } from "../../plugins/apiserver/contracts/Routes.ts"
import { start } from "./Cluster.ts"

/** Without the checks that have upstream's names, of which one is looked for by itself. */
const own = (report: string) => {
  expect(report).toContain("[+]poststarthook/crd-informer-synced ok\n")
  return report.replace(/^\[\+\](?:log|etcd|informer-sync|autoregister-completion|poststarthook\/.*) ok\n/gm, "")
}

const configMaps = "/api/v1/namespaces/default/configmaps"
const aggregated = { accept: "application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList,application/json" }

describe("the door", () => {
  it.live("knows users by certificate and by token, and others as nobody", () =>
    Effect.scoped(
      Effect.gen(function* () {
        const { as, nobody } = yield* start()
        const ann = yield* as("ann")
        expect((yield* ann.ask(configMaps)).code).toBe(200)
        const refused = (yield* ann.ask(`${configMaps}/a`, { method: "DELETE" })).json
        expect(refused).toMatchObject({ code: 403, reason: "Forbidden", details: { name: "a", kind: "configmaps" } })
        expect(refused.message).toBe(
          'configmaps "a" is forbidden: User "ann" cannot delete resource "configmaps" in API group "" in the namespace "default"'
        )
        expect((yield* nobody.ask("/version")).code).toBe(200)
        expect((yield* nobody.ask("/metrics")).json).toMatchObject({
          code: 403,
          message: 'forbidden: User "system:anonymous" cannot get path "/metrics"'
        })
        expect((yield* nobody.ask(configMaps, { headers: { authorization: "Bearer good" } })).code).toBe(200)
        const bad = yield* nobody.ask(configMaps, { headers: { authorization: "Bearer bad" } })
        expect(bad.json).toMatchObject({ code: 401, reason: "Unauthorized", message: "Unauthorized" })
      })
    )
  )

  it.live("lets some speak for others", () =>
    Effect.scoped(
      Effect.gen(function* () {
        const { admin, as } = yield* start()
        const headers = { "impersonate-user": "ann" }
        expect((yield* admin.ask(configMaps, { headers })).code).toBe(200)
        expect((yield* admin.ask("/metrics", { headers })).json.message).toBe(
          'forbidden: User "ann" cannot get path "/metrics"'
        )
        const eve = yield* as("eve")
        expect((yield* eve.ask(configMaps, { headers })).json.message).toBe(
          'users "ann" is forbidden: User "eve" cannot impersonate resource "users" in API group "" at the cluster scope'
        )
      })
    )
  )

  it.live("tells of what there is, in one document and in many", () =>
    Effect.scoped(
      Effect.gen(function* () {
        const { admin } = yield* start()
        const all = yield* admin.ask("/apis", { headers: aggregated })
        expect(all.headers["content-type"]).toBe("application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList")
        expect(all.json.items[0].versions[0].resources[0]).toMatchObject({
          resource: "deployments",
          responseKind: { group: "", version: "", kind: "Deployment" },
          scope: "Namespaced",
          singularResource: "deployment",
          shortNames: ["deploy"],
          categories: ["all"]
        })
        const again = yield* admin.ask("/apis", { headers: { ...aggregated, "if-none-match": String(all.headers["etag"]) } })
        expect(again.code).toBe(304)
        const old = (yield* admin.ask("/api/v1")).json
        expect(old.resources.find((one: { name: string }) => one.name === "pods/eviction")).toMatchObject({
          group: "policy",
          version: "v1",
          kind: "Eviction",
          verbs: ["create"]
        })
        // The same as upstream's, or clients would think that stored objects have changed.
        expect(old.resources.find((one: { name: string }) => one.name === "pods").storageVersionHash).toBe("xPOwRZ+Yhw8=")
        expect((yield* admin.ask("/apis/apps")).json).toMatchObject({
          kind: "APIGroup",
          preferredVersion: { version: "v1" }
        })
        expect((yield* admin.ask("/apis/nope")).code).toBe(404)
        const index = (yield* admin.ask("/openapi/v3")).json
        const document = yield* admin.ask(index.paths["apis/apps/v1"].serverRelativeURL)
        expect(document.json.openapi).toBe("3.0.0")
        expect(document.headers["cache-control"]).toContain("immutable")
      })
    )
  )

  it.live("says whether it is well, and counts what it does", () =>
    Effect.scoped(
      Effect.gen(function* () {
        const checks = [{ name: "moon", healthy: Effect.fail("it is new") }]
        const { admin } = yield* start({ checks })
        const ready = yield* admin.ask("/readyz")
        expect(ready).toMatchObject({ code: 500 })
        expect(own(ready.text)).toBe(
          "[+]ping ok\n[+]store-objects ok\n[+]store-events ok\n[+]store-leases ok\n[-]moon failed: reason withheld\nreadyz check failed\n"
        )
        expect(yield* admin.ask("/readyz?exclude=moon")).toMatchObject({ code: 200, text: "ok" })
        expect(own((yield* admin.ask("/livez?verbose")).text)).toBe("[+]ping ok\nlivez check passed\n")
        expect((yield* admin.ask("/healthz/ping")).text).toBe("ok")
        expect((yield* admin.ask("/healthz/sun")).code).toBe(404)
        expect((yield* admin.ask("/version")).json).toMatchObject({ major: "1", minor: "36" })
        yield* admin.ask(configMaps)
        const metrics = (yield* admin.ask("/metrics")).text
        expect(metrics).toMatch(/^apiserver_request_total\{.*resource="configmaps".*\} 1$/m)
        expect(metrics).toMatch(/^apiserver_request_duration_seconds_bucket\{/m)
        expect(metrics).toMatch(/^kubernetes_build_info\{.*major="1",minor="36".*\} 1$/m)
        expect(metrics).toMatch(/^process_resident_memory_bytes \d+$/m)
      })
    )
  )

  it.live("has room for the paths of others", () =>
    Effect.scoped(
      Effect.gen(function* () {
        const { admin, nobody, services } = yield* start()
        yield* Context.get(services, Routes).add({
          prefix: "/hello",
          handle: ({ path, user }) => Effect.succeed({ code: 200, type: "text/plain", body: `${path} ${user.name}` })
        })
        expect((yield* admin.ask("/hello/you")).text).toBe("/hello/you admin")
        expect((yield* nobody.ask("/hello/you")).code).toBe(403)
        expect((yield* admin.ask("/helloyou")).code).toBe(404)
      })
    )
  )

  it.live("says in one sentence that its port is taken", () =>
    Effect.scoped(
      Effect.gen(function* () {
        const { port } = yield* start()
        const exit = yield* Effect.exit(Effect.scoped(start({ port })))
        expect(Exit.isFailure(exit) && String(exit.cause)).toContain(
          `Port ${port} on 127.0.0.1 is in use by another program`
        )
      })
    )
  )
})
