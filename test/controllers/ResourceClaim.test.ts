/** Claims are made of templates, once; they are given back when nobody uses them. */
import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import { Client } from "../../kernel/client/Client.ts"
import * as Generated from "../../plugins/controllers/resourceclaim/Generated.ts"
import { finalizer } from "../../plugins/controllers/resourceclaim/Reservations.ts"
import * as ResourceClaims from "../../plugins/controllers/resourceclaim/ResourceClaim.ts"
import { Event, Pod } from "../../plugins/resources/contracts/core/v1.ts"
import { ResourceClaim, ResourceClaimTemplate } from "../../plugins/resources/contracts/resource/v1.ts"
import { at, server, when } from "./Cluster.ts"

const devices = { requests: [{ name: "r", exactly: { deviceClassName: "gpu" } }] }
const containers = [{ name: "c", image: "i" }]
const template = { metadata: at("t"), spec: { metadata: { labels: { a: "b" } }, spec: { devices } } }
const ofTemplate = (name: string) => ({ name, resourceClaimTemplateName: "t" })
const provided = Effect.provide(server(ResourceClaims.plugin))

/** As the scheduler does it. */
const allocate = Effect.fnUntraced(function* (name: string, ...reservers: ReadonlyArray<Pod>) {
  const client = yield* Client
  const claim = yield* client.get(ResourceClaim, at(name))
  const finalized = yield* client.update(ResourceClaim, {
    ...claim,
    metadata: { ...claim.metadata, finalizers: [finalizer] }
  })
  const results = [{ request: "r", driver: "d.example.com", pool: "p", device: "x" }]
  const reservedFor = reservers.map(({ metadata: { name, uid } }) => ({ resource: "pods", name, uid }))
  const status = { allocation: { devices: { results } }, ...(reservedFor.length > 0 && { reservedFor }) }
  return yield* client.update(ResourceClaim, { ...finalized, status }, { subresource: "status" })
})

const finish = Effect.fnUntraced(function* (name: string) {
  const client = yield* Client
  const pod = yield* client.get(Pod, at(name))
  yield* client.update(Pod, { ...pod, status: { ...pod.status, phase: "Succeeded" } }, { subresource: "status" })
})

describe("resource claims", () => {
  it.live("each template of a Pod becomes a claim of its own, made again if somebody deletes it", () =>
    Effect.gen(function* () {
      const client = yield* Client
      yield* client.create(ResourceClaimTemplate, template)
      const resourceClaims = [ofTemplate("one"), ofTemplate("two"), { name: "own", resourceClaimName: "mine" }]
      const made = yield* client.create(Pod, { metadata: at("p"), spec: { containers, resourceClaims } })
      const [pod] = yield* when(Pod, ([one]) => one?.status.resourceClaimStatuses?.length === 2)
      const claims = yield* when(ResourceClaim, (all) => all.length === 2)
      const names = claims.map(({ metadata }) => [metadata.annotations?.[Generated.annotation], metadata.name])
      const told = pod?.status.resourceClaimStatuses?.map((one) => [one.name, one.resourceClaimName])
      assert.deepStrictEqual(Object.fromEntries(names), Object.fromEntries(told ?? []))
      for (const { metadata, spec } of claims) {
        assert.match(metadata.name, /^p-(one|two)-.{5}$/)
        assert.deepStrictEqual(metadata.labels, { a: "b" })
        assert.strictEqual(metadata.ownerReferences?.[0]?.uid, made.metadata.uid)
        assert.strictEqual(spec.devices.requests?.[0]?.exactly?.deviceClassName, "gpu")
      }
      const lost = claims[0]?.metadata.name ?? ""
      yield* client.delete(ResourceClaim, at(lost))
      const names2 = (all: ReadonlyArray<ResourceClaim>) => all.map(({ metadata }) => metadata.name)
      const again = yield* when(ResourceClaim, (all) => all.length === 2 && !names2(all).includes(lost))
      yield* when(
        Pod,
        ([one]) =>
          one?.status.resourceClaimStatuses?.every(({ resourceClaimName = "" }) =>
            names2(again).includes(resourceClaimName)
          ) === true
      )
    }).pipe(provided)
  )

  it.live("a template that is missing is told of, and waited for", () =>
    Effect.gen(function* () {
      const client = yield* Client
      yield* client.create(Pod, { metadata: at("p"), spec: { containers, resourceClaims: [ofTemplate("one")] } })
      const [event] = yield* when(Event, (all) => all.length === 1)
      assert.strictEqual(event?.reason, "FailedResourceClaimCreation")
      assert.strictEqual(
        event?.message,
        'PodResourceClaim one: resource claim template "t": resourceclaimtemplate.resource.k8s.io "t" not found'
      )
      yield* client.create(ResourceClaimTemplate, template)
      yield* when(Pod, ([one]) => one?.status.resourceClaimStatuses?.length === 1)
    }).pipe(provided)
  )

  it.live("a Pod that is over gives its claims back; the one that was made for it goes", () =>
    Effect.gen(function* () {
      const client = yield* Client
      yield* client.create(ResourceClaimTemplate, template)
      yield* client.create(ResourceClaim, { metadata: at("shared"), spec: { devices } })
      const resourceClaims = [ofTemplate("one"), { name: "own", resourceClaimName: "shared" }]
      const create = (name: string) => client.create(Pod, { metadata: at(name), spec: { containers, resourceClaims } })
      const pods = [yield* create("p"), yield* create("q")]
      const all = yield* when(ResourceClaim, (all) => all.length === 3)
      const generated = all.find((one) => Generated.podOf(one)?.name === "p")?.metadata.name ?? ""
      yield* allocate("shared", ...pods)
      yield* allocate(generated, ...pods.slice(0, 1))
      yield* finish("p")
      const one = (all: ReadonlyArray<ResourceClaim>) => all.find(({ metadata }) => metadata.name === "shared")
      yield* when(ResourceClaim, (all) => all.length === 2 && one(all)?.status.reservedFor?.length === 1)
      yield* client.delete(Pod, at("q"), { gracePeriodSeconds: 0 })
      const left = yield* when(ResourceClaim, (all) => (one(all)?.metadata.finalizers ?? []).length === 0)
      assert.deepStrictEqual(one(left)?.status, {})
    }).pipe(provided)
  )

  it.live("who is bound by somebody else gets its claim reserved; who only might be one that is not seen yet is kept", () =>
    Effect.gen(function* () {
      const client = yield* Client
      yield* client.create(ResourceClaim, { metadata: at("shared"), spec: { devices } })
      const other = { resource: "widgets", apiGroup: "example.com", name: "w", uid: "u" }
      const claim = yield* allocate("shared")
      const status = { ...claim.status, reservedFor: [other] }
      yield* client.update(ResourceClaim, { ...claim, status }, { subresource: "status" })
      const resourceClaims = [{ name: "own", resourceClaimName: "shared" }]
      yield* client.create(Pod, { metadata: at("p"), spec: { containers, resourceClaims, nodeName: "n" } })
      const [held] = yield* when(ResourceClaim, ([one]) => one?.status.reservedFor?.length === 2)
      assert.deepStrictEqual(
        held?.status.reservedFor?.map(({ name }) => name),
        ["w", "p"]
      )
    }).pipe(provided)
  )

  it("both parts of a long name are cut", () => {
    assert.strictEqual(Generated.prefixOf("web", "gpu"), "web-gpu-")
    const long = Generated.prefixOf("p".repeat(60), "c".repeat(20))
    assert.isAtMost(long.length, 58)
    assert.match(long, /^p+-c+$/)
  })
})
