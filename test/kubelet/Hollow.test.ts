/** The kubelet on a machine in memory: a Pod's life, as the API sees it. */
import { afterAll, assert, describe, it } from "@effect/vitest"
import { Effect, Layer, Option, Schedule } from "effect"
import { mkdtempSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import * as MemoryApi from "../../adapters/memory/MemoryApi.ts"
import * as MemoryPowers from "../../adapters/memory/MemoryPowers.ts"
import * as ApiClient from "../../kernel/client/ApiClient.ts"
import { Client } from "../../kernel/client/Client.ts"
import * as Kubelet from "../../plugins/kubelet/Kubelet.ts"
import { Node, Pod, type PodDraft } from "../../plugins/resources/contracts/core/v1.ts"
import { Lease } from "../../plugins/resources/contracts/coordination/v1.ts"

const directory = mkdtempSync(join(tmpdir(), "hollow-"))
afterAll(() => rmSync(directory, { recursive: true, force: true }))
const options = {
  nodeName: "n1",
  directory,
  cniFolders: [join(directory, "net.d")],
  podCidr: "10.244.1.0/24",
  addresses: ["192.0.2.1"],
  hollow: true
}

const api = Layer.provide(ApiClient.layer, MemoryApi.layer())
const node = Kubelet.layer(options).pipe(
  Layer.provideMerge(MemoryPowers.layer({ network: "runtime", registry: ["busybox"] })),
  Layer.provideMerge(api)
)

const draft = (name: string, spec: Partial<PodDraft["spec"]> = {}): PodDraft => ({
  metadata: { name, namespace: "default" },
  spec: { nodeName: "n1", containers: [{ name: "main", image: "busybox" }], ...spec }
})
const podNow = (name: string) => Effect.flatMap(Client, (client) => client.find(Pod, { namespace: "default", name }))
const eventually = (name: string, holds: (pod: Pod | undefined) => boolean) =>
  podNow(name).pipe(
    Effect.map(Option.getOrUndefined),
    Effect.repeat({ schedule: Schedule.spaced("20 millis"), until: holds }),
    Effect.timeout("40 seconds")
  )
const isReady = (pod: Pod | undefined) =>
  pod?.status.conditions?.some(({ status, type }) => type === "Ready" && status === "True") ?? false

describe("a hollow node", () => {
  it.live("registers, and renews its lease", () =>
    Effect.gen(function* () {
      const client = yield* Client
      const found = yield* client.get(Node, { namespace: "", name: "n1" })
      assert.strictEqual(found.metadata.labels?.["kubernetes.io/hostname"], "n1")
      yield* Effect.sleep("200 millis")
      const status = (yield* client.get(Node, { namespace: "", name: "n1" })).status
      assert.strictEqual(status.conditions?.find(({ type }) => type === "Ready")?.status, "True")
      yield* client.get(Lease, { namespace: "kube-node-lease", name: "n1" })
    }).pipe(Effect.provide(node))
  )

  it.live("runs a Pod, and lets it go", () =>
    Effect.gen(function* () {
      const client = yield* Client
      yield* client.create(Pod, draft("web"))
      const running = yield* eventually("web", isReady)
      assert.strictEqual(running?.status.phase, "Running")
      assert.match(running?.status.podIP ?? "", /^10\.244\.1\./)
      assert.strictEqual(running?.status.containerStatuses?.[0]?.state?.running !== undefined, true)
      yield* client.delete(Pod, { namespace: "default", name: "web" })
      yield* eventually("web", (pod) => pod === undefined)
    }).pipe(Effect.provide(node))
  )

  it.live("ends a Pod whose work is done", () =>
    Effect.gen(function* () {
      const client = yield* Client
      yield* client.create(
        Pod,
        draft("job", { restartPolicy: "Never", containers: [{ name: "main", image: "busybox", command: ["true"] }] })
      )
      const done = yield* eventually("job", (pod) => pod?.status.phase === "Succeeded")
      assert.strictEqual(done?.status.containerStatuses?.[0]?.state?.terminated?.reason, "Completed")
    }).pipe(Effect.provide(node))
  )

  it.live("gives a Pod that runs what it asks for, once the node has it", () =>
    Effect.gen(function* () {
      const client = yield* Client
      const asking = (cpu: string) => [{ name: "main", image: "busybox", resources: { requests: { cpu } } }]
      const whole = yield* client.get(Node, { namespace: "", name: "n1" }).pipe(
        Effect.map(({ status }) => Number(status.allocatable?.["cpu"] ?? 0)),
        Effect.repeat({ schedule: Schedule.spaced("20 millis"), until: (cpus) => cpus > 0 }),
        Effect.timeout("40 seconds")
      )
      const resize = Effect.fnUntraced(function* (name: string, cpu: string) {
        const pod = yield* client.get(Pod, { namespace: "default", name })
        const resources = { requests: { cpu } }
        const containers = pod.spec.containers.map((container) => ({ ...container, resources }))
        yield* client.update(Pod, { ...pod, spec: { ...pod.spec, containers } })
      })
      const has = (cpu: string) => (pod: Pod | undefined) =>
        pod?.status.containerStatuses?.[0]?.resources?.requests?.["cpu"] === cpu
      const waits = (reason: string) => (pod: Pod | undefined) =>
        pod?.status.conditions?.some((one) => one.type === "PodResizePending" && one.reason === reason) ?? false
      yield* client.create(Pod, draft("large", { containers: asking(`${whole - 0.5}`) }))
      yield* client.create(Pod, draft("small", { containers: asking("100m") }))
      yield* eventually("large", isReady)
      const before = yield* eventually("small", isReady)
      yield* resize("small", `${whole + 1}`)
      yield* eventually("small", waits("Infeasible"))
      yield* resize("small", "600m")
      const deferred = yield* eventually("small", waits("Deferred"))
      assert.isTrue(has("100m")(deferred))
      yield* resize("large", "100m")
      const given = yield* eventually("small", has("600m"))
      assert.isFalse(waits("Deferred")(given))
      assert.strictEqual(
        given?.status.containerStatuses?.[0]?.containerID,
        before?.status.containerStatuses?.[0]?.containerID
      )
      assert.strictEqual(given?.status.containerStatuses?.[0]?.allocatedResources?.["cpu"], "600m")
    }).pipe(Effect.provide(node))
  )

  it.live("refuses a Pod that it has no room or no port for, or that belongs elsewhere", () =>
    Effect.gen(function* () {
      const client = yield* Client
      const has = ({ status }: Node) => status.allocatable?.["cpu"] !== undefined
      const own = client.get(Node, { namespace: "", name: "n1" })
      const { status } = yield* Effect.repeat(own, { schedule: Schedule.spaced("20 millis"), until: has })
      const cpus = Number(status.allocatable?.["cpu"])
      const ports = [{ containerPort: 80, hostPort: 80 }]
      const listening = { containers: [{ name: "main", image: "busybox", ports }] }
      yield* client.create(Pod, draft("web", listening))
      yield* eventually("web", isReady)
      const resources = { requests: { cpu: `${cpus + 1}` } }
      yield* client.create(Pod, draft("again", listening))
      yield* client.create(Pod, draft("large", { containers: [{ name: "main", image: "busybox", resources }] }))
      yield* client.create(Pod, draft("other", { nodeSelector: { disk: "none" } }))
      const saying = Effect.fnUntraced(function* (name: string) {
        const pod = yield* eventually(name, (one) => one?.status.phase === "Failed")
        return `${pod?.status.reason}: ${pod?.status.message}`
      })
      const refused = (why: string, what: string) =>
        `${why}: Pod was rejected: Predicate ${why} failed: node(s) didn't ${what}`
      assert.strictEqual(yield* saying("again"), refused("NodePorts", "have free ports for the requested pod ports"))
      assert.strictEqual(yield* saying("other"), refused("NodeAffinity", "match Pod's node affinity/selector"))
      assert.strictEqual(
        yield* saying("large"),
        `OutOfcpu: Pod was rejected: Node didn't have enough resource: cpu, requested: ${cpus + 1}000, used: 0, capacity: ${cpus}000`
      )
      yield* client.delete(Pod, { namespace: "default", name: "web" })
      yield* eventually("web", (pod) => pod === undefined)
      yield* client.create(Pod, draft("next", listening))
      yield* eventually("next", isReady)
    }).pipe(Effect.provide(node))
  )

  it.live("backs off from what crashes, and from images that are nowhere", () =>
    Effect.gen(function* () {
      const client = yield* Client
      yield* client.create(Pod, draft("crash", { containers: [{ name: "main", image: "busybox", command: ["false"] }] }))
      yield* client.create(Pod, draft("lost", { containers: [{ name: "main", image: "no/such:1" }] }))
      const waits = (reason: string) => (pod: Pod | undefined) =>
        pod?.status.containerStatuses?.[0]?.state?.waiting?.reason === reason
      const crash = yield* eventually("crash", waits("CrashLoopBackOff"))
      assert.strictEqual(crash?.status.containerStatuses?.[0]?.restartCount, 1)
      assert.strictEqual(crash?.status.containerStatuses?.[0]?.lastState?.terminated?.exitCode, 1)
      yield* eventually("lost", waits("ImagePullBackOff"))
    }).pipe(Effect.provide(node))
  )
})
