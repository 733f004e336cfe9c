import { assert, describe, it } from "@effect/vitest"
import { Effect, Fiber, Layer } from "effect"
import { TestClock } from "effect/testing"
import type { WireObject } from "../../kernel/client/Api.ts"
import { Admissions, Authorizers } from "../../kernel/pipeline/Policy.ts"
import type { Any } from "../../kernel/resource/Kind.ts"
import * as Admission from "../../plugins/admission/Admission.ts"
import { ConfigMap, Namespace, Pod, type PodSpec, ServiceAccount } from "../../plugins/resources/contracts/core/v1.ts"
import { PriorityClass } from "../../plugins/resources/contracts/scheduling/v1.ts"
import * as MemoryClient from "../network/MemoryClient.ts"
import { admitted } from "./Admitted.ts"

interface Asked {
  readonly kind?: Any
  readonly namespace?: string
  readonly deletes?: boolean
  readonly old?: WireObject
}

/** As the pipeline does: all mutate, then all validate. */
const admit = (object: WireObject, { deletes = false, kind = Pod, namespace = "default", old }: Asked = {}) =>
  Effect.gen(function* () {
    const all = (yield* Admissions).all()
    const attributes = {
      user: { name: "jane", groups: [] },
      verb: deletes ? "delete" : old ? "update" : "create",
      group: kind.versions[0].group,
      version: "v1",
      resource: kind.plural,
      subresource: "",
      namespace,
      name: (object["metadata"] as { name: string }).name
    }
    let current = object
    for (const { mutate } of deletes ? [] : all) {
      const request = admitted(attributes, kind, { object: current, ...(old && { old }) })
      current = (yield* mutate?.(request) ?? Effect.undefined) ?? current
    }
    const request = admitted(attributes, kind, deletes ? { old: current } : { object: current })
    for (const { validate } of all) yield* validate?.(request) ?? Effect.void
    return current as unknown as { spec: PodSpec }
  })
const refused = (...args: Parameters<typeof admit>) =>
  Effect.map(Effect.flip(admit(...args)), (error) => ("detail" in error ? error.detail : error._tag))

const pod = (spec: WireObject, metadata: WireObject = {}) => ({
  metadata: { name: "web", ...metadata },
  spec: { containers: [{ name: "c", image: "i" }], ...spec }
})

const run = <A, E>(test: (objects: MemoryClient.Objects) => Effect.Effect<A, E, Admissions>) => {
  const objects = new MemoryClient.Objects()
  objects.put(Namespace, { metadata: { name: "default" } })
  objects.put(Namespace, { metadata: { name: "going", deletionTimestamp: "2026-01-01T00:00:00Z" } })
  objects.put(ServiceAccount, { metadata: { namespace: "default", name: "default" } })
  objects.put(ServiceAccount, {
    metadata: { namespace: "default", name: "quiet" },
    automountServiceAccountToken: false,
    imagePullSecrets: [{ name: "registry" }]
  })
  const layer = Admission.layer.pipe(
    Layer.provideMerge(Admissions.layer),
    Layer.provide(Authorizers.layer),
    Layer.provide(MemoryClient.layer(objects))
  )
  return Effect.provide(test(objects), layer)
}

