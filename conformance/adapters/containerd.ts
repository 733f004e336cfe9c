/** containerd: the machine's, and later releases that lie unpacked in Keelson's cache; with runc, and with crun by its handler. */
import { Effect, Layer } from "effect"
import { existsSync } from "node:fs"
import { join } from "node:path"
import * as Containerd from "../../adapters/cri/containerd/Containerd.ts"
import { ContainerRuntime } from "../../plugins/kubelet/contracts/ContainerRuntime.ts"
import type { Site } from "../Adapter.ts"
import * as Machine from "../stage/Machine.ts"
import { make, pathOf, type Runtime, socket } from "./runtimes.ts"

const containerd = (name: string, title: string, program: string, lacks: () => ReadonlyArray<string>): Runtime => {
  const options = ({ directory, endpoint }: Site) => ({
    directory: join(directory, "containerd"),
    program,
    ...(endpoint !== undefined && { endpoint: pathOf(endpoint) })
  })
  return {
    name,
    title,
    lacks: () => [...Machine.lacking("runc"), ...lacks()],
    layer: (site) => Containerd.layer({ ...options(site), stop: site.endpoint === undefined ? "remove" : "keep" }),
    importImage: (site, archive) => Containerd.importImage(Containerd.folders(options(site)).socket, archive),
    cni: (site) => Containerd.folders(options(site)).cni,
    endpoint: socket
  }
}

/** Debian's packages of later releases: `dpkg -x containerd_*.deb ~/.cache/keelson/containerd-VERSION`. */
const unpacked = (version: string, release: string) => {
  const program = Machine.cache(`containerd-${version}`, "usr", "bin", "containerd")
  const why = `containerd ${version} (Debian's ${release}, unpacked into ${Machine.cache(`containerd-${version}`)})`
  return containerd(`containerd-${version}`, `containerd ${version}`, program, () => (existsSync(program) ? [] : [why]))
}

/** The same with Pods that name a handler. */
const by = (handler: string, runtime: Runtime): Runtime => ({
  ...runtime,
  name: `${runtime.name}-${handler}`,
  title: `${runtime.title} with ${handler}`,
  lacks: () => [...runtime.lacks(), ...Machine.lacking(handler)],
  layer: (site) => {
    const named = Effect.map(ContainerRuntime, (honest) =>
      ContainerRuntime.of({ ...honest, startPod: (pod) => honest.startPod({ handler, ...pod }) })
    )
    return Layer.provideMerge(Layer.effect(ContainerRuntime, named), runtime.layer(site))
  }
})

const stable = containerd("containerd", "containerd", "containerd", () => Machine.lacking("containerd"))
export const adapters = [
  stable,
  by("crun", stable),
  unpacked("1.7", "trixie"),
  unpacked("2.1", "sid"),
  by("crun", unpacked("2.1", "sid"))
].map(make)
