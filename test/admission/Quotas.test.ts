/** ResourceQuotas and LimitRanges on a whole pipeline: what is added, refused, charged and counted again. */
import { assert, describe, it } from "@effect/vitest"
import { Effect, Layer } from "effect"
import { Client } from "../../kernel/client/Client.ts"
import * as LimitRanger from "../../plugins/admission/limit-ranger/LimitRanger.ts"
import * as ResourceQuotas from "../../plugins/admission/resource-quota/ResourceQuotas.ts"
import * as ReplicaSetController from "../../plugins/controllers/replicaset/ReplicaSet.ts"
import * as ResourceQuotaController from "../../plugins/controllers/resourcequota/ResourceQuota.ts"
import { ReplicaSet } from "../../plugins/resources/contracts/apps/v1.ts"
import {
  ConfigMap,
  LimitRange,
  type LimitRangeItem,
  PersistentVolumeClaim,
  Pod,
  type PodSpecDraft,
  ResourceQuota,
  type ResourceQuotaSpec,
  Service
} from "../../plugins/resources/contracts/core/v1.ts"
import { ResourceClaim } from "../../plugins/resources/contracts/resource/v1.ts"
import { at, when } from "../controllers/Cluster.ts"
import { kernel } from "../resources/Kernel.ts"

const admissions = Layer.mergeAll(LimitRanger.layer, ResourceQuotas.layer)
const cluster = Layer.merge(admissions, ResourceQuotaController.plugin.layer).pipe(Layer.provideMerge(kernel))
const story = (body: Effect.Effect<void, unknown, Client>) => Effect.provide(body, cluster)

type Resources = NonNullable<PodSpecDraft["containers"][number]["resources"]>
const pod = (name: string, resources: Resources = {}, more: Partial<PodSpecDraft> = {}) => ({
  metadata: at(name),
  spec: { containers: [{ name: "c", image: "i", resources }], ...more }
})
const asking = (cpu: string) => ({ requests: { cpu }, limits: { cpu } })
const refused = <A, R>(write: Effect.Effect<A, { readonly _tag: string; readonly message: string }, R>) =>
  Effect.map(Effect.flip(write), ({ message }) => message)

const quota = Effect.fnUntraced(function* (spec: ResourceQuotaSpec, name = "q") {
  const client = yield* Client
  yield* client.create(ResourceQuota, { metadata: at(name), spec })
  yield* when(ResourceQuota, (all) =>
    all.some(({ metadata, status }) => metadata.name === name && status.hard !== undefined)
  )
})
const used = (expected: { readonly [name: string]: string }) =>
  when(ResourceQuota, ([one]) => Object.entries(expected).every(([name, amount]) => one?.status.used?.[name] === amount))

describe("ResourceQuota", () => {
  it.live("charges what is made, refuses what is too much, and has room again for what goes", () =>
    story(
      Effect.gen(function* () {
        const client = yield* Client
        yield* client.create(Pod, pod("before", asking("250m")))
        yield* quota({ hard: { pods: "3", "requests.cpu": "1", "count/configmaps": "1" } })
        yield* used({ pods: "1", "requests.cpu": "250m", "count/configmaps": "0" })
        yield* client.create(Pod, pod("a", asking("500m")))
        const [now] = yield* client.list(ResourceQuota)
        assert.deepStrictEqual(now?.status.used, { pods: "2", "requests.cpu": "750m", "count/configmaps": "0" })
        assert.strictEqual(
          yield* refused(client.create(Pod, pod("b", asking("500m")))),
          'pods "b" is forbidden: exceeded quota: q, requested: requests.cpu=500m, used: requests.cpu=750m, limited: requests.cpu=1'
        )
        assert.strictEqual(
          yield* refused(client.create(Pod, pod("b"))),
          'pods "b" is forbidden: failed quota: q: must specify requests.cpu for: c'
        )
        yield* client.create(ConfigMap, { metadata: at("one") })
        assert.include(yield* refused(client.create(ConfigMap, { metadata: at("two") })), "count/configmaps=1")
        yield* client.delete(Pod, at("before"), { gracePeriodSeconds: 0 })
        yield* used({ pods: "1", "requests.cpu": "500m" })
        yield* client.create(Pod, pod("b", asking("500m")))
      })
    )
  )

  it.live("counts devices by their classes, as many as a claim may come to have", () =>
    story(
      Effect.gen(function* () {
        const client = yield* Client
        const [gold, tin] = ["gold", "tin"].map((name) => `${name}.deviceclass.resource.k8s.io/devices`)
        if (gold === undefined || tin === undefined) return assert.fail("there are no classes")
        yield* quota({ hard: { [gold]: "6", [tin]: "40", "count/resourceclaims.resource.k8s.io": "2" } })
        const alternatives = [
          { name: "a", deviceClassName: "gold", count: 2 },
          { name: "b", deviceClassName: "gold", count: 4 },
          { name: "c", deviceClassName: "tin", allocationMode: "All" }
        ]
        const requests = [
          { name: "one", exactly: { deviceClassName: "gold" } },
          { name: "best", firstAvailable: alternatives }
        ]
        yield* client.create(ResourceClaim, { metadata: at("a"), spec: { devices: { requests } } })
        yield* used({ [gold]: "5", [tin]: "32", "count/resourceclaims.resource.k8s.io": "1" })
        const more = { metadata: at("b"), spec: { devices: { requests: requests.slice(1) } } }
        assert.include(yield* refused(client.create(ResourceClaim, more)), `requested: ${gold}=4`)
        yield* client.delete(ResourceClaim, at("a"))
        yield* used({ [gold]: "0", [tin]: "0" })
      })
    )
  )

  it.live("is not overdrawn by those who come at once", () =>
    story(
      Effect.gen(function* () {
        const client = yield* Client
        yield* quota({ hard: { pods: "5" } })
        const all = Array.from({ length: 12 }, (_, index) => Effect.exit(client.create(Pod, pod(`p${index}`))))
        const exits = yield* Effect.all(all, { concurrency: "unbounded" })
        assert.strictEqual(exits.filter(({ _tag }) => _tag === "Success").length, 5)
        yield* used({ pods: "5" })
      })
    )
  )

  it.live("counts within its scopes, and by what a Service has", () =>
    story(
      Effect.gen(function* () {
        const client = yield* Client
        yield* quota({ hard: { pods: "1" }, scopes: ["BestEffort"] })
        yield* client.create(Pod, pod("sure", asking("1")))
        yield* client.create(Pod, pod("loose"))
        assert.include(yield* refused(client.create(Pod, pod("more"))), "exceeded quota: q, requested: pods=1")
        yield* used({ pods: "1" })
        yield* quota({ hard: { services: "5", "services.nodeports": "1" } }, "s")
        const ports = [{ port: 80 }]
        yield* client.create(Service, { metadata: at("plain"), spec: { ports } })
        yield* client.create(Service, { metadata: at("open"), spec: { type: "NodePort", ports } })
        const third = { metadata: at("third"), spec: { type: "NodePort", ports } }
        assert.include(yield* refused(client.create(Service, third)), "services.nodeports=1")
        const widened = client.patch(Service, at("plain"), "merge", { spec: { type: "NodePort" } })
        assert.include(yield* refused(widened), "exceeded quota: s, requested: services.nodeports=1")
      })
    )
  )
})