describe("admission", () => {
  it.effect("a Pod gets its account, and every container the account's files", () =>
    run(() =>
      Effect.gen(function* () {
        const own = { name: "own", mountPath: "/var/run/secrets/kubernetes.io/serviceaccount" }
        const containers = [
          { name: "a", image: "i" },
          { name: "b", image: "i", volumeMounts: [own] }
        ]
        const { spec } = yield* admit(pod({ containers, initContainers: [{ name: "init", image: "i" }] }))
        assert.strictEqual(spec.serviceAccountName, "default")
        const [volume] = spec.volumes ?? []
        assert.match(volume?.name ?? "", /^kube-api-access-[a-z0-9]{5}$/)
        assert.deepStrictEqual(
          volume?.projected?.sources?.map((source) => Object.keys(source)),
          [["serviceAccountToken"], ["configMap"], ["downwardAPI"]]
        )
        const mount = { name: volume?.name, readOnly: true, mountPath: own.mountPath }
        assert.deepStrictEqual<unknown>(
          [...(spec.initContainers ?? []), ...spec.containers].map(({ volumeMounts }) => volumeMounts),
          [[mount], [mount], [own]]
        )
      })
    )
  )

  it.effect("an account may say no to its token, and give pull secrets", () =>
    run(() =>
      Effect.gen(function* () {
        const { spec } = yield* admit(pod({ serviceAccountName: "quiet" }))
        assert.isUndefined(spec.volumes)
        assert.deepStrictEqual(spec.imagePullSecrets, [{ name: "registry" }])
        const asked = yield* admit(pod({ serviceAccountName: "quiet", automountServiceAccountToken: true }))
        assert.strictEqual(asked.spec.volumes?.length, 1)
        const mirror = yield* admit(pod({}, { annotations: { "kubernetes.io/config.mirror": "x" } }))
        assert.isUndefined(mirror.spec.serviceAccountName)
        assert.strictEqual(
          yield* refused(pod({ serviceAccountName: "gone" })),
          'error looking up service account default/gone: serviceaccount "gone" not found'
        )
      })
    )
  )

  it.effect("a Pod of a new namespace waits for the account that the namespace is about to get", () =>
    run((objects) =>
      Effect.gen(function* () {
        objects.put(Namespace, { metadata: { name: "new" } })
        const waiting = yield* Effect.forkChild(admit(pod({}, { namespace: "new" }), { namespace: "new" }))
        yield* TestClock.adjust("1 second")
        objects.put(ServiceAccount, { metadata: { namespace: "new", name: "default" } })
        yield* TestClock.adjust("1 second")
        assert.strictEqual((yield* Fiber.join(waiting)).spec.serviceAccountName, "default")
      })
    )
  )

  it.effect("tolerations are added for what a Pod does not speak of", () =>
    run(() =>
      Effect.gen(function* () {
        const keys = ({ spec }: { spec: PodSpec }) =>
          spec.tolerations?.map(({ key, tolerationSeconds }) => [key, tolerationSeconds])
        const [notReady, unreachable] = ["node.kubernetes.io/not-ready", "node.kubernetes.io/unreachable"]
        assert.deepStrictEqual(keys(yield* admit(pod({}))), [
          [notReady, 300],
          [unreachable, 300]
        ])
        const own = { key: unreachable, operator: "Exists", tolerationSeconds: 5 }
        assert.deepStrictEqual(keys(yield* admit(pod({ tolerations: [own] }))), [
          [unreachable, 5],
          [notReady, 300]
        ])
        const fewer = admit(pod({ tolerations: [own] }), { old: pod({}) })
        assert.strictEqual(keys(yield* fewer)?.length, 2)
        assert.deepStrictEqual(keys(yield* admit(pod({ tolerations: [{ operator: "Exists" }] }))), [[undefined, undefined]])
      })
    )
  )

  it.effect("nothing is made where there is no namespace, or where it is going", () =>
    run(() =>
      Effect.gen(function* () {
        const map = { metadata: { name: "m" } }
        yield* admit(map, { kind: ConfigMap })
        assert.strictEqual(yield* refused(map, { kind: ConfigMap, namespace: "none" }), "NotFound")
        assert.include(yield* refused(map, { kind: ConfigMap, namespace: "going" }), "because it is being terminated")
        yield* admit(map, { kind: ConfigMap, namespace: "going", deletes: true })
        const namespace = (name: string) => ({ metadata: { name } })
        const deletes = { kind: Namespace, namespace: "", deletes: true }
        assert.include(yield* refused(namespace("default"), deletes), "may not be deleted")
        yield* admit(namespace("dev"), deletes)
      })
    )
  )

  it.effect("a class's name becomes a priority", () =>
    run((objects) =>
      Effect.gen(function* () {
        assert.strictEqual((yield* admit(pod({}))).spec.priority, 0)
        const critical = yield* admit(pod({ priorityClassName: "system-node-critical" }))
        assert.strictEqual(critical.spec.priority, 2_000_001_000)
        assert.include(yield* refused(pod({ priorityClassName: "none" })), "no PriorityClass with name none was found")
        assert.include(yield* refused(pod({ priority: 7 })), "must not be provided in pod spec")
        objects.put(PriorityClass, { metadata: { name: "usual" }, value: 7, globalDefault: true, preemptionPolicy: "Never" })
        const { spec } = yield* admit(pod({}))
        assert.deepStrictEqual([spec.priorityClassName, spec.priority, spec.preemptionPolicy], ["usual", 7, "Never"])
        const second = { metadata: { name: "second" }, value: 8, globalDefault: true }
        assert.include(yield* refused(second, { kind: PriorityClass, namespace: "" }), "Only one default can exist")
      })
    )
  )
})
