/** Patches and applies on built-in kinds, through the pipeline: as kubectl and Helm write. */
import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import { TestClock } from "effect/testing"
import { kernel } from "./Kernel.ts"
import { Api } from "../../kernel/client/Api.ts"

const at = { group: "apps", version: "v1", resource: "deployments", namespace: "default", name: "web" }
const web = (replicas: number | undefined, more = {}) => ({
  apiVersion: "apps/v1",
  kind: "Deployment",
  metadata: { name: "web", namespace: "default", labels: { app: "web" } },
  spec: {
    ...(replicas !== undefined && { replicas }),
    selector: { matchLabels: { app: "web" } },
    template: {
      metadata: { labels: { app: "web" } },
      spec: { containers: [{ name: "web", image: "nginx", ports: [{ containerPort: 80 }] }] }
    },
    ...more
  }
})

describe("apply", () => {
  it.effect("writes nothing later either, where what was said of nothing is all that differs", () =>
    Effect.gen(function* () {
      const api = yield* Api
      const { metadata, ...rest } = web(2)
      const body = { ...rest, metadata: { ...metadata, finalizers: [] } }
      const apply = api.patch({ ...at, type: "apply", body, fieldManager: "helm" })
      const one = yield* apply
      yield* TestClock.adjust("5 seconds")
      assert.deepStrictEqual(yield* apply, one)
    }).pipe(Effect.provide(kernel))
  )

  it.layer(kernel, { excludeTestServices: true })((it) => {
    it.effect("creates, changes nothing when repeated, and lets go", () =>
      Effect.gen(function* () {
        const api = yield* Api
        const apply = (body: ReturnType<typeof web>, fieldManager: string, force = false) =>
          api.patch({ ...at, type: "apply", body, force, fieldManager })
        const one = yield* apply(web(2), "helm")
        assert.deepInclude(one["spec"], { replicas: 2, progressDeadlineSeconds: 600 })
        const two = yield* apply(web(2), "helm")
        assert.deepStrictEqual(two, one, "nothing changed, nothing is written")
        const scaled = yield* api.patch({
          ...at,
          type: "merge",
          body: { spec: { replicas: 5 } },
          subresource: "scale",
          fieldManager: "kubectl"
        })
        assert.deepInclude(scaled["spec"], { replicas: 5 })
        const conflict = yield* Effect.flip(apply(web(2), "helm"))
        assert.deepInclude(conflict, { _tag: "ApplyConflict" })
        const left = yield* apply(web(undefined), "helm")
        assert.deepInclude(left["spec"], { replicas: 5 })
        const forced = yield* apply(web(3), "helm", true)
        assert.deepInclude(forced["spec"], { replicas: 3 })
      })
    )

    it.effect("takes strategic patches of kubectl", () =>
      Effect.gen(function* () {
        const api = yield* Api
        const body = {
          spec: {
            template: {
              spec: {
                containers: [
                  { name: "web", image: "nginx:2" },
                  { name: "log", image: "log" }
                ]
              }
            }
          }
        }
        const patched = yield* api.patch({ ...at, type: "strategic", body })
        const text = JSON.stringify(patched["spec"])
        assert.include(text, '"image":"nginx:2"')
        assert.include(text, '"containerPort":80')
      })
    )
  })
})
