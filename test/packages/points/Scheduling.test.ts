/** The points of the scheduling framework from threads of their own: each example in a cluster, and what becomes of Pods by it. */
import { assert, it } from "@effect/vitest"
import { Effect } from "effect"
import { Plugin, PluginConfiguration } from "../../../plugins/packages/contracts/v1alpha1.ts"
import { Namespace, Node, Pod } from "../../../plugins/resources/contracts/core/v1.ts"
import { TestCluster } from "../../../testing/TestCluster.ts"
import { load } from "./Asking.ts"

const namespace = "default"
const within = "2 minutes"

interface Wanted {
  readonly in?: string
  readonly labels?: { readonly [label: string]: string }
  readonly cpu?: string
}

const of = (pods: ReadonlyArray<Pod>, name: string) => pods.find(({ metadata }) => metadata.name === name)
const isPlaced = (pod: Pod | undefined) => (pod?.spec.nodeName ?? "") !== ""
const annotation = (pods: ReadonlyArray<Pod>, name: string, key: string) => of(pods, name)?.metadata.annotations?.[key]

const run = (name: string, { cpu = "0", in: at = namespace, labels = {} }: Wanted = {}) =>
  Effect.flatMap(TestCluster, ({ client }) =>
    client.create(Pod, {
      metadata: { name, namespace: at, labels },
      spec: { containers: [{ name: "c", image: "i", resources: { requests: { cpu } } }], terminationGracePeriodSeconds: 0 }
    })
  )
const until = (holds: (pods: ReadonlyArray<Pod>) => boolean) =>
  Effect.flatMap(TestCluster, ({ until }) => until(Pod, holds, within))
const placed = (...names: ReadonlyArray<string>) => until((pods) => names.every((name) => isPlaced(of(pods, name))))
const says = (name: string, words: string) =>
  until((pods) => of(pods, name)?.status.conditions?.some(({ message = "" }) => message.includes(words)) === true)

const pause = (name: string, paused: string | null) =>
  Effect.flatMap(TestCluster, ({ client }) =>
    client.patch(Namespace, { namespace: "", name }, "merge", { metadata: { labels: { paused } } })
  )

/** An example runs for so long. */
const withExample = <A, E, R>(name: string, use: Effect.Effect<A, E, R>, values?: object) =>
  Effect.gen(function* () {
    const { client, until } = yield* TestCluster
    const isGone = (plugins: ReadonlyArray<Plugin>) => plugins.every(({ metadata }) => metadata.name !== name)
    yield* Effect.acquireRelease(load(client, name, values === undefined ? {} : { values }), () =>
      Effect.andThen(
        Effect.ignore(client.delete(Plugin, { namespace: "", name })),
        Effect.orDie(until(Plugin, isGone, within))
      )
    )
    return yield* use
  }).pipe(Effect.scoped)

/** Before the plugin looks, so that it need not be waited for until it has seen them. */
const paused = (...names: ReadonlyArray<string>) =>
  Effect.flatMap(TestCluster, ({ client }) =>
    Effect.forEach(names, (name) => client.create(Namespace, { metadata: { name, labels: { paused: "yes" } } }), {
      discard: true
    })
  )

const kept = Effect.gen(function* () {
  yield* run("one", { in: "sea" })
  yield* run("two", { in: "bay" })
  yield* run("other")
  const pods = yield* placed("other")
  assert.isFalse(["one", "two"].some((name) => isPlaced(of(pods, name))))
  yield* pause("sea", null)
  assert.isFalse(isPlaced(of(yield* placed("one"), "two")))
})

const queue = Effect.gen(function* () {
  yield* paused("sea", "bay")
  yield* withExample("scheduler-queue", kept)
  // Who was kept out by a plugin that is gone comes in.
  yield* placed("two")
})

