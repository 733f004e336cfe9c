/** What a node agent may: its roles, less what is another node's. */
import { assert, describe, it } from "@effect/vitest"
import { Effect, Layer } from "effect"
import { Actions } from "../../kernel/pipeline/Actions.ts"
import { decide } from "../../kernel/pipeline/Authorize.ts"
import { Admissions, Authorizers } from "../../kernel/pipeline/Policy.ts"
import type { Any } from "../../kernel/resource/Kind.ts"
import * as Authorization from "../../plugins/authorization/Authorization.ts"
import * as Bootstrap from "../../plugins/authorization/Bootstrap.ts"
import { Lease } from "../../plugins/resources/contracts/coordination/v1.ts"
import { ConfigMap, Node, Pod } from "../../plugins/resources/contracts/core/v1.ts"
import * as MemoryClient from "../network/MemoryClient.ts"
import { admitted } from "../admission/Admitted.ts"

const user = { name: "system:node:n1", groups: ["system:nodes", "system:authenticated"] }

const podOn = (nodeName: string, name: string) => ({
  metadata: { namespace: "dev", name, labels: {} },
  spec: {
    nodeName,
    imagePullSecrets: [{ name: `${name}-registry` }],
    containers: [
      { name: "c", image: "i", env: [{ name: "A", valueFrom: { secretKeyRef: { name: `${name}-env`, key: "k" } } }] }
    ],
    volumes: [
      { name: "v", secret: { secretName: `${name}-volume` } },
      { name: "p", projected: { sources: [{ configMap: { name: `${name}-projected` } }] } }
    ]
  }
})

const run = <A, E>(test: Effect.Effect<A, E, Admissions | Authorizers>) => {
  const objects = new MemoryClient.Objects()
  objects.put(Pod, podOn("n1", "mine"))
  objects.put(Pod, podOn("n2", "other"))
  const registries = Layer.mergeAll(Authorizers.layer, Admissions.layer, Actions.layer)
  const policy = Layer.mergeAll(Authorization.layer, Bootstrap.layer)
  const layer = policy.pipe(Layer.provideMerge(registries), Layer.provide(MemoryClient.layer(objects)))
  return Effect.provide(test, layer)
}

const refusal = (verb: string, resource: string, name = "", namespace = "dev") =>
  Effect.map(Authorizers, (authorizers) => {
    const at = { user, verb, group: "", version: "v1", resource, subresource: "", namespace, name }
    return decide({ authorizers }, at)
  })

const admit = (kind: Any, verb: string, at: { readonly namespace: string; readonly name: string }, more: object) =>
  Effect.gen(function* () {
    const { group } = kind.versions[0]
    const attributes = { user, verb, group, version: "v1", resource: kind.plural, subresource: "", ...at }
    const request = admitted(attributes, kind, more)
    for (const { validate } of (yield* Admissions).all()) yield* validate?.(request) ?? Effect.void
  })
const refused = (...args: Parameters<typeof admit>) =>
  Effect.map(Effect.flip(admit(...args)), (error) => ("detail" in error ? error.detail : error._tag))

describe("a node agent", () => {
  it.effect("reads what its own Pods refer to, by name, and nothing else", () =>
    run(
      Effect.gen(function* () {
        for (const name of ["mine-registry", "mine-env", "mine-volume"]) {
          assert.isUndefined(yield* refusal("get", "secrets", name), name)
        }
        assert.isUndefined(yield* refusal("watch", "configmaps", "mine-projected"))
        const why = "no relationship found between node 'n1' and this object"
        assert.include(yield* refusal("get", "secrets", "other-env"), why)
        assert.include(yield* refusal("get", "secrets", "mine-env", "prod"), why)
        assert.include(yield* refusal("get", "configmaps", "mine-env"), why)
        assert.include(yield* refusal("list", "secrets"), "No Object name found")
        assert.isUndefined(yield* refusal("list", "services"))
      })
    )
  )

  it.effect("changes itself, and no other node", () =>
    run(
      Effect.gen(function* () {
        const at = (name: string) => ({ namespace: "", name })
        const object = { metadata: { name: "n1", labels: { a: "b" } }, spec: {} }
        yield* admit(Node, "create", at("n1"), { object })
        yield* admit(Node, "update", at("n1"), { object, old: object })
        const mine = { ...object, metadata: { name: "n1", labels: { "x.node-restriction.kubernetes.io/a": "b" } } }
        assert.include(
          yield* refused(Node, "update", at("n1"), { object: mine, old: object }),
          "is not allowed to set labels"
        )
        const tainted = { ...object, spec: { taints: [{ key: "a", effect: "NoExecute" }] } }
        assert.include(yield* refused(Node, "update", at("n1"), { object, old: tainted }), "is not allowed to modify taints")
        assert.include(
          yield* refused(Node, "update", at("n2"), { object, old: object }),
          'is not allowed to modify node "n2"'
        )
        assert.include(yield* refused(Node, "delete", at("n1"), { old: object }), "is not allowed to delete node")
        yield* admit(Lease, "update", { namespace: "kube-node-lease", name: "n1" }, { object })
        assert.include(
          yield* refused(Lease, "update", { namespace: "kube-node-lease", name: "n2" }, { object }),
          "same name"
        )
        assert.include(
          yield* refused(Lease, "update", { namespace: "kube-system", name: "n1" }, { object }),
          "kube-node-lease"
        )
      })
    )
  )

  it.effect("reports on its own Pods, and removes only those", () =>
    run(
      Effect.gen(function* () {
        const [mine, other] = [podOn("n1", "mine"), podOn("n2", "other")]
        const at = { namespace: "dev", name: "x" }
        yield* admit(Pod, "update", at, { object: mine, old: mine })
        yield* admit(Pod, "delete", at, { old: mine })
        assert.include(yield* refused(Pod, "update", at, { object: mine, old: other }), "spec.nodeName set to itself")
        assert.include(yield* refused(Pod, "delete", at, { old: other }), "can only delete pods")
        assert.include(yield* refused(Pod, "create", at, { object: mine }), "can only create mirror pods")
        const mirror = {
          metadata: { ...mine.metadata, annotations: { "kubernetes.io/config.mirror": "x" } },
          spec: { nodeName: "n1", containers: [] }
        }
        yield* admit(Pod, "create", at, { object: mirror })
        const greedy = { ...mirror, spec: { ...mirror.spec, serviceAccountName: "admin" } }
        assert.include(yield* refused(Pod, "create", at, { object: greedy }), "service account")
        yield* admit(ConfigMap, "create", at, { object: { metadata: { name: "x" } } })
      })
    )
  )
})
