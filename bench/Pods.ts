/**
 * `npm run bench`, 100 Pods on one node: from the first request to the last Pod that is Ready, on a whole cluster with containerd;
 * beside it the same calls of the container runtime's interface, word for word, without anybody who decides on them.
 */
import * as NodeRuntime from "@effect/platform-node/NodeRuntime"
import { Clock, Effect, Layer, Schema, Semaphore } from "effect"
import { mkdirSync, writeFileSync } from "node:fs"
import { cpus } from "node:os"
import { basename, dirname, join } from "node:path"
import * as Containerd from "../adapters/cri/containerd/Containerd.ts"
import { Cri } from "../adapters/cri/Cri.ts"
import * as Replies from "../adapters/cri/Replies.ts"
import { Client } from "../kernel/client/Client.ts"
import { Pod } from "../plugins/resources/contracts/core/v1.ts"
import * as Cluster from "../test/e2e/Cluster.ts"
import { at, container, eventually, eventsOf, isReady, list } from "../test/e2e/Eventually.ts"
import * as Images from "../test/e2e/Images.ts"
import * as Machine from "../test/e2e/Machine.ts"
import * as Site from "../test/e2e/Site.ts"

const count = 100
const rounds = 2
/** As many calls at a time as our node makes. */
const atATime = 2 * cpus().length + 4

const seconds = <A, E, R>(effect: Effect.Effect<A, E, R>) =>
  Effect.gen(function* () {
    const began = yield* Clock.currentTimeMillis
    yield* effect
    return ((yield* Clock.currentTimeMillis) - began) / 1000
  })

/** Seconds of processor time that processes of keelson have had. Source: proc(5), `/proc/<pid>/stat`, in hundredths. */
const processorTime = (dataDir: string) =>
  Machine.processes()
    .filter(({ command }) => command.includes(dataDir) && command.includes("Main"))
    .map(({ command, pid }) => {
      const [, fields = ""] = Machine.textOf(`/proc/${pid}/stat`).split(") ")
      const [user = "0", system = "0"] = fields.split(" ").slice(11, 13)
      return { name: / (up|server|agent) /.exec(command)?.[1] ?? "", seconds: (Number(user) + Number(system)) / 100 }
    })

const indexes = Array.from({ length: count }, (_, index) => index)
const draft = (index: number) => ({
  metadata: { ...at(`pod-${index}`), labels: { app: "bench" } },
  spec: { terminationGracePeriodSeconds: 0, containers: [container(Images.tools)] }
})
const pods = list(Pod, { namespace: "default", labelSelector: "app=bench" })

/** How many Pods are in which state. */
const why = (all: ReadonlyArray<Pod>) => {
  const states = Map.groupBy(all, ({ spec, status }) => {
    const { waiting } = status.containerStatuses?.[0]?.state ?? {}
    return `${status.phase} ${spec.nodeName ?? "nowhere"} ${waiting?.reason ?? ""} ${waiting?.message ?? ""}`
  })
  return [...states].map(([state, some]) => `${some.length} ${state}`)
}

const throughCluster = Effect.gen(function* () {
  const client = yield* Client
  yield* Effect.forEach(indexes, (index) => client.create(Pod, draft(index)), { concurrency: 8, discard: true })
  yield* eventually("all are ready", 120, pods, (all) => all.length === count && all.every(isReady)).pipe(
    Effect.tapError(() =>
      Effect.gen(function* () {
        const all = yield* pods
        console.log(why(all))
        for (const { metadata } of all.filter((pod) => !isReady(pod)))
          console.log(metadata.name, yield* eventsOf(metadata.name))
      })
    )
  )
})

const removed = Effect.gen(function* () {
  const client = yield* Client
  yield* Effect.forEach(indexes, (index) => client.delete(Pod, at(`pod-${index}`)), { concurrency: 8, discard: true })
  yield* eventually("all are gone", 120, pods, (all) => all.length === 0)
})

const Config = Schema.Record(Schema.String, Schema.Json)
/** What the runtime keeps of a request, as it was made. */
const Verbose = Schema.Struct({
  info: Schema.Struct({ info: Schema.fromJsonString(Schema.Struct({ config: Config })) })
})
const Mounts = Schema.Struct({ mounts: Schema.Array(Schema.Struct({ host_path: Schema.String })) })
const SandboxMetadata = Schema.Struct({ metadata: Schema.Struct({ name: Schema.String, uid: Schema.String }) })

/** The requests by which the runtime was brought to where it is. */
const recorded = Effect.gen(function* () {
  const cri = yield* Cri
  const { items } = yield* cri.call("ListPodSandbox", Replies.ListPodSandbox, {})
  const { containers } = yield* cri.call("ListContainers", Replies.ListContainers, {})
  return yield* Effect.forEach(
    items.filter(({ metadata }) => metadata.name.startsWith("pod-")),
    ({ id }) =>
      Effect.gen(function* () {
        const asked = { verbose: true }
        const sandbox = yield* cri.call("PodSandboxStatus", Verbose, { pod_sandbox_id: id, ...asked })
        const own = containers.filter(({ pod_sandbox_id }) => pod_sandbox_id === id)
        const all = yield* Effect.forEach(own, (one) =>
          cri.call("ContainerStatus", Verbose, { container_id: one.id, ...asked })
        )
        return { sandbox: sandbox.info.info.config, containers: all.map(({ info }) => info.info.config) }
      })
  )
})
const Requests = Schema.fromJsonString(Schema.Struct({ sandbox: Config, containers: Schema.Array(Config) }))
type Recorded = typeof Requests.Type

