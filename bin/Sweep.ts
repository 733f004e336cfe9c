/**
 * Takes back what a node left on this machine when its agent was killed: Pods, containerd, mounts, cgroups, links, nft tables,
 * addresses. Every step is tried, whatever became of the others; what is not there is no failure.
 */
import { Effect, Layer } from "effect"
import { existsSync, readFileSync } from "node:fs"
import { join } from "node:path"
import * as Bridge from "../adapters/cni/bridge/Bridge.ts"
import * as Containerd from "../adapters/cri/containerd/Containerd.ts"
import * as Program from "../adapters/Program.ts"
import * as Cgroups from "../plugins/kubelet/pod/Cgroups.ts"
import { NetworkConfiguration } from "../plugins/kubelet/contracts/NetworkConfiguration.ts"
import * as Node from "./Node.ts"
import type { Paths } from "./Paths.ts"
import { addressIn, type Settings } from "./Settings.ts"

/** containerd is there for this only: at the end of its scope it goes with all Pods. */
const pods = (settings: Settings, paths: Paths) =>
  Effect.scoped(Layer.build(Containerd.layer({ ...Node.containerd(settings, paths), stop: "remove" })))

const mounts = ({ node }: Paths) =>
  Effect.suspend(() => {
    const below = readFileSync("/proc/self/mounts", "utf8")
      .split("\n")
      .flatMap((line) => line.split(" ")[1] ?? [])
      .filter((path) => path.startsWith(`${node}/`))
    return Effect.forEach(below.toReversed(), (path) => Effect.ignore(Program.run("umount", ["--lazy", path])), {
      discard: true
    })
  })

const network = (settings: Settings, paths: Paths) =>
  Effect.gen(function* () {
    const bridge = yield* NetworkConfiguration
    yield* bridge.remove({ folder: Containerd.folders(Node.containerd(settings, paths)).cni })
  }).pipe(Effect.provide(Bridge.layer({ directory: join(paths.node, "cni") })))

/** Whether a containerd of ours has not been stopped. */
const mayHave = ({ containerdEndpoint }: Settings, { node }: Paths) =>
  containerdEndpoint === "" && existsSync(join(node, "containerd", "containerd.pid"))

export const run = Effect.fn("Sweep.run")(function* (settings: Settings, paths: Paths) {
  if (!mayHave(settings, paths) || process.getuid?.() !== 0) return
  const steps = [
    pods(settings, paths),
    mounts(paths),
    Cgroups.remove("/kubepods"),
    network(settings, paths),
    Program.run("nft", ["delete", "table", "ip", "keelson-proxy"]),
    Program.run("ip", ["address", "delete", `${addressIn(settings.serviceCidr, 10)}/32`, "dev", "lo"])
  ]
  yield* Effect.forEach(steps, (step) => Effect.ignore(step), { discard: true })
})