/** All come in at once, and there is room for half of them. */
const ordered = Effect.gen(function* () {
  const { client } = yield* TestCluster
  const { status } = yield* client.get(Node, { namespace: "", name: "node-1" })
  const cpu = `${Number(status.allocatable?.["cpu"]) * 250}m`
  const names = Array.from({ length: 8 }, (_, index) => `turn-${index}`)
  const [plain, urgent] = [names.slice(0, 4), names.slice(4)]
  for (const name of names) yield* run(name, { in: "lake", cpu, labels: plain.includes(name) ? {} : { urgent: "" } })
  yield* run("after-them")
  yield* placed("after-them")
  yield* pause("lake", null)
  yield* placed(...urgent)
  yield* Effect.forEach(plain, (name) => says(name, "Insufficient cpu"))
  yield* Effect.forEach(names, (name) => client.delete(Pod, { namespace: "lake", name }))
})

const slots = Effect.gen(function* () {
  const { client } = yield* TestCluster
  const labels = { slot: "" }
  yield* Effect.forEach(["slot-a", "slot-b"], (name) => run(name, { labels }), { concurrency: 2 })
  const pods = yield* placed("slot-a", "slot-b")
  const slotOf = (name: string) => annotation(pods, name, "slot")
  assert.deepStrictEqual(["slot-a", "slot-b"].map(slotOf).toSorted(), ["0", "1"])
  yield* run("slot-c", { labels })
  yield* says("slot-c", "1 node(s) had no free slot")
  yield* client.delete(Pod, { namespace, name: "slot-a" })
  assert.strictEqual(annotation(yield* placed("slot-c"), "slot-c", "slot"), slotOf("slot-a"))
})

const gang = Effect.gen(function* () {
  const labels = { gang: "crew", "gang-size": "3" }
  yield* run("crew-1", { labels })
  yield* run("crew-2", { labels })
  yield* run("nobody")
  const pods = yield* placed("nobody")
  assert.isFalse(["crew-1", "crew-2"].some((name) => isPlaced(of(pods, name))))
  yield* run("crew-3", { labels })
  yield* placed("crew-1", "crew-2", "crew-3")
  // Longer than a call may take here.
  yield* run("alone", { labels: { gang: "alone", "gang-size": "2" } })
  yield* says("alone", "the others of gang alone did not come in time")
})

const waited = Effect.gen(function* () {
  const { client } = yield* TestCluster
  const spec = { values: { patienceSeconds: 3 }, callTimeoutMillis: 1000 }
  yield* client.create(PluginConfiguration, { metadata: { name: "scheduler-permit" }, spec })
  yield* withExample("scheduler-permit", gang)
})

const room = Effect.gen(function* () {
  const { client } = yield* TestCluster
  const { status } = yield* client.get(Node, { namespace: "", name: "node-1" })
  const cpu = String(status.allocatable?.["cpu"])
  yield* run("spare", { cpu, labels: { spare: "" } })
  yield* placed("spare")
  yield* run("needy", { cpu })
  assert.isUndefined(of(yield* placed("needy"), "spare"))
  yield* run("hopeless", { cpu })
  yield* says("hopeless", "no spare Pods are in its way")
  yield* Effect.forEach(["needy", "hopeless"], (name) => client.delete(Pod, { namespace, name }))
})

const signed = Effect.gen(function* () {
  yield* run("signed", { labels: { signed: "" } })
  yield* run("plain")
  const pods = yield* placed("signed", "plain")
  assert.strictEqual(annotation(pods, "signed", "bound-by"), "scheduler-bind")
  assert.isUndefined(annotation(pods, "plain", "bound-by"))
})

it.layer(TestCluster.layer(), { excludeTestServices: true, timeout: "60 seconds" })("a package in a thread", (it) => {
  it.effect("keeps Pods out of the queue, lets them in again, and so does its end", () => queue, 180_000)
  it.effect("orders the queue", () => Effect.andThen(paused("lake"), withExample("scheduler-queue", ordered)), 180_000)
  it.effect("reserves, and takes back", () => withExample("scheduler-reserve", slots), 180_000)
  it.effect("lets Pods wait for one another", () => waited, 180_000)
  it.effect("makes room", () => withExample("scheduler-post-filter", room), 180_000)
  it.effect("binds", () => withExample("scheduler-bind", signed), 180_000)
})
