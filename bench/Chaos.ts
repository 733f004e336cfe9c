/**
 * A node under `kill -9`: `npm run chaos -- --minutes 10`. Agent and container runtime are killed at random while a set of Pods
 * changes. In the end what is there is what was asked for, nothing was restarted that nobody killed, and nothing is left over:
 * Pods, containers, mounts, cgroups, links and addresses are counted, with Pods and without.
 */
import * as NodeRuntime from "@effect/platform-node/NodeRuntime"
import * as NodeServices from "@effect/platform-node/NodeServices"
import { Clock, Console, Effect, Layer, Random, Schema } from "effect"
import { Command, Flag } from "effect/cli"
import { existsSync, globSync, readdirSync } from "node:fs"
import { join } from "node:path"
import * as Containerd from "../adapters/cri/containerd/Containerd.ts"
import { Cri } from "../adapters/cri/Cri.ts"
import * as Replies from "../adapters/cri/Replies.ts"
import { Client } from "../kernel/client/Client.ts"
import { Pod } from "../plugins/resources/contracts/core/v1.ts"
import * as Cluster from "../test/e2e/Cluster.ts"
import { at, container, eventually, firstStatus, idOf, isReady, list } from "../test/e2e/Eventually.ts"
import * as Images from "../test/e2e/Images.ts"
import * as Machine from "../test/e2e/Machine.ts"
import * as Site from "../test/e2e/Site.ts"

class NotAsItShouldBe extends Schema.TaggedError<NotAsItShouldBe>()("NotAsItShouldBe", { message: Schema.String }) {}

const size = 50
const pods = list(Pod, { namespace: "default", labelSelector: "app=chaos" })

const create = Effect.fnUntraced(function* (name: string) {
  const client = yield* Client
  yield* client.create(Pod, {
    metadata: { ...at(name), labels: { app: "chaos" } },
    spec: { terminationGracePeriodSeconds: 1, containers: [container(Images.tools)] }
  })
})

/** What may be killed, each by what stands in its command line. */
const victims = (dataDir: string) => ({
  agent: ({ command }: Machine.Process) => command.includes(dataDir) && / agent /.test(command),
  containerd: ({ command }: Machine.Process) => command.startsWith("containerd --config") && command.includes(dataDir)
})
type Victim = keyof ReturnType<typeof victims>

const kill = Effect.fnUntraced(function* (victim: Victim) {
  const { dataDir } = yield* Site.Site
  const found = Machine.processes().filter(victims(dataDir)[victim])
  for (const { pid } of found) yield* Effect.ignore(Effect.try(() => process.kill(pid, "SIGKILL")))
  return found.length > 0
})

const directories = (path: string) => (existsSync(path) ? readdirSync(path, { withFileTypes: true }) : [])

/** What the node has for Pods, in numbers: all but the last follow from how many Pods there are. */
const count = Effect.gen(function* () {
  const { dataDir } = yield* Site.Site
  const cluster = yield* Cluster.Cluster
  const node = join(dataDir, "nodes", Cluster.nodeName)
  const { socket } = Containerd.folders({ directory: join(node, "containerd") })
  const { containers, sandboxes } = yield* Effect.gen(function* () {
    const cri = yield* Cri
    const { items } = yield* cri.call("ListPodSandbox", Replies.ListPodSandbox, {})
    const all = yield* cri.call("ListContainers", Replies.ListContainers, {})
    return { sandboxes: items.length, containers: all.containers.length }
  }).pipe(Effect.provide(Cri.layer(socket)))
  const { stdout } = yield* cluster.run("ip", ["-brief", "link", "show", "type", "veth"])
  return {
    sandboxes,
    containers,
    links: stdout.split("\n").filter((line) => line.startsWith("veth")).length,
    addresses: globSync(join(node, "**", "ipam", "**", "10.*")).length,
    mounts: Machine.mounts().filter((line) => line.includes(`${node}/`)).length,
    cgroups: directories("/sys/fs/cgroup/memory/kubepods/besteffort")
      .concat(directories("/sys/fs/cgroup/kubepods"))
      .filter((one) => one.isDirectory() && one.name.startsWith("pod")).length,
    folders: directories(join(node, "kubelet", "pods")).length,
    shims: Machine.processes().filter(({ command }) => command.includes("containerd-shim") && command.includes(dataDir))
      .length
  }
})

