/** What a Pod gets of its RuntimeClass, and what is refused, in upstream's words. */
import { assert, describe, it } from "@effect/vitest"
import { Effect, Layer } from "effect"
import type { WireObject } from "../../kernel/client/Api.ts"
import { Admissions } from "../../kernel/pipeline/Policy.ts"
import * as Admission from "../../plugins/admission/runtime-class/RuntimeClass.ts"
import * as Tolerations from "../../plugins/admission/runtime-class/Tolerations.ts"
import { Pod, type PodSpec } from "../../plugins/resources/contracts/core/v1.ts"
import { RuntimeClass } from "../../plugins/resources/contracts/node/v1.ts"
import * as MemoryClient from "../network/MemoryClient.ts"
import { admitted } from "./Admitted.ts"

const admit = Effect.fnUntraced(function* (spec: object) {
  const attributes = {
    user: { name: "jane", groups: [] },
    verb: "create",
    group: "",
    version: "v1",
    resource: "pods",
    subresource: "",
    namespace: "default",
    name: "web"
  } as const
  let object: WireObject = { metadata: { name: "web" }, spec: { containers: [], ...spec } }
  const all = (yield* Admissions).all()
  for (const { mutate } of all)
    object = (yield* mutate?.(admitted(attributes, Pod, { object })) ?? Effect.undefined) ?? object
  for (const { validate } of all) yield* validate?.(admitted(attributes, Pod, { object })) ?? Effect.void
  return (object as unknown as { readonly spec: PodSpec }).spec
})
const refused = (spec: object) =>
  Effect.map(Effect.flip(admit(spec)), (error) => ("detail" in error ? error.detail : error._tag))

const objects = new MemoryClient.Objects()
objects.put(RuntimeClass, { metadata: { name: "plain" }, handler: "runc" })
objects.put(RuntimeClass, {
  metadata: { name: "heavy" },
  handler: "kata",
  overhead: { podFixed: { cpu: "250m", memory: "120Mi" } },
  scheduling: {
    nodeSelector: { kata: "yes" },
    tolerations: [{ key: "kata", operator: "Exists", effect: "NoSchedule" }]
  }
})
const layer = Admission.layer.pipe(Layer.provideMerge(Admissions.layer), Layer.provide(MemoryClient.layer(objects)))

describe("runtime-class", () => {
  it.effect("gives overhead, node selector and tolerations", () =>
    Effect.gen(function* () {
      const { nodeSelector, overhead, tolerations } = yield* admit({
        runtimeClassName: "heavy",
        nodeSelector: { disk: "fast" },
        tolerations: [{ key: "kata", operator: "Equal", value: "x", effect: "NoSchedule" }]
      })
      assert.deepStrictEqual(overhead, { cpu: "250m", memory: "120Mi" })
      assert.deepStrictEqual(nodeSelector, { disk: "fast", kata: "yes" })
      assert.deepStrictEqual(tolerations, [{ key: "kata", operator: "Exists", effect: "NoSchedule" }])
      const plain: object = yield* admit({ runtimeClassName: "plain" })
      assert.deepStrictEqual(plain, { containers: [], runtimeClassName: "plain" })
      const same = yield* admit({ runtimeClassName: "heavy", overhead: { cpu: "0.25", memory: "120Mi" } })
      assert.deepStrictEqual(same.overhead, { cpu: "250m", memory: "120Mi" })
    }).pipe(Effect.provide(layer))
  )

  it.effect("refuses what is not there, and what does not match", () =>
    Effect.gen(function* () {
      assert.strictEqual(yield* refused({ runtimeClassName: "none" }), 'pod rejected: RuntimeClass "none" not found')
      assert.strictEqual(
        yield* refused({ runtimeClassName: "heavy", overhead: { cpu: "1" } }),
        "pod rejected: Pod's Overhead doesn't match RuntimeClass's defined Overhead"
      )
      for (const runtimeClassName of ["plain", undefined]) {
        assert.strictEqual(
          yield* refused({ runtimeClassName, overhead: { cpu: "1" } }),
          "pod rejected: Pod Overhead set without corresponding RuntimeClass defined Overhead"
        )
      }
      assert.strictEqual(
        yield* refused({ runtimeClassName: "heavy", nodeSelector: { kata: "no" } }),
        "conflict: runtimeClass.scheduling.nodeSelector[kata] = yes; pod.spec.nodeSelector[kata] = no"
      )
    }).pipe(Effect.provide(layer))
  )

  it("tolerations that another covers are left out", () => {
    const all = { operator: "Exists" }
    const some = { key: "a", operator: "Exists", effect: "NoExecute", tolerationSeconds: 10 }
    const longer = { ...some, tolerationSeconds: 20 }
    assert.deepStrictEqual(Tolerations.merge([some], [all]), [all])
    assert.deepStrictEqual(Tolerations.merge([some, some], [longer]), [longer])
    const equal = { key: "a", operator: "Equal", value: "1" }
    const other = { ...equal, value: "2" }
    assert.deepStrictEqual(Tolerations.merge([equal], [other, equal]), [equal, other])
  })
})
