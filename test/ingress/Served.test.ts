/** Ingresses from the API to the answer: the controller, what it publishes, a node that serves it by nginx, and backends behind. */
import { assert, describe, it } from "@effect/vitest"
import { Effect, Layer, Schedule } from "effect"
import { chmodSync, mkdtempSync, rmSync } from "node:fs"
import { networkInterfaces, tmpdir } from "node:os"
import { join } from "node:path"
import * as Nginx from "../../adapters/ingress/nginx/Nginx.ts"
import { ask, handshake, listens, seenIn } from "../../conformance/ingress-proxy/Ask.ts"
import * as Backend from "../../conformance/ingress-proxy/Backend.ts"
import { meanwhile } from "../../conformance/ingress-proxy/Meanwhile.ts"
import { certificate } from "../../conformance/ingress-proxy/Use.ts"
import * as ControlPlane from "../../conformance/stage/ControlPlane.ts"
import { Client } from "../../kernel/client/Client.ts"
import { freePort } from "../../kernel/FreePort.ts"
import * as Plugin from "../../kernel/plugin/Plugin.ts"
import * as Published from "../../plugins/ingress/contracts/Published.ts"
import * as Ingresses from "../../plugins/ingress/Ingress.ts"
import * as NodeProxy from "../../plugins/ingress/NodeProxy.ts"
import { Namespace, Node, Secret, Service } from "../../plugins/resources/contracts/core/v1.ts"
import { EndpointSlice } from "../../plugins/resources/contracts/discovery/v1.ts"
import { Ingress, IngressClass } from "../../plugins/resources/contracts/networking/v1.ts"
import { left } from "../Left.ts"

/** Endpoints may not be on loopback. */
const own = Object.values(networkInterfaces())
  .flatMap((some) => some ?? [])
  .find(({ family, internal }) => family === "IPv4" && !internal)?.address
const address = own ?? ""
const lacks = [...(Nginx.find() === undefined ? ["nginx"] : []), ...(own === undefined ? ["an address"] : [])]
const namespace = "web"
const at = (name: string) => ({ namespace, name })
const node = { namespace: "", name: "n1" }

const folder = Effect.acquireRelease(
  Effect.sync(() => {
    const made = mkdtempSync(join(tmpdir(), "keelson-ingress-"))
    // nginx' workers are not root.
    chmodSync(made, 0o755)
    return made
  }),
  (made) => Effect.sync(() => rmSync(made, { recursive: true, force: true }))
)

/** A node that is ready, with its proxy. */
const serve = Effect.gen(function* () {
  const client = yield* Client
  yield* client.create(Node, { metadata: { name: node.name } })
  const made = yield* client.get(Node, node)
  const conditions = [{ type: "Ready", status: "True", reason: "", message: "" }]
  const status = { ...made.status, conditions, addresses: [{ type: "InternalIP", address }] }
  yield* client.update(Node, { ...made, status }, { subresource: "status" })
  yield* NodeProxy.start({
    report: (serves) =>
      client.patch(Node, node, "merge", { metadata: { annotations: { [Published.serves]: serves ?? null } } }),
    warn: (message) => Effect.logWarning(message)
  })
})

/** A Service without an address of its own, because nobody here leads packets. */
const service = Effect.fnUntraced(function* (name: string) {
  const client = yield* Client
  const backend = yield* Backend.serve(name, address)
  const ports = [{ name: "http", port: 80, protocol: "TCP" }]
  yield* client.create(Service, { metadata: at(name), spec: { clusterIP: "None", ports } })
  yield* client.create(EndpointSlice, {
    metadata: { ...at(name), labels: { "kubernetes.io/service-name": name } },
    addressType: "IPv4",
    ports: [{ name: "http", port: backend.port, protocol: "TCP" }],
    endpoints: [{ addresses: [address], conditions: { ready: true } }]
  })
})

const secretOf = Effect.fnUntraced(function* (name: string, commonName: string) {
  const { chain, key } = yield* certificate(name, commonName)
  const base64 = (text: string) => Buffer.from(text).toString("base64")
  return { metadata: at(name), type: "kubernetes.io/tls", data: { "tls.crt": base64(chain), "tls.key": base64(key) } }
})

const path = (value: string, name: string, pathType: "Exact" | "Prefix" = "Prefix") => ({
  path: value,
  pathType,
  backend: { service: { name, port: { number: 80 } } }
})

