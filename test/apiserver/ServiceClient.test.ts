/** How the server asks webhooks and backends: whom it trusts, where it finds a Service, and what it says when nobody answers. */
import { assert, describe, it } from "@effect/vitest"
import { Effect, Layer } from "effect"
import { type Address, ServiceClient } from "../../plugins/apiserver/contracts/ServiceClient.ts"
import { Service } from "../../plugins/resources/contracts/core/v1.ts"
import { EndpointSlice } from "../../plugins/resources/contracts/discovery/v1.ts"
import * as Backend from "../admission/Backend.ts"
import * as MemoryClient from "../network/MemoryClient.ts"

const at = (name: string) => ({ namespace: "hooks", name })

const world = (port: number) => {
  const objects = new MemoryClient.Objects()
  const ports = [{ name: "https", port: 8443, targetPort: 443, protocol: "TCP" }]
  for (const name of ["hook", "idle"]) objects.put(Service, { metadata: at(name), spec: { ports } })
  objects.put(EndpointSlice, {
    metadata: { ...at("hook-1"), labels: { "kubernetes.io/service-name": "hook" } },
    addressType: "IPv4",
    endpoints: [
      { addresses: ["127.0.0.2"], conditions: { ready: false } },
      { addresses: ["127.0.0.1"], conditions: { ready: true } }
    ],
    ports: [{ name: "https", port }]
  })
  return ServiceClient.layer.pipe(Layer.provide(MemoryClient.layer(objects)))
}

const asking = (to: Address, seconds = 20) =>
  Effect.flatMap(ServiceClient, ({ call }) => call({ to, body: { a: 1 }, timeout: `${seconds} seconds` }))
const failing = (to: Address, seconds?: number) => Effect.map(Effect.flip(asking(to, seconds)), ({ detail }) => detail)

describe("a call", () => {
  it.live("reaches a Service at its ready endpoints, under the Service's name", () =>
    Effect.gen(function* () {
      const backend = yield* Backend.start(() => ({ b: 2 }), ["hook.hooks.svc"])
      const { caBundle } = backend
      const to = { service: { ...at("hook"), port: 8443, path: "/in" }, caBundle }
      yield* Effect.gen(function* () {
        assert.deepStrictEqual(yield* asking(to), { b: 2 })
        assert.deepStrictEqual(backend.asked, [{ path: "/in?timeout=20s", body: { a: 1 }, contentType: "application/json" }])
        const post = (name: string, port = 8443) => `Post "https://${name}.hooks.svc:${port}/?timeout=20s": `
        const service = (name: string, port?: number) =>
          failing({ service: { ...at(name), ...(port !== undefined && { port }) }, caBundle })
        assert.strictEqual(yield* service("none", 8443), `${post("none")}service "none" not found`)
        assert.strictEqual(yield* service("idle", 8443), `${post("idle")}no endpoints available for service "idle"`)
        assert.strictEqual(yield* service("hook"), `${post("hook", 443)}no service port 443 found for service "hook"`)
        const located = yield* Effect.flatMap(ServiceClient, ({ locate }) => locate({ ...at("hook"), port: 8443 }))
        assert.deepStrictEqual(located, { host: "127.0.0.1", port: backend.port, servername: "hook.hooks.svc" })
      }).pipe(Effect.provide(world(backend.port)))
    }).pipe(Effect.scoped)
  )

  it.live("trusts the bundle alone, and gives up in time", () =>
    Effect.gen(function* () {
      const replies: { readonly [path: string]: Backend.Reply } = {
        "/never": undefined,
        "/gone": 404,
        "/broken": 500,
        "/text": "hello",
        "/refuse": { kind: "Status", message: "not you", code: 403 }
      }
      const backend = yield* Backend.start(
        ({ path }) => replies[path.split("?")[0] ?? ""] ?? (path.startsWith("/never") ? undefined : {})
      )
      const other = yield* Backend.start(() => ({}))
      const { caBundle, url } = backend
      yield* Effect.gen(function* () {
        const text = (path: string, seconds?: number) => failing({ url: url + path, caBundle }, seconds)
        assert.match(
          yield* text("/never", 1),
          /^Post "https:\/\/127.0.0.1:\d+\/never\?timeout=1s": context deadline exceeded$/
        )
        assert.deepStrictEqual(yield* asking({ url: `${url}//a//b/`, caBundle: backend.ownBundle }), {})
        assert.strictEqual(backend.asked.at(-1)?.path, "/a/b?timeout=20s")
        assert.strictEqual(yield* text("/gone"), "the server could not find the requested resource")
        assert.strictEqual(
          yield* text("/broken"),
          'an error on the server ("unknown") has prevented the request from succeeding'
        )
        assert.match(yield* text("/text"), /json parse error/)
        assert.match(
          yield* failing({ url, caBundle: other.caBundle }),
          /: tls: failed to verify certificate: x509: certificate signed by unknown authority$/
        )
        assert.match(
          yield* failing({ url: `https://localhost:${backend.port}`, caBundle }),
          /x509: certificate is not valid for localhost/
        )
        assert.match(
          yield* failing({ url: "https://127.0.0.1:1", caBundle }),
          /dial tcp 127.0.0.1:1: connect: connection refused$/
        )
        assert.strictEqual(yield* failing({ url: "http://127.0.0.1" }), '"http://127.0.0.1" is no https URL')
      }).pipe(Effect.provide(world(0)))
    }).pipe(Effect.scoped)
  )
})
