/** The container runtimes that can be found on this machine, and what those lack that cannot. Tests and benchmarks take them from here. */
import { Effect, Layer } from "effect"
import { existsSync } from "node:fs"
import { homedir } from "node:os"
import { join } from "node:path"
import * as Containerd from "../../adapters/cri/containerd/Containerd.ts"
import * as Crio from "../../adapters/cri/crio/Crio.ts"
import * as Docker from "../../adapters/cri/docker/Docker.ts"
import * as Podman from "../../adapters/cri/podman/Podman.ts"
import * as Program from "../../adapters/Program.ts"
import { ContainerRuntime } from "../../plugins/kubelet/contracts/ContainerRuntime.ts"
import type { Powers } from "../../plugins/kubelet/contracts/Powers.ts"

export interface Runtime {
  readonly name: string
  /** What the machine lacks for it; the tests are left out for no other reason. */
  readonly missing: ReadonlyArray<string>
  /** Its own, with all that it keeps in a folder; with `remove` nothing is left at the end of the scope. */
  readonly layer: (directory: string, stop: "keep" | "remove") => Layer.Layer<Powers, unknown>
  readonly importImage: (directory: string, archive: Uint8Array) => Effect.Effect<void, unknown>
  /** Where it looks for the configuration of CNI. Absent: it is given its network. */
  readonly cni?: (directory: string) => string
  /** The name of its process's pid file. */
  readonly pidFile: (directory: string) => string
  readonly socket: (directory: string) => string
  /** Whether its host ports answer on 127.0.0.1 too. */
  readonly loopback: boolean
}

const lacking = (...programs: ReadonlyArray<string>) => programs.filter((program) => Program.find(program) === undefined)
const machine = [
  ...(process.getuid?.() === 0 ? [] : ["root"]),
  ...lacking("ip", "nft", "nsenter", "busybox"),
  ...(["/opt/cni/bin/bridge", "/usr/lib/cni/bridge"].some(existsSync) ? [] : ["CNI plugins"])
]

const containerd = (name: string, program: string, missing: ReadonlyArray<string>): Runtime => {
  const options = (directory: string) => ({ directory: join(directory, "containerd"), program })
  const folders = (directory: string) => Containerd.folders(options(directory))
  return {
    name,
    missing: [...machine, ...lacking("runc"), ...missing],
    layer: (directory, stop) => Containerd.layer({ ...options(directory), stop }),
    importImage: (directory, archive) =>
      Containerd.importImage(folders(directory).socket, archive, Containerd.beside({ program })),
    cni: (directory) => folders(directory).cni,
    pidFile: (directory) => join(directory, "containerd", "containerd.pid"),
    loopback: true,
    socket: (directory) => folders(directory).socket
  }
}

/** Debian packages of later releases, unpacked: `dpkg -x containerd_*.deb ~/.cache/keelson/containerd-<version>`. */
const unpacked = (version: string, release: string) => {
  const program = join(process.env["XDG_CACHE_HOME"] || join(homedir(), ".cache"), "keelson", `containerd-${version}`)
  const path = join(program, "usr", "bin", "containerd")
  const why = `containerd ${version} (Debian's ${release}, unpacked into ${program})`
  return containerd(`containerd ${version}`, path, existsSync(path) ? [] : [why])
}

const crio = (): Runtime => {
  const options = (directory: string) => ({ directory: join(directory, "crio") })
  const folders = (directory: string) => Crio.folders(options(directory))
  return {
    name: "CRI-O",
    missing: [...machine, ...lacking("crio", "pinns", "conmon", "skopeo", "runc")],
    layer: (directory, stop) => Crio.layer({ ...options(directory), stop }),
    importImage: (directory, archive) => Crio.importImage(folders(directory).socket, archive),
    cni: (directory) => folders(directory).cni,
    pidFile: (directory) => join(directory, "crio", "crio.pid"),
    loopback: false,
    socket: (directory) => folders(directory).socket
  }
}

/** Where the tests have a registry; it speaks without TLS. */
export const registry = "127.0.0.1:5077"

const podman = (): Runtime => {
  const options = (directory: string) => ({ directory: join(directory, "podman"), insecureRegistries: [registry] })
  return {
    name: "Podman",
    missing: [...machine, ...lacking("podman", "conmon", "runc")],
    layer: (directory, stop) => Podman.layer({ ...options(directory), stop }),
    importImage: (directory, archive) => Podman.importImage(options(directory), archive),
    pidFile: (directory) => join(directory, "podman", "podman.pid"),
    loopback: true,
    socket: (directory) => Podman.socketOf(options(directory))
  }
}

const docker = (): Runtime => {
  const options = (directory: string) => ({ directory: join(directory, "docker") })
  return {
    name: "Docker",
    missing: [...machine, ...lacking("dockerd", "containerd", "runc")],
    layer: (directory, stop) => Docker.layer({ ...options(directory), stop }),
    importImage: (directory, archive) => Docker.importImage(options(directory), archive),
    pidFile: (directory) => join(directory, "docker", "docker.pid"),
    loopback: true,
    socket: (directory) => Docker.socketOf(options(directory))
  }
}

/** The same with Pods that name a handler. */
const by = (handler: string, runtime: Runtime): Runtime => ({
  ...runtime,
  name: `${runtime.name} with ${handler}`,
  missing: [...runtime.missing, ...lacking(handler)],
  layer: (directory, stop) => {
    const named = Effect.map(ContainerRuntime, (honest) =>
      ContainerRuntime.of({ ...honest, startPod: (pod) => honest.startPod({ handler, ...pod }) })
    )
    return Layer.provideMerge(Layer.effect(ContainerRuntime, named), runtime.layer(directory, stop))
  }
})

const stable = containerd("containerd", "containerd", lacking("containerd"))

export const all: { readonly [name: string]: Runtime } = {
  containerd: stable,
  "containerd-crun": by("crun", stable),
  "containerd-1.7": unpacked("1.7", "trixie"),
  "containerd-2.1": unpacked("2.1", "sid"),
  "containerd-2.1-crun": by("crun", unpacked("2.1", "sid")),
  crio: crio(),
  "crio-crun": by("crun", crio()),
  podman: podman(),
  docker: docker()
}
