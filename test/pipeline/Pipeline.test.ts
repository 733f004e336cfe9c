/** What the pipeline does beyond the laws of `Api`, through the client that programs use. */
import { assert, describe, it } from "@effect/vitest"
import { Effect, Fiber, Stream } from "effect"
import * as ApiSuite from "../../conformance/Api.ts"
import { Client } from "../../kernel/client/Client.ts"
import { Deployment } from "../../plugins/resources/contracts/apps/v1.ts"
import { ConfigMap, Pod } from "../../plugins/resources/contracts/core/v1.ts"
import { verify } from "../Verify.ts"
import { pipeline } from "./Pipeline.ts"

verify("on the pipeline", ApiSuite.suite, pipeline)

const at = (name: string) => ({ namespace: "default", name })
const template = { metadata: { labels: { app: "web" } }, spec: { containers: [{ name: "web", image: "web:1" }] } }

describe("the pipeline", () => {
  it.layer(pipeline, { excludeTestServices: true })((it) => {
    it.effect("fills in defaults, stamps, and says who owns what", () =>
      Effect.gen(function* () {
        const client = yield* Client
        const made = yield* client.create(Pod, {
          metadata: { generateName: "web-", namespace: "default" },
          spec: { containers: [{ name: "a", image: "b" }] }
        })
        assert.match(made.metadata.name, /^web-[a-z0-9]{5}$/)
        assert.strictEqual(made.spec.restartPolicy, "Always")
        assert.match(made.metadata.uid, /^[0-9a-f-]{36}$/)
        const [entry] = made.metadata.managedFields ?? []
        assert.deepInclude(entry, { manager: "tester", operation: "Update", apiVersion: "v1", fieldsType: "FieldsV1" })
        assert.deepStrictEqual(yield* client.get(Pod, at(made.metadata.name)), made)
      })
    )

    it.effect("counts generations by the spec, and keeps status apart", () =>
      Effect.gen(function* () {
        const client = yield* Client
        const made = yield* client.create(Deployment, {
          metadata: at("gen"),
          spec: { selector: { matchLabels: { app: "web" } }, template }
        })
        assert.strictEqual(made.metadata.generation, 1)
        const observed = yield* client.update(
          Deployment,
          { ...made, spec: { ...made.spec, replicas: 9 }, status: { replicas: 1 } },
          { subresource: "status" }
        )
        assert.deepStrictEqual([observed.metadata.generation, observed.spec.replicas, observed.status.replicas], [1, 1, 1])
        const scaled = yield* client.update(Deployment, { ...observed, spec: { ...observed.spec, replicas: 3 }, status: {} })
        assert.deepStrictEqual([scaled.metadata.generation, scaled.spec.replicas, scaled.status.replicas], [2, 3, 1])
        const again = yield* client.update(Deployment, scaled)
        assert.strictEqual(
          again.metadata.resourceVersion,
          scaled.metadata.resourceVersion,
          "nothing changed, nothing is written"
        )
      })
    )

    it.effect("keeps a marked object until its finalizers are gone", () =>
      Effect.gen(function* () {
        const client = yield* Client
        yield* client.create(ConfigMap, { metadata: { ...at("kept"), finalizers: ["example.com/hold"] } })
        yield* client.delete(ConfigMap, at("kept"))
        const marked = yield* client.get(ConfigMap, at("kept"))
        assert.isDefined(marked.metadata.deletionTimestamp)
        const { finalizers: _, ...metadata } = marked.metadata
        yield* client.update(ConfigMap, { ...marked, metadata })
        assert.strictEqual((yield* client.find(ConfigMap, at("kept")))._tag, "None")
      })
    )

    it.effect("gives a Pod its grace, and takes it with a second delete", () =>
      Effect.gen(function* () {
        const client = yield* Client
        yield* client.create(Pod, { metadata: at("graceful"), spec: { containers: [{ name: "a", image: "b" }] } })
        yield* client.delete(Pod, at("graceful"))
        assert.strictEqual((yield* client.get(Pod, at("graceful"))).metadata.deletionGracePeriodSeconds, 30)
        yield* client.delete(Pod, at("graceful"), { gracePeriodSeconds: 0 })
        assert.strictEqual((yield* client.find(Pod, at("graceful")))._tag, "None")
      })
    )

    it.effect("applies: creates, owns, conflicts, and lets go of what is no longer applied", () =>
      Effect.gen(function* () {
        const client = yield* Client
        const body = (data: { readonly [key: string]: string }) => ({
          apiVersion: "v1",
          kind: "ConfigMap",
          metadata: at("applied"),
          data
        })
        const apply = (data: { readonly [key: string]: string }, fieldManager: string) =>
          client.patch(ConfigMap, at("applied"), "apply", body(data), { fieldManager })
        yield* apply({ a: "1", b: "1" }, "one")
        yield* apply({ c: "2" }, "two")
        const both = yield* apply({ a: "1" }, "one")
        assert.deepStrictEqual(both.data, { a: "1", c: "2" })
        const same = yield* apply({ a: "1" }, "one")
        assert.strictEqual(same.metadata.resourceVersion, both.metadata.resourceVersion)
      })
    )

    it.effect("lets one of many concurrent writers of a version win, and retries those that named none", () =>
      Effect.gen(function* () {
        const client = yield* Client
        const first = yield* client.create(ConfigMap, { metadata: at("raced"), data: { n: "0" } })
        const [losers, winners] = yield* Effect.partition(
          Array.from({ length: 8 }, (_, n) => n),
          (n) => client.update(ConfigMap, { ...first, data: { n: `${n + 1}` } }),
          { concurrency: "unbounded" }
        )
        assert.strictEqual(Math.max(winners.length, losers.length), 7)
        yield* Effect.forEach(
          Array.from({ length: 8 }, (_, n) => n),
          (n) => client.patch(ConfigMap, at("raced"), "merge", { data: { [`k${n}`]: "x" } }),
          { concurrency: "unbounded" }
        )
        assert.strictEqual(Object.keys((yield* client.get(ConfigMap, at("raced"))).data ?? {}).length, 9)
      })
    )

    it.effect("watches in order, with its own writes in every cache", () =>
      Effect.gen(function* () {
        const client = yield* Client
        const cache = yield* client.cache(ConfigMap, { indexes: { byName: ({ metadata }: ConfigMap) => [metadata.name] } })
        const seen = yield* Effect.forkChild(
          Stream.runCollect(
            Stream.take(
              Stream.flatMap(client.watch(ConfigMap, { fieldSelector: "metadata.name=seen" }), ({ events }) =>
                Stream.fromIterable(events)
              ),
              4
            )
          )
        )
        yield* Effect.yieldNow
        yield* client.create(ConfigMap, { metadata: at("seen"), data: { n: "1" } })
        assert.strictEqual(cache.by("byName", "seen").length, 1)
        yield* client.patch(ConfigMap, at("seen"), "merge", { data: { n: "2" } })
        yield* client.delete(ConfigMap, at("seen"))
        assert.strictEqual(cache.by("byName", "seen").length, 0)
        const events = yield* Fiber.join(seen)
        assert.deepStrictEqual(
          events.map(({ _tag }) => _tag),
          ["Snapshot", "Applied", "Applied", "Deleted"]
        )
      })
    )

    it.effect("refuses unknown fields when asked to, and names every mistake", () =>
      Effect.gen(function* () {
        const client = yield* Client
        const error = yield* Effect.flip(client.create(Pod, { metadata: at("Bad_Name"), spec: { containers: [] } }))
        assert.strictEqual(error._tag, "Invalid")
      })
    )
  })
})
