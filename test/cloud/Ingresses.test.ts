/** Ingresses of a cloud's class: they get a balancer that follows them, and nothing is left behind. */
import { assert, describe, it } from "@effect/vitest"
import { Effect, Layer, Schedule } from "effect"
import { MemoryCloud } from "../../adapters/memory/MemoryCloud.ts"
import { Unavailable } from "../../kernel/plugin/Contract.ts"
import { Client } from "../../kernel/client/Client.ts"
import * as Pki from "../../plugins/certificates/contracts/Pki.ts"
import * as Balanced from "../../plugins/cloud/Balanced.ts"
import * as Ingresses from "../../plugins/cloud/Ingresses.ts"
import { Event, Node, Secret, Service } from "../../plugins/resources/contracts/core/v1.ts"
import { Ingress, IngressClass } from "../../plugins/resources/contracts/networking/v1.ts"
import { at, cluster, when } from "../controllers/Cluster.ts"

const world = Layer.unwrap(
  Effect.map(Layer.build(MemoryCloud.layer), (context) => {
    const cloud = Layer.succeedContext(context)
    const { layer } = Ingresses.plugin({ cluster: "one", className: "alb" })
    return Layer.merge(cluster({ layer: Layer.provide(layer, cloud) }), cloud)
  })
)

const node = (name: string) => ({ metadata: { name }, spec: { providerID: `memory://${name}` } })
const service = (name: string, nodePort: number, type = "NodePort") => ({
  metadata: at(name),
  spec: { type, ports: [{ name: "http", port: 80, ...(nodePort > 0 && { nodePort }) }] }
})
const to = (name: string, path: string, pathType = "Prefix") => ({
  path,
  pathType,
  backend: { service: { name, port: { number: 80 } } }
})
const ingress = (paths: ReadonlyArray<ReturnType<typeof to>>, more: object = {}) => ({
  metadata: at("web"),
  spec: { ingressClassName: "alb", rules: [{ host: "shop.example", http: { paths } }], ...more }
})

/** What the cloud has, as soon as it is so. */
const inventory = Effect.fnUntraced(function* (...expected: ReadonlyArray<string>) {
  const cloud = yield* MemoryCloud
  const wanted = expected.toSorted().join()
  yield* Effect.suspend(() =>
    cloud.inventory().join() === wanted ? Effect.void : Effect.fail(new Error(cloud.inventory().join()))
  ).pipe(Effect.retry({ schedule: Schedule.spaced("20 millis"), times: 1000 }))
})
const balancer = "ingress balancer of web"
const target = "target of an ingress"
const made = Effect.gen(function* () {
  const client = yield* Client
  yield* client.create(Node, node("n1"))
  yield* client.create(Service, service("shop", 30080))
  yield* client.create(Ingress, ingress([to("shop", "/")]))
  return yield* when(Ingress, (all) => all.some(({ status }) => (status.loadBalancer.ingress ?? []).length > 0))
})

