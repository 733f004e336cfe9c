/** The container runtimes that a node can have, each by its name among the settings. To add one, add its lines. */
import { Effect, Layer } from "effect"
import { existsSync } from "node:fs"
import { join } from "node:path"
import * as Agent from "../adapters/cni/agent/Agent.ts"
import * as AgentProgram from "../adapters/cni/AgentProgram.ts"
import * as Containerd from "../adapters/cri/containerd/Containerd.ts"
import * as Crio from "../adapters/cri/crio/Crio.ts"
import * as Docker from "../adapters/cri/docker/Docker.ts"
import * as Podman from "../adapters/cri/podman/Podman.ts"
import * as Wire from "../adapters/cri/wire/Wire.ts"
import type { NetworkAttachment } from "../plugins/kubelet/contracts/NetworkAttachment.ts"
import type { Powers } from "../plugins/kubelet/contracts/Powers.ts"
import * as GivenNetwork from "../plugins/kubelet/runtimes/GivenNetwork.ts"
import * as Runtimes from "../plugins/kubelet/runtimes/Runtimes.ts"
import type { Paths } from "./Paths.ts"
import type { Settings } from "./Settings.ts"

export type Name = Settings["runtimes"][number]

export interface Options {
  readonly settings: Settings
  readonly paths: Paths
  /** What becomes of the Pods when this ends. */
  readonly stop: "keep" | "remove"
  /** What its daemon is started through. */
  readonly launcher?: ReadonlyArray<string>
}

export interface Choice {
  readonly layer: (options: Options) => Layer.Layer<Powers, unknown, NetworkAttachment>
  /** Where it looks for the configuration of its network, if it calls CNI itself. */
  readonly cni?: (options: Options) => string
  /** Takes in an image archive. */
  readonly importImage: (options: Options, archive: Uint8Array) => Effect.Effect<void, { readonly message: string }>
}

const cni = ({ paths }: Options) => join(paths.node, "cni")
const directory = ({ paths }: Options, name: Name) => join(paths.node, name)

/** This node's own containerd, or one that is there. */
const containerd = (options: Options) => {
  const { containerdEndpoint: endpoint } = options.settings
  const own = { directory: directory(options, "containerd"), cniPrograms: AgentProgram.binIn(cni(options)) }
  return { ...own, ...ends(options), ...(endpoint !== "" && { endpoint }) }
}
const ends = ({ launcher, stop }: Options) => ({ stop, ...(launcher && { launcher }) })
const crio = (options: Options) => ({
  directory: directory(options, "crio"),
  cniPrograms: AgentProgram.binIn(cni(options)),
  ...ends(options)
})
const podman = (options: Options) => ({ directory: directory(options, "podman"), ...ends(options) })
const docker = (options: Options) => ({ directory: directory(options, "docker"), ...ends(options) })

/** Its Pods are attached to the network by us. */
const given = <E>(options: Options, name: Name, runtime: Layer.Layer<Powers, E>) => {
  const folder = GivenNetwork.folder(options.paths.node, name)
  return Layer.provideMerge(GivenNetwork.layer({ directory: folder, stop: options.stop }), runtime)
}

export const choices: { readonly [_ in Name]: Choice } = {
  containerd: {
    layer: (options) => Containerd.layer(containerd(options)),
    cni: (options) => Containerd.folders(containerd(options)).cni,
    importImage: (options, archive) => Containerd.importImage(Containerd.folders(containerd(options)).socket, archive)
  },
  crio: {
    layer: (options) => Crio.layer(crio(options)),
    cni: (options) => Crio.folders(crio(options)).cni,
    importImage: (options, archive) => Crio.importImage(Crio.folders(crio(options)).socket, archive)
  },
  podman: {
    layer: (options) => given(options, "podman", Podman.layer(podman(options))),
    importImage: (options, archive) => Podman.importImage(podman(options), archive)
  },
  docker: {
    layer: (options) => given(options, "docker", Docker.layer(docker(options))),
    importImage: (options, archive) => Docker.importImage(docker(options), archive)
  },
  wire: {
    layer: (options) =>
      given(options, "wire", Wire.layer({ directory: options.settings.runtimeSockets, stop: options.stop })),
    importImage: () => Effect.fail(new Wire.NoArchives())
  }
}

const chosen = ({ settings }: Options) => settings.runtimes.map((name) => [name, choices[name]] as const)

const all = Object.keys(choices) as Array<Name>

/** Those of which one of ours was not stopped, whatever the settings are by now. */
export const left = (options: Options) => all.filter((name) => existsSync(join(directory(options, name), `${name}.pid`)))

/** Those that were not stopped are there for this only: at the end of their scopes they go with all Pods. */
export const remove = (options: Options, names: ReadonlyArray<Name>) =>
  Effect.forEach(
    names,
    (name) => Effect.ignore(Effect.scoped(Layer.build(choices[name].layer({ ...options, stop: "remove" })))),
    { discard: true }
  )

/** Nobody would look after what runs on a runtime that the node does not have any more: its Pods start anew on another. */
const dropped = (options: Options) =>
  Effect.suspend(() => {
    const names = left(options).filter((name) => !options.settings.runtimes.includes(name))
    if (names.length === 0) return Effect.void
    return Effect.andThen(
      Effect.logWarning(`${names.join(", ")} is none of the node's runtimes now, and is removed`),
      remove(options, names)
    )
  })

/** All that are chosen, each as a handler of its name; the first serves Pods without one. */
export const layer = (options: Options) => {
  const [first = "containerd"] = options.settings.runtimes
  const runtimes = Object.fromEntries(chosen(options).map(([name, { layer }]) => [name, layer(options)]))
  // Before a runtime starts, so that whichever network the node has, now or later, its program is found.
  const programs = Agent.programs({ directory: cni(options), programs: [options.settings.cniBinDir] })
  return Layer.unwrap(Effect.as(Effect.andThen(programs, dropped(options)), Runtimes.layer({ default: first, runtimes })))
}

/** Where the network's configuration lies if no runtime looks for it: what attaches Pods itself wants to know of it all the same. */
const ownFolder = ({ paths }: Options) => join(paths.node, "network")

export const cniFolders = (options: Options) => {
  const folders = chosen(options).flatMap(([, { cni }]) => (cni === undefined ? [] : [cni(options)]))
  return folders.length === 0 ? [ownFolder(options)] : folders
}

/** Every runtime of a node has images of its own. */
export const importImage = (options: Options, archive: Uint8Array) =>
  Effect.forEach(chosen(options), ([, { importImage }]) => importImage(options, archive), { discard: true })

/** Where any of them would look, whatever the settings are by now. */
export const everyCniFolder = (options: Options) => [
  ...cniFolders({ ...options, settings: { ...options.settings, runtimes: all } }),
  ownFolder(options)
]