describe("ReplicaSet", () => {
  const withSets = Layer.merge(cluster, Layer.provide(ReplicaSetController.plugin.layer, cluster))

  it.effect("is refused a Pod once, and not over and over because it says so", () =>
    Effect.gen(function* () {
      const client = yield* Client
      yield* quota({ hard: { pods: "1" } })
      const template = { metadata: { labels: { app: "web" } }, spec: { containers: [{ name: "c", image: "i" }] } }
      const selector = { matchLabels: { app: "web" } }
      yield* client.create(ReplicaSet, { metadata: at("web"), spec: { replicas: 3, selector, template } })
      const [set] = yield* when(
        ReplicaSet,
        ([one]) => one?.status.replicas === 1 && one.status.conditions?.[0]?.reason === "FailedCreate"
      )
      yield* Effect.repeat(Effect.yieldNow, { times: 200 })
      const { metadata } = yield* client.get(ReplicaSet, at("web"))
      assert.strictEqual(metadata.resourceVersion, set?.metadata.resourceVersion)
    }).pipe(Effect.provide(withSets))
  )
})

describe("LimitRange", () => {
  const range = (...limits: ReadonlyArray<LimitRangeItem>) => ({ metadata: at("limits"), spec: { limits } })

  it.live("gives containers what they do not state", () =>
    story(
      Effect.gen(function* () {
        const client = yield* Client
        const item = { type: "Container", max: { cpu: "2" }, default: { memory: "1Gi" }, defaultRequest: { cpu: "100m" } }
        const { spec } = yield* client.create(LimitRange, range(item))
        assert.deepStrictEqual(spec.limits[0]?.default, { cpu: "2", memory: "1Gi" })
        assert.deepStrictEqual(spec.limits[0]?.defaultRequest, { cpu: "100m", memory: "1Gi" })
        const made = yield* client.create(Pod, pod("a"))
        assert.deepStrictEqual(made.spec.containers[0]?.resources, {
          limits: { cpu: "2", memory: "1Gi" },
          requests: { cpu: "100m", memory: "1Gi" }
        })
        assert.strictEqual(
          made.metadata.annotations?.["kubernetes.io/limit-ranger"],
          "LimitRanger plugin set: cpu, memory request for container c; cpu, memory limit for container c"
        )
        const own = yield* client.create(Pod, pod("b", asking("1")))
        assert.strictEqual(own.spec.containers[0]?.resources.requests?.["cpu"], "1")
      })
    )
  )

  it.live("refuses what is beyond its bounds", () =>
    story(
      Effect.gen(function* () {
        const client = yield* Client
        const container = { type: "Container", min: { cpu: "100m" }, max: { cpu: "1" }, maxLimitRequestRatio: { cpu: "2" } }
        const claims = { type: "PersistentVolumeClaim", min: { storage: "1Gi" }, max: { storage: "2Gi" } }
        yield* client.create(LimitRange, range(container, { type: "Pod", max: { cpu: "1500m" } }, claims))
        const why = (resources: Resources) => refused(client.create(Pod, pod("a", resources)))
        const least = "minimum cpu usage per Container is 100m, but"
        assert.include(yield* why(asking("50m")), `[${least} request is 50m, ${least} limit is 50m]`)
        assert.include(yield* why(asking("2")), "maximum cpu usage per Container is 1, but limit is 2")
        assert.include(yield* why(asking("2")), "maximum cpu usage per Pod is 1500m, but limit is 2")
        assert.include(
          yield* why({ requests: { cpu: "200m" }, limits: { cpu: "1" } }),
          "cpu max limit to request ratio per Container is 2, but provided ratio is 5.000000"
        )
        yield* client.create(Pod, pod("a", asking("500m")))
        const claim = (storage: string) =>
          client.create(PersistentVolumeClaim, {
            metadata: at("data"),
            spec: { accessModes: ["ReadWriteOnce"], resources: { requests: { storage } } }
          })
        assert.include(
          yield* refused(claim("3Gi")),
          "maximum storage usage per PersistentVolumeClaim is 2Gi, but request is 3Gi"
        )
        yield* claim("1Gi")
      })
    )
  )
})