describe("Ingresses in a cloud", () => {
  it.live("get a balancer, which follows paths, Services, nodes and certificates, and goes with them", () =>
    Effect.gen(function* () {
      const client = yield* Client
      const [first] = yield* made
      assert.deepStrictEqual(first?.status.loadBalancer.ingress, [{ ip: "203.0.113.1" }])
      assert.lengthOf(first?.metadata.finalizers ?? [], 1)
      yield* when(IngressClass, (all) => all.some(({ metadata }) => metadata.name === "alb"))
      yield* inventory(balancer, "path shop.example/ 30080", target)
      yield* client.create(Node, node("n2"))
      yield* inventory(balancer, "path shop.example/ 30080", target, target)
      const now = yield* client.get(Ingress, at("web"))
      const paths = [to("shop", "/"), to("cart", "/cart", "Exact")]
      yield* client.update(Ingress, { ...now, spec: { ...ingress(paths).spec, tls: [{ secretName: "tls" }] } })
      yield* inventory(balancer, "path shop.example/ 30080", "path shop.example/cart 0", target, target)
      yield* client.create(Service, service("cart", 30081))
      yield* inventory(balancer, "path shop.example/ 30080", "path shop.example/cart 30081", target, target)
      const { cert, key } = yield* Pki.issue(yield* Pki.authority("x"), { commonName: "shop.example", usages: ["server"] })
      const data = { "tls.crt": Buffer.from(cert).toString("base64"), "tls.key": Buffer.from(key).toString("base64") }
      yield* client.create(Secret, { metadata: at("tls"), type: "kubernetes.io/tls", data })
      const all = [balancer, "path shop.example/ 30080", "path shop.example/cart 30081", target, target]
      yield* inventory(...all, `certificate ${at("tls").namespace}/tls`)
      yield* client.delete(Ingress, at("web"))
      yield* when(Ingress, (left) => left.length === 0)
      yield* inventory()
    }).pipe(Effect.provide(world))
  )

  it.live("lose it when they are of another class, or are taken away by force", () =>
    Effect.gen(function* () {
      const client = yield* Client
      const [first] = yield* made
      assert.isDefined(first)
      yield* client.patch(Ingress, at("web"), "merge", { spec: { ingressClassName: "other" } })
      yield* inventory()
      yield* when(Ingress, (all) => all.every(({ metadata }) => (metadata.finalizers ?? []).length === 0))
      yield* client.patch(Ingress, at("web"), "merge", { spec: { ingressClassName: "alb" } })
      yield* inventory(balancer, "path shop.example/ 30080", target)
      yield* client.delete(Ingress, at("web"))
      yield* client
        .patch(Ingress, at("web"), "merge", { metadata: { finalizers: null } })
        .pipe(Effect.catchTag("NotFound", () => Effect.void))
      yield* inventory()
    }).pipe(Effect.provide(world))
  )

  it.live("are told why they get none, or what is not served", () =>
    Effect.gen(function* () {
      const client = yield* Client
      const cloud = yield* MemoryCloud
      cloud.setAround(() =>
        Effect.fail(new Unavailable({ contract: "cloud", applied: "no", cause: new Error("Rate exceeded") }))
      )
      yield* client.create(Service, service("shop", 0, "ClusterIP"))
      yield* client.create(Ingress, ingress([to("shop", "/"), to("none", "/none")]))
      const events = yield* when(Event, (all) => all.some(({ reason }) => reason === "FailedDeployModel"))
      assert.includeMembers(
        events.map(({ message }) => message),
        [
          `Failed build model due to service type must be either 'NodePort' or 'LoadBalancer': ${at("").namespace}/shop; services "none" not found`,
          "Failed deploy model due to cloud is unavailable: Rate exceeded"
        ]
      )
    }).pipe(Effect.provide(world))
  )

  it("are tried in the order of Kubernetes: hosts before none, exact before prefix, long before short", () => {
    const rule = (host: string, ...paths: ReadonlyArray<ReturnType<typeof to>>) => ({ host, http: { paths } })
    const rules = [
      rule("", to("a", "/")),
      rule("*.example", to("a", "/")),
      rule("shop.example", to("a", "/"), to("a", "/cart"), to("a", "/", "Exact"))
    ]
    const { wanted } = Balanced.translate(
      { service: () => undefined, secret: () => undefined },
      {
        metadata: { ...at("web"), uid: "1", resourceVersion: "1", creationTimestamp: "2026-01-01T00:00:00Z" },
        spec: { rules },
        status: { loadBalancer: {} }
      }
    )
    assert.deepStrictEqual(
      wanted.paths.map(({ host, path, pathType }) => `${host}${path} ${pathType}`),
      ["shop.example/ Exact", "shop.example/cart Prefix", "shop.example/ Prefix", "*.example/ Prefix", "/ Prefix"]
    )
  })
})