const until = <A, E, R>(what: Effect.Effect<A, E, R>, expected: NoInfer<A>) =>
  Effect.repeat(what, {
    until: (found) => JSON.stringify(found) === JSON.stringify(expected),
    schedule: Schedule.spaced("50 millis")
  }).pipe(Effect.timeout("30 seconds"))

const story = Effect.gen(function* () {
  const client = yield* Client
  const [http, https] = [yield* freePort, yield* freePort]
  for (const name of [namespace, "kube-system"]) yield* client.create(Namespace, { metadata: { name } })
  yield* Layer.build(Layer.provide(Plugin.install(Ingresses.plugin({ ports: { http, https } })), Plugin.Host.layer))
  const nginx = yield* Layer.build(Nginx.layer({ addresses: ["127.0.0.1"], directory: join(yield* folder, "nginx") }))
  yield* Effect.provideContext(serve, nginx)
  return { client, http, https }
})

describe.skipIf(lacks.length > 0)(`Ingresses${left(lacks)}`, () => {
  it.live(
    "are served by hosts and paths, over TLS, while their Secret changes, and say where",
    () =>
      Effect.gen(function* () {
        const { client, http, https } = yield* story
        const who = (host: string, asked: string, port = http) =>
          ask(port, host, { path: asked, tls: port === https }).pipe(
            Effect.map((answer) => (answer.status === 200 ? seenIn(answer).who : String(answer.status))),
            Effect.orElseSucceed(() => "nobody")
          )
        for (const name of ["one", "two", "rest"]) yield* service(name)
        yield* client.create(Secret, yield* secretOf("cert", "first.example"))
        yield* until(
          Effect.map(client.list(IngressClass), (all) => all.map(({ metadata }) => metadata.name)),
          ["nginx"]
        )
        yield* client.create(Ingress, {
          metadata: at("shop"),
          spec: {
            ingressClassName: "nginx",
            defaultBackend: { service: { name: "rest", port: { name: "http" } } },
            tls: [{ hosts: ["shop.example"], secretName: "cert" }],
            rules: [
              {
                host: "shop.example",
                http: { paths: [path("/", "one"), path("/two", "two"), path("/exact", "two", "Exact")] }
              },
              { host: "*.shop.example", http: { paths: [path("/", "two")] } }
            ]
          }
        })
        yield* until(who("shop.example", "/"), "one")
        const answers = yield* Effect.all([
          who("shop.example", "/two/more"),
          who("shop.example", "/twomore"),
          who("shop.example", "/exact"),
          who("shop.example", "/exact/more"),
          who("a.shop.example", "/"),
          who("a.b.shop.example", "/"),
          who("else.example", "/"),
          who("shop.example", "/two", https)
        ])
        assert.deepStrictEqual(answers, ["two", "one", "two", "one", "two", "rest", "rest", "two"])

        const shown = Effect.map(handshake(https, "shop.example"), ({ name }) => name)
        assert.strictEqual(yield* shown, "first.example")
        assert.strictEqual((yield* handshake(https, "else.example")).name, "ingress.local")
        const asks = yield* meanwhile(
          https,
          { host: "shop.example", tls: true },
          Effect.forEach(
            ["second.example", "third.example"],
            Effect.fnUntraced(function* (name) {
              const { data } = yield* secretOf("cert", name)
              yield* client.update(Secret, { ...(yield* client.get(Secret, at("cert"))), data })
              yield* until(shown, name)
            }),
            { discard: true }
          )
        )
        yield* Effect.log(`${asks} requests while the Secret changed twice, none failed`)

        const said = Effect.map(client.get(Ingress, at("shop")), ({ status }) => status.loadBalancer.ingress ?? [])
        yield* until(said, [{ ip: address }])
        const front = yield* client.get(Service, Published.secret)
        assert.strictEqual(front.spec?.type, "LoadBalancer")
        const slice = yield* client.get(EndpointSlice, Published.secret)
        assert.deepStrictEqual(
          slice.ports?.map(({ port }) => port),
          [http, https]
        )
        yield* client.update(
          Service,
          { ...front, status: { loadBalancer: { ingress: [{ ip: "192.0.2.50" }] } } },
          { subresource: "status" }
        )
        yield* until(said, [{ ip: "192.0.2.50" }])

        yield* client.delete(EndpointSlice, at("two"))
        yield* until(who("shop.example", "/two"), "503")
        yield* client.delete(Ingress, at("shop"))
        yield* until(listens(http), false)
      }).pipe(Effect.provide(Layer.provideMerge(ControlPlane.client, ControlPlane.layer)), Effect.scoped),
    120_000
  )
})