/** Files and folders to mount, and the folders of the logs. */
const prepare = ({ containers, sandbox }: Recorded) => {
  for (const config of containers) {
    mkdirSync(join(String(sandbox["log_directory"]), dirname(String(config["log_path"]))), { recursive: true })
    for (const { host_path } of Schema.decodeUnknownSync(Mounts)(config).mounts) {
      const isFile = basename(host_path) === "etc-hosts" || /^\d+$/.test(basename(host_path))
      mkdirSync(isFile ? dirname(host_path) : host_path, { recursive: true })
      if (isFile) writeFileSync(host_path, "")
    }
  }
}

const bare = (all: ReadonlyArray<Recorded>) =>
  Effect.gen(function* () {
    const cri = yield* Cri
    const permits = yield* Semaphore.make(atATime)
    const one = Effect.fnUntraced(function* ({ containers, sandbox }: Recorded) {
      const started = cri.call("RunPodSandbox", Replies.RunPodSandbox, { config: sandbox }, "4 minutes")
      const { pod_sandbox_id } = yield* permits.withPermit(started)
      yield* cri.call("PodSandboxStatus", Replies.PodSandboxStatus, { pod_sandbox_id })
      for (const config of containers) {
        const request = { pod_sandbox_id, config, sandbox_config: sandbox }
        const running = Effect.gen(function* () {
          const { container_id } = yield* cri.call("CreateContainer", Replies.CreateContainer, request)
          yield* cri.call("StartContainer", Replies.Nothing, { container_id })
          yield* cri.call("ContainerStatus", Replies.ContainerStatus, { container_id })
        })
        yield* permits.withPermit(running)
      }
    })
    yield* Effect.forEach(all, one, { concurrency: "unbounded", discard: true })
  })

const ended = Effect.gen(function* () {
  const cri = yield* Cri
  const { items } = yield* cri.call("ListPodSandbox", Replies.ListPodSandbox, {})
  const end = Effect.fnUntraced(function* (pod_sandbox_id: string) {
    yield* cri.call("StopPodSandbox", Replies.Nothing, { pod_sandbox_id })
    yield* cri.call("RemovePodSandbox", Replies.Nothing, { pod_sandbox_id })
  })
  yield* Effect.forEach(items, ({ id }) => end(id), { concurrency: atATime, discard: true })
})

/** Under other names and uids, and with files elsewhere, so that the cluster finds nothing of it that it would have to end. */
const renamed = ({ containers, sandbox }: Recorded, dataDir: string, round: number) => {
  const { metadata } = Schema.decodeUnknownSync(SandboxMetadata)(sandbox)
  const named = { ...metadata, name: `${metadata.name}-bare`, uid: `${metadata.uid}-bare`, namespace: "default" }
  const text = JSON.stringify({ sandbox: { ...sandbox, metadata: named }, containers })
  const elsewhere = text.replaceAll(join(dataDir, "nodes"), join(dataDir, `bare-${round}`))
  return Schema.decodeUnknownSync(Requests)(elsewhere)
}

const program = Effect.gen(function* () {
  const { dataDir } = yield* Site.Site
  const cluster = yield* Cluster.Cluster
  const { socket } = Containerd.folders({ directory: join(dataDir, "nodes", Cluster.nodeName, "containerd") })
  const direct = Effect.provide(Cri.layer(socket))
  for (let round = 1; round <= rounds; round++) {
    const before = new Map(processorTime(dataDir).map(({ name, seconds }) => [name, seconds]))
    const ours = yield* seconds(throughCluster)
    const spent = processorTime(dataDir).map(
      ({ name, seconds }) => `${name} ${(seconds - (before.get(name) ?? 0)).toFixed(1)} s`
    )
    const all = (yield* direct(recorded)).map((one) => renamed(one, dataDir, round))
    yield* removed
    // What is measured bare shall not share the machine with the cluster; its containerd stays.
    yield* cluster.crash
    yield* Effect.sync(() => all.forEach(prepare))
    const theirs = yield* seconds(direct(bare(all)))
    yield* direct(ended)
    yield* cluster.up
    console.log(`${count} Pods to Ready        ${ours.toFixed(1).padStart(6)} s`)
    console.log(`                    of it processor time: ${spent.join(", ")}`)
    console.log(`the same calls, bare      ${theirs.toFixed(1).padStart(6)} s  (${all.length} Pods, ${atATime} at a time)`)
    console.log(`                   ratio ${(ours / theirs).toFixed(2)}`)
  }
})

if (Machine.missing.length > 0) console.log(`left out: this machine lacks ${Machine.missing.join(", ")}`)
else {
  const machine = Layer.provideMerge(Cluster.layer(), Site.layer)
  NodeRuntime.runMain(program.pipe(Effect.provide(machine), Effect.scoped))
}
