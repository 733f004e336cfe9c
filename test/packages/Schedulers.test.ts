/** The scheduler of a cluster is swapped while Pods keep coming: for one from a directory, for another, and back. */
import * as NodeServices from "@effect/platform-node/NodeServices"
import { assert, describe, it } from "@effect/vitest"
import { Effect, Fiber, FileSystem, Schedule, Stream } from "effect"
import { join } from "node:path"
import { fileURLToPath } from "node:url"
import type { Client } from "../../kernel/client/Client.ts"
import { Plugin } from "../../plugins/packages/contracts/v1alpha1.ts"
import { Event, Node, Pod } from "../../plugins/resources/contracts/core/v1.ts"
import { cluster } from "./Cluster.ts"

type Cluster = Client["Service"]
const examples = fileURLToPath(new URL("../../examples/", import.meta.url))
const key = { namespace: "", name: "ours" }
const namespace = "default"

/** From a directory outside of the project. */
const copied = Effect.fnUntraced(function* (home: string, example: string) {
  const files = yield* FileSystem.FileSystem
  const directory = join(home, example)
  yield* files.copy(join(examples, example), directory)
  return directory
})

const often = { schedule: Schedule.spaced("50 millis"), times: 1200 }
const eventually = <A, E, R>(what: string, look: Effect.Effect<A, E, R>, holds: (found: A) => boolean) =>
  Effect.retry(
    Effect.flatMap(look, (found) =>
      holds(found) ? Effect.succeed(found) : Effect.fail(new Error(`${what} did not come to be: ${JSON.stringify(found)}`))
    ),
    often
  )

/** Pods that keep coming, and what else is asked of the API meanwhile. */
const load = Effect.fnUntraced(function* (client: Cluster) {
  const failed: Array<string> = []
  const names: Array<string> = []
  let [goesOn, sent] = [true, 0]
  const asked = <A, E extends Error>(what: string, request: Effect.Effect<A, E>) =>
    Effect.matchEffect(request, {
      onFailure: (error) => Effect.sync(() => void failed.push(`${what}: ${error.message}`)),
      onSuccess: () => Effect.sync(() => void sent++)
    })
  const one = Effect.fnUntraced(function* (line: number) {
    for (let index = 0; goesOn; index++) {
      const name = `pod-${line}-${index}`
      const labels = { line: `${line}` }
      yield* asked("create", client.create(Pod, { metadata: { namespace, name, labels }, spec: { containers } }))
      names.push(name)
      yield* asked("patch", client.patch(Pod, { namespace, name }, "merge", { metadata: { labels: { seen: "yes" } } }))
      yield* asked("get", client.get(Pod, { namespace, name }))
      yield* asked("list", client.list(Node))
      yield* Effect.sleep("20 millis")
    }
  })
  const lines = yield* Effect.forkScoped(Effect.forEach([1, 2, 3, 4], one, { concurrency: 4, discard: true }))
  const end = Effect.andThen(
    Effect.sync(() => (goesOn = false)),
    Fiber.join(lines)
  )
  return { names, failed, sent: () => sent, end }
})
const containers = [{ name: "c", image: "i" }]

/** To which nodes the API has shown each Pod to be bound. */
const watched = Effect.fnUntraced(function* (client: Cluster) {
  const pods = yield* client.cache(Pod, { indexes: {} })
  const nodes = new Map<string, Set<string>>()
  const see = ({ metadata: { name }, spec: { nodeName } }: Pod) => {
    if (nodeName) nodes.set(name, (nodes.get(name) ?? new Set()).add(nodeName))
  }
  const seen = Stream.runForEach(pods.changes, ({ events }) =>
    Effect.sync(() => events.forEach((event) => (event._tag === "Applied" ? see(event.object) : undefined)))
  )
  yield* Effect.forkScoped(seen)
  return { nodes, bound: () => pods.all().filter(({ spec }) => spec.nodeName).length, all: () => pods.all() }
})

/** At least so many more Pods get nodes, so that whoever decides now has decided about some. */
const goesOn = ({ bound }: Effect.Success<ReturnType<typeof watched>>, count: number) =>
  Effect.suspend(() => {
    const before = bound()
    return eventually(`${count} more Pods with nodes`, Effect.sync(bound), (now) => now >= before + count)
  })

const story = Effect.gen(function* () {
  const { client, home } = yield* cluster
  for (const name of ["n1", "n2"])
    yield* client.patch(Node, { namespace: "", name }, "merge", { status: { allocatable: { pods: "100000" } } }, status)
  yield* client.patch(Node, { namespace: "", name: "n2" }, "merge", { metadata: { labels: { class: "fast" } } })
  const first = yield* copied(home, "scheduler-own")
  const second = yield* copied(home, "scheduler-first-fit")

  const seen = yield* watched(client)
  const loading = yield* load(client)
  yield* goesOn(seen, 10)

  const runs = (name: string) =>
    eventually(
      `${name} runs`,
      client.get(Plugin, key),
      ({ status: { history = [], reason, state } }) =>
        state === "Running" && reason === undefined && history[0]?.path.endsWith(name) === true
    )
  yield* client.create(Plugin, { metadata: { name: "ours" }, spec: { source: { path: first } } })
  yield* runs("scheduler-own")
  yield* goesOn(seen, 30)
  yield* client.patch(Plugin, key, "merge", { spec: { source: { path: second } } })
  yield* runs("scheduler-first-fit")
  yield* goesOn(seen, 30)
  yield* client.patch(Plugin, key, "merge", { spec: { source: { path: first } } })
  yield* runs("scheduler-own")
  yield* goesOn(seen, 30)
  yield* client.delete(Plugin, key)
  yield* goesOn(seen, 30)
  yield* loading.end

  const { failed, names, sent } = loading
  yield* eventually("a node for every Pod", Effect.sync(seen.bound), (bound) => bound === names.length)
  const twice = [...seen.nodes].filter(([, nodes]) => nodes.size > 1)
  const events = yield* client.list(Event, { namespace, fieldSelector: "reason=FailedScheduling" })
  const placed = Object.entries(Object.groupBy(seen.all(), ({ spec }) => spec.nodeName ?? "")).map(
    ([node, pods = []]) => `${node}: ${pods.length}`
  )
  console.log(
    `${names.length} Pods (${placed.join(", ")}), ${sent()} requests, ${failed.length} failed, ${twice.length} bound twice`
  )
  assert.deepStrictEqual(failed, [])
  assert.deepStrictEqual(twice, [])
  assert.strictEqual(seen.all().length, names.length)
  // Nobody has tried to bind what another one had bound.
  assert.deepStrictEqual(
    events.map(({ message = "" }) => message).filter((message) => message.includes("already")),
    []
  )
})
const status = { subresource: "status" } as const

describe("the scheduler under load", () => {
  it.live(
    "is swapped for one from a directory, for another, and back: no request fails, no Pod is bound twice or lost",
    () => story.pipe(Effect.scoped, Effect.provide(NodeServices.layer)),
    300_000
  )
})
