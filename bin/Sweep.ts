/**
 * Takes back what a node left on this machine when its agent was killed: Pods, runtimes, mounts, cgroups, links, nft tables,
 * addresses. Every step is tried, whatever became of the others; what is not there is no failure.
 */
import { Effect, Option } from "effect"
import { readFileSync, rmSync } from "node:fs"
import { basename, join } from "node:path"
import * as Bridge from "../adapters/cni/bridge/Bridge.ts"
import * as Flannel from "../adapters/cni/flannel/Flannel.ts"
import * as Program from "../adapters/Program.ts"
import * as Command from "../plugins/kube-proxy/Command.ts"
import * as Modes from "../plugins/kube-proxy/Modes.ts"
import * as Cgroups from "../plugins/kubelet/pod/Cgroups.ts"
import * as Addresses from "../plugins/resources/contracts/Addresses.ts"
import { NetworkConfiguration } from "../plugins/kubelet/contracts/NetworkConfiguration.ts"
import * as Fabric from "./Fabric.ts"
import { cgroupOf } from "./Members.ts"
import * as NodeRuntimes from "./NodeRuntimes.ts"
import * as Paths from "./Paths.ts"
import { addressIn, type Settings } from "./Settings.ts"

const pods = (settings: Settings, paths: Paths.Paths, launcher: ReadonlyArray<string> = []) => {
  const options = { settings, paths, stop: "remove", launcher } as const
  return Effect.provide(NodeRuntimes.remove(options, NodeRuntimes.left(options)), attachments(paths))
}

const attachments = ({ node }: Paths.Paths) => Bridge.layer({ directory: join(node, "cni") })

const mounts = ({ node }: Paths.Paths) =>
  Effect.suspend(() => {
    const below = readFileSync("/proc/self/mounts", "utf8")
      .split("\n")
      .flatMap((line) => line.split(" ")[1] ?? [])
      .filter((path) => path.startsWith(`${node}/`))
    return Effect.forEach(below.toReversed(), (path) => Effect.ignore(Program.run("umount", ["--lazy", path])), {
      discard: true
    })
  })

const network = (settings: Settings, paths: Paths.Paths) =>
  Effect.gen(function* () {
    const bridge = yield* NetworkConfiguration
    const folders = NodeRuntimes.everyCniFolder({ settings, paths, stop: "remove" })
    yield* Flannel.sweep({ directory: join(paths.node, "cni"), podCidrs: Addresses.list(settings.podCidr) })
    yield* Effect.forEach(folders, (folder) => Effect.ignore(bridge.remove({ folder })), { discard: true })
  }).pipe(Effect.provide(attachments(paths)))

/** Whether a runtime of ours has not been stopped. */
const mayHave = (settings: Settings, paths: Paths.Paths) => NodeRuntimes.left({ settings, paths, stop: "remove" }).length > 0

/** Namespaces to end Pods in, where those of their node are gone. */
const elsewhere = ["unshare", "--net", "--mount", "--propagation", "slave", "--"]

/** A node with namespaces of its own: links, rules, addresses and mounts go with these. */
const member = Effect.fnUntraced(function* (cluster: Settings, node: string) {
  const name = basename(node)
  const settings = { ...cluster, containerdEndpoint: "" }
  const paths = Paths.make(cluster.dataDir, name)
  const holder = yield* Fabric.holder(node)
  const launcher = Option.match(holder, { onNone: () => elsewhere, onSome: ({ pid }) => Fabric.inside(pid) })
  if (mayHave(settings, paths)) yield* Effect.ignore(pods(settings, paths, launcher))
  yield* Cgroups.remove(cgroupOf(name))
  yield* Flannel.end({ directory: join(node, "cni") })
  yield* Effect.ignore(Effect.try(() => rmSync(join(node, "cni"), { recursive: true, force: true })))
  yield* Fabric.release(node)
})

export const members = Effect.fn("Sweep.members")(function* (settings: Settings, nodes: ReadonlyArray<string>) {
  yield* Effect.forEach(nodes, (node) => member(settings, node), { discard: true })
  const had = settings.nodes > 1 || nodes.length > 0
  if (had && Fabric.left(settings).length === 0) yield* Fabric.close
})

export const run = Effect.fn("Sweep.run")(function* (settings: Settings, paths: Paths.Paths) {
  if (process.getuid?.() !== 0) return
  yield* members(settings, Fabric.left(settings))
  if (!mayHave(settings, paths)) return
  const steps = [
    pods(settings, paths),
    mounts(paths),
    Cgroups.remove(settings.cgroupRoot),
    network(settings, paths),
    Modes.removeLeftovers(Command.within()),
    Program.run("ip", ["address", "delete", `${addressIn(settings.serviceCidr, 10)}/32`, "dev", "lo"])
  ]
  yield* Effect.forEach(steps, (step) => Effect.ignore(step), { discard: true })
})
