/** The API in memory keeps the laws that the real ones keep, also through a slot and from a thread. */
import { assert, it } from "@effect/vitest"
import { Effect, Layer, Stream } from "effect"
import * as MemoryApi from "../../adapters/memory/MemoryApi.ts"
import * as Api from "../../conformance/Api.ts"
import * as ApiClient from "../../kernel/client/ApiClient.ts"
import { Client } from "../../kernel/client/Client.ts"
import * as Worker from "../../kernel/plugin/Worker.ts"
import { Pod } from "../../plugins/resources/contracts/core/v1.ts"
import { installed, sabotage, verify } from "../Verify.ts"

const module = new URL("../../adapters/memory/MemoryApi.ts", import.meta.url)

verify("in memory", Api.suite, MemoryApi.layer())
verify("in memory, through a slot and a thread", Api.suite, installed(Worker.isolate(MemoryApi.plugin, module)))
sabotage(Api.suite, MemoryApi.layer())

const key = { namespace: "default", name: "a" }
const draft = { metadata: { ...key, finalizers: ["test/hold"] }, spec: { containers: [{ name: "a", image: "a" }] } }
const client = Layer.provide(ApiClient.layer, MemoryApi.layer())

it.effect("a Pod is bound once, counts its generations, and goes when its grace is over and nobody holds it", () =>
  Effect.gen(function* () {
    const client = yield* Client
    const { metadata } = yield* client.create(Pod, draft)
    assert.strictEqual(metadata.generation, 1)
    const binding = { apiVersion: "v1", kind: "Binding", metadata: { name: "a" }, target: { kind: "Node", name: "node" } }
    yield* client.post(Pod, key, "binding", binding)
    assert.strictEqual((yield* Effect.flip(client.post(Pod, key, "binding", binding)))._tag, "Conflict")
    const bound = yield* client.get(Pod, key)
    assert.strictEqual(bound.spec.nodeName, "node")
    const status = { ...bound.status, phase: "Running" }
    const running = yield* client.update(Pod, { ...bound, status }, { subresource: "status" })
    assert.deepStrictEqual([running.status.phase, running.metadata.generation], ["Running", bound.metadata.generation])
    yield* client.delete(Pod, key)
    const marked = yield* client.get(Pod, key)
    assert.strictEqual(marked.metadata.deletionGracePeriodSeconds, 30)
    yield* client.delete(Pod, key, { gracePeriodSeconds: 0 })
    const held = yield* client.get(Pod, key)
    assert.strictEqual(held.metadata.deletionGracePeriodSeconds, 0)
    yield* client.patch(Pod, key, "merge", { metadata: { finalizers: null } })
    assert.strictEqual((yield* Effect.flip(client.get(Pod, key)))._tag, "NotFound")
  }).pipe(Effect.provide(client))
)

it.effect("patches of each type do what the type says, and a patch that changes nothing writes nothing", () =>
  Effect.gen(function* () {
    const client = yield* Client
    yield* client.create(Pod, draft)
    const image = (image: string) => ({ spec: { containers: [{ name: "a", image }] } })
    const strategic = yield* client.patch(Pod, key, "strategic", image("b"))
    assert.deepInclude(strategic.spec.containers[0], { image: "b", terminationMessagePolicy: "File" })
    const again = yield* client.patch(Pod, key, "strategic", image("b"))
    assert.strictEqual(again.metadata.resourceVersion, strategic.metadata.resourceVersion)
    const json = yield* client.patch(Pod, key, "json", [{ op: "replace", path: "/spec/containers/0/image", value: "c" }])
    assert.strictEqual(json.spec.containers[0]?.image, "c")
    const applied = yield* client.patch(Pod, { ...key, name: "new" }, "apply", { metadata: { name: "new" }, ...image("d") })
    assert.strictEqual(applied.metadata.name, "new")
    const ours = client.watch(Pod, { fieldSelector: "metadata.name=new" })
    const [first] = yield* Stream.runCollect(Stream.take(ours, 1))
    assert.deepStrictEqual(first?.events, [{ _tag: "Snapshot", objects: [applied] }])
  }).pipe(Effect.provide(client))
)