const settled = eventually(`${size} Pods are ready`, 120, pods, (all) => all.length === size && all.every(isReady))

/** What a Pod has that nobody touched must be the same in the end. */
const identity = (pod: Pod) => `${idOf(pod)} ${firstStatus(pod)?.restartCount}`

const run = Effect.fnUntraced(function* (minutes: number) {
  const began = yield* Clock.currentTimeMillis
  const client = yield* Client
  yield* Effect.forEach(
    Array.from({ length: size }, (_, index) => `first-${index}`),
    create,
    { concurrency: 8, discard: true }
  )
  yield* settled
  const empty = { kills: { agent: 0, containerd: 0 }, replaced: 0 }
  const seen = new Map((yield* pods).map((pod) => [pod.metadata.uid, identity(pod)]))
  for (let round = 0; (yield* Clock.currentTimeMillis) - began < minutes * 60_000; round++) {
    const living = (yield* pods).filter(({ metadata }) => metadata.deletionTimestamp === undefined)
    const first = yield* Random.nextIntBetween(0, living.length - 4)
    for (const [index, pod] of living.slice(first, first + 4).entries()) {
      yield* client.delete(Pod, at(pod.metadata.name))
      yield* create(`later-${round}-${index}`)
      empty.replaced++
    }
    const victim = (yield* Random.nextBoolean) ? "agent" : "containerd"
    if (yield* kill(victim)) empty.kills[victim]++
    yield* Effect.sleep(yield* Random.nextIntBetween(1000, 8000))
    if (round % 5 !== 4) continue
    yield* eventually(
      `${size} Pods are ready`,
      60,
      pods,
      (now) => now.filter(isReady).length === size && now.length === size
    )
    const now = yield* pods
    const other = now.filter((pod) => (seen.get(pod.metadata.uid) ?? identity(pod)) !== identity(pod))
    for (const pod of now) seen.set(pod.metadata.uid, identity(pod))
    yield* Console.log(
      `${Math.round(((yield* Clock.currentTimeMillis) - began) / 1000)} s: agent killed ${empty.kills.agent} times, containerd ${empty.kills.containerd}; ${empty.replaced} Pods replaced; all ${size} ready; restarted without need: ${other.length}`
    )
    if (other.length > 0)
      return yield* new NotAsItShouldBe({ message: `restarted: ${other.map(({ metadata }) => metadata.name).join(", ")}` })
  }
  return empty
})

const program = Effect.fnUntraced(function* ({ minutes }: { readonly minutes: number }) {
  yield* eventually("containers' runtime answers", 30, count, () => true)
  const before = yield* count
  yield* run(minutes)
  yield* settled
  const each = (numbers: typeof before) =>
    Object.entries(numbers)
      .map(([what, number]) => `${what} ${number}`)
      .join(", ")
  const full = yield* eventually("what is left of Pods that went is gone", 60, count, (now) => now.sandboxes === size)
  yield* Console.log(`with ${size} Pods:  ${each(full)}`)
  const client = yield* Client
  yield* Effect.forEach(yield* pods, ({ metadata }) => client.delete(Pod, at(metadata.name)), {
    concurrency: 8,
    discard: true
  })
  yield* eventually("all Pods go", 120, pods, (all) => all.length === 0)
  const same = (now: typeof before) => each(now) === each(before)
  const after = yield* Effect.orElseSucceed(eventually("nothing is left", 20, count, same), () => undefined)
  yield* Console.log(`before any Pod: ${each(before)}`)
  yield* Console.log(`after the last: ${each(after ?? (yield* count))}`)
  if (after === undefined) return yield* new NotAsItShouldBe({ message: "something was left over" })
  yield* Console.log("desired is actual, nothing was restarted without need, and nothing is left over")
})

const machine = Layer.provideMerge(Cluster.layer(), Site.layer)

Command.make(
  "chaos",
  { minutes: Flag.Int("minutes").pipe(Flag.withDescription("How long things are killed"), Flag.withDefault(10)) },
  (given) =>
    Machine.missing.length > 0
      ? Console.log(`left out: this machine lacks ${Machine.missing.join(", ")}`)
      : program(given).pipe(Effect.provide(machine), Effect.scoped)
).pipe(
  Command.withDescription("Kills the parts of a node, and looks whether everything holds"),
  Command.run({ version: "1" }),
  Effect.provide(NodeServices.layer),
  NodeRuntime.runMain
)
