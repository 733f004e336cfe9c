/** `keelson runtime migrate` on a node with two runtimes in memory, with controllers, budgets and the API's own eviction. */
import { afterAll, assert, describe, it } from "@effect/vitest"
import { Console, Effect, Layer, Schedule } from "effect"
import { mkdtempSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import * as MemoryPowers from "../../adapters/memory/MemoryPowers.ts"
import * as Migrate from "../../bin/Migrate.ts"
import { Client } from "../../kernel/client/Client.ts"
import * as Disruption from "../../plugins/controllers/disruption/Disruption.ts"
import * as ReplicaSets from "../../plugins/controllers/replicaset/ReplicaSet.ts"
import { ContainerRuntime } from "../../plugins/kubelet/contracts/ContainerRuntime.ts"
import * as Kubelet from "../../plugins/kubelet/Kubelet.ts"
import * as Runtimes from "../../plugins/kubelet/runtimes/Runtimes.ts"
import * as Answer from "../../plugins/kubelet/server/Runtimes.ts"
import { ReplicaSet } from "../../plugins/resources/contracts/apps/v1.ts"
import { Namespace, Node, Pod, type PodSpecDraft } from "../../plugins/resources/contracts/core/v1.ts"
import { RuntimeClass } from "../../plugins/resources/contracts/node/v1.ts"
import { PodDisruptionBudget } from "../../plugins/resources/contracts/policy/v1.ts"
import { kernel } from "../resources/Kernel.ts"

const directory = mkdtempSync(join(tmpdir(), "migrate-"))
afterAll(() => rmSync(directory, { recursive: true, force: true }))

const memory = (name: string) => MemoryPowers.layer({ network: "runtime", name, registry: ["busybox"] })
const kubelet = Kubelet.layer({
  nodeName: "n1",
  directory,
  cniFolders: [join(directory, "net.d")],
  podCidr: "10.244.1.0/24",
  addresses: ["192.0.2.1"],
  hollow: true
})
const machine = Runtimes.layer({
  default: "containerd",
  runtimes: { containerd: memory("containerd"), crio: memory("cri-o") }
})
const cluster = Layer.mergeAll(kubelet, ReplicaSets.plugin.layer, Disruption.plugin.layer).pipe(
  Layer.provideMerge(machine),
  Layer.provide(memory("network")),
  Layer.provideMerge(kernel)
)

const own = { namespace: "", name: "n1" }
const key = (name: string) => ({ namespace: "default", name })
const spec = (more: Partial<PodSpecDraft> = {}): PodSpecDraft => ({
  nodeName: "n1",
  terminationGracePeriodSeconds: 1,
  containers: [{ name: "main", image: "busybox" }],
  ...more
})

const until = <A, E, R>(read: Effect.Effect<A, E, R>, holds: (value: A) => boolean) =>
  Effect.timeout(Effect.repeat(read, { schedule: Schedule.spaced("50 millis"), until: holds }), "30 seconds")

/** Of each Pod that is ready: the beginning of its name, and where it runs. */
const where = Effect.flatMap(Client, (client) =>
  Effect.map(client.list(Pod), (pods) =>
    pods
      .filter(({ status }) => status.conditions?.some(({ status, type }) => type === "Ready" && status === "True"))
      .map(({ metadata, status }) => {
        const [runtime] = status.containerStatuses?.[0]?.containerID?.split("://") ?? []
        return `${metadata.name.split("-")[0]} ${runtime}`
      })
      .toSorted()
  )
)

const set = Effect.fnUntraced(function* (name: string, replicas: number, more: Partial<PodSpecDraft> = {}) {
  const client = yield* Client
  const labels = { app: name }
  const template = { metadata: { labels }, spec: spec(more) }
  yield* client.create(ReplicaSet, { metadata: key(name), spec: { replicas, selector: { matchLabels: labels }, template } })
})

const look = Effect.gen(function* () {
  const client = yield* Client
  const runtime = yield* ContainerRuntime
  const node = yield* client.get(Node, own)
  return yield* Answer.report({ runtime, ownNode: () => node })
}).pipe(Effect.mapError((failure) => new Migrate.MigrationFailed({ message: `${failure}` })))

const asked = { node: "n1", from: "containerd", to: "crio", force: false, deleteEmptyDirData: false, timeoutSeconds: 20 }

/** What it printed, and the words in which it failed. */
const migrate = Effect.fnUntraced(function* (options: Partial<Migrate.Options> = {}) {
  const context = yield* Effect.context<Client | ContainerRuntime>()
  const lines: Array<string> = []
  const said = { ...console, log: (line: string) => lines.push(line) }
  const result = yield* Migrate.migrate({ ...asked, ...options }, Effect.provideContext(look, context)).pipe(
    Effect.provideService(Console.Console, said),
    Effect.result
  )
  return { text: lines.join("\n"), failure: result._tag === "Failure" ? result.failure.message : "" }
})

const story = <A, E>(body: Effect.Effect<A, E, Client | ContainerRuntime>) =>
  Effect.provide(
    Effect.gen(function* () {
      const client = yield* Client
      yield* client.create(Namespace, { metadata: { name: "default" } })
      yield* until(Effect.option(client.get(Node, own)), ({ _tag }) => _tag === "Some")
      return yield* body
    }),
    Layer.fresh(cluster)
  )

describe("runtime migrate", () => {
  it.live(
    "moves Pod by Pod within budgets, leaves what belongs there, and nothing else",
    () =>
      story(
        Effect.gen(function* () {
          const client = yield* Client
          yield* client.create(RuntimeClass, { metadata: { name: "old" }, handler: "containerd" })
          const minAvailable = 2
          yield* client.create(PodDisruptionBudget, {
            metadata: key("web"),
            spec: { minAvailable, selector: { matchLabels: { app: "web" } } }
          })
          yield* set("web", 3)
          yield* set("keeps", 1, { runtimeClassName: "old" })
          const old = ["keeps containerd", "web containerd", "web containerd", "web containerd"]
          yield* until(where, (now) => now.join() === old.join())
          let fewest = 3
          const watched = Effect.forever(
            Effect.tap(where, (now) =>
              Effect.andThen(
                Effect.sync(() => (fewest = Math.min(fewest, now.filter((one) => one.startsWith("web")).length))),
                Effect.sleep("5 millis")
              )
            )
          )
          const { failure, text } = yield* Effect.raceFirst(migrate(), Effect.andThen(watched, Effect.never))
          assert.strictEqual(failure, "", text)
          assert.deepStrictEqual(yield* where, ["keeps containerd", "web cri-o", "web cri-o", "web cri-o"])
          assert.isAtLeast(fewest, minAvailable)
          assert.match(text, /^new Pods of n1 without a RuntimeClass start on crio\nfrom containerd to crio: 3 Pods\n/)
          assert.match(text, /default\/web-\w+: gone after [\d.]+ s, web-\w+ is ready after [\d.]+ s/)
          assert.match(text, /3 Pods moved\n {2}default\/keeps-\w+ stays on containerd, by its RuntimeClass old\n/)
          assert.match(text, /containerd on n1 has nothing but 1 Pod by RuntimeClass$/)
          assert.strictEqual((yield* client.get(Node, own)).metadata.annotations?.["keelson.io/runtime"], "crio")

          const back = yield* migrate({ from: "crio", to: "containerd" })
          assert.strictEqual(back.failure, "", back.text)
          assert.match(back.text, /crio on n1 has no sandboxes and no containers$/)
        })
      ),
    60_000
  )

  it.live("refuses, before anything has changed, what would not come back as it was", () =>
    story(
      Effect.gen(function* () {
        const client = yield* Client
        yield* client.create(Pod, { metadata: key("alone"), spec: spec() })
        yield* set("data", 1, { volumes: [{ name: "d", emptyDir: {} }] })
        yield* until(where, (now) => now.length === 2)
        const { failure } = yield* migrate()
        assert.match(failure, /^nothing was changed: nobody makes these Pods anew \(--force .*\): default\/alone; /)
        assert.match(failure, /emptyDir volumes \(--delete-emptydir-data .*\): default\/data-\w+$/)
        assert.isUndefined((yield* client.get(Node, own)).metadata.annotations?.["keelson.io/runtime"])
        const forced = yield* migrate({ force: true, deleteEmptyDirData: true })
        assert.strictEqual(forced.failure, "", forced.text)
        assert.deepStrictEqual(yield* where, ["data cri-o"])
        const unknown = yield* migrate({ to: "kata" })
        assert.strictEqual(unknown.failure, "n1 has no runtime kata: it has containerd, crio, cri-o")
        const same = yield* migrate({ from: "crio", to: "cri-o" })
        assert.strictEqual(same.failure, "crio and cri-o are the same runtime")
      })
    )
  )

  it.live("waits for a budget, says so, and gives up in time", () =>
    story(
      Effect.gen(function* () {
        const client = yield* Client
        const metadata = key("web")
        yield* client.create(PodDisruptionBudget, {
          metadata,
          spec: { minAvailable: 1, selector: { matchLabels: { app: "web" } } }
        })
        yield* set("web", 1)
        yield* until(where, (now) => now.length === 1)
        const stuck = yield* migrate({ timeoutSeconds: 2 })
        assert.match(stuck.text, /default\/web-\w+: Cannot evict pod as it would violate the pod's disruption budget\./)
        assert.match(
          stuck.failure,
          /^default\/web-\w+ was not moved in 2 s: the others stay where they are; go on: keelson /
        )
        const freed = Effect.andThen(Effect.sleep("1 second"), client.delete(PodDisruptionBudget, metadata))
        const [moved] = yield* Effect.all([migrate(), freed], { concurrency: "unbounded" })
        assert.strictEqual(moved.failure, "", moved.text)
        assert.deepStrictEqual(yield* where, ["web cri-o"])
      })
    )
  )
})
