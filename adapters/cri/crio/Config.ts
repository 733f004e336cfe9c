/** The configuration of a CRI-O of our own. Everything it keeps lies in one folder, but for what it does not let be put elsewhere. */
import { join } from "node:path"
import type { OciRuntime } from "../OciRuntime.ts"

export interface Folders {
  readonly directory: string
  readonly root: string
  readonly runroot: string
  readonly socket: string
  readonly cni: string
}

export interface Settings {
  readonly folders: Folders
  readonly sandboxImage: string
  readonly cniPrograms: string
  readonly pinns: string
  readonly conmon: string
  readonly storageDriver: string
  /** Handlers, the default first. */
  readonly runtimes: ReadonlyArray<OciRuntime>
}

const text = JSON.stringify

export const files = (directory: string) => ({
  config: join(directory, "crio.conf"),
  policy: join(directory, "policy.json"),
  registries: join(directory, "registries.conf"),
  storage: join(directory, "storage.conf")
})

const handler =
  ({ conmon, folders }: Settings) =>
  ({ name, path }: OciRuntime) =>
    `
[crio.runtime.runtimes.${name}]
runtime_path = ${text(path)}
runtime_type = "oci"
runtime_root = ${text(join(folders.directory, "run", name))}
monitor_path = ${text(conmon)}
monitor_cgroup = "pod"
`

export const toml = (settings: Settings) => {
  const { cniPrograms, folders, pinns, runtimes, sandboxImage, storageDriver } = settings
  const { cni, directory, root, runroot, socket } = folders
  const inside = (name: string) => text(join(directory, name))
  return `[crio]
root = ${text(root)}
runroot = ${text(runroot)}
storage_driver = ${text(storageDriver)}
storage_option = []
log_dir = ${inside("log")}
version_file = ${inside("version")}
clean_shutdown_file = ${inside("clean.shutdown")}
internal_wipe = false

[crio.api]
listen = ${text(socket)}
stream_address = "127.0.0.1"
stream_port = "0"

[crio.runtime]
default_runtime = ${text(runtimes[0]?.name ?? "runc")}
cgroup_manager = "cgroupfs"
conmon_cgroup = "pod"
pinns_path = ${text(pinns)}
namespaces_dir = ${inside("namespaces")}
container_exits_dir = ${inside("exits")}
container_attach_socket_dir = ${inside("attach")}
hooks_dir = [${inside("hooks.d")}]
decryption_keys_path = ${inside("keys")}
enable_criu_support = false
enable_pod_events = true
pids_limit = 4096
log_level = "warn"
${runtimes.map(handler(settings)).join("")}
[crio.image]
pause_image = ${text(sandboxImage)}
pause_command = ""
pinned_images = [${text(sandboxImage)}]
signature_policy = ${text(files(directory).policy)}
signature_policy_dir = ${inside("policies")}
namespaced_auth_dir = ${inside("auth")}
big_files_temporary_dir = ${inside("tmp")}
short_name_mode = "disabled"

[crio.network]
network_dir = ${text(cni)}
plugin_dirs = [${text(cniPrograms)}]

[crio.nri]
enable_nri = false
`
}

/** Who signed an image is for a registry's clients to ask; a cluster's policy says which registries there are. */
export const policy = `${JSON.stringify({ default: [{ type: "insecureAcceptAnything" }] }, undefined, 2)}
`

/** Names without a registry are those of Docker's, as in every cluster. What is added here stays. */
export const registries = `unqualified-search-registries = ["docker.io"]
short-name-mode = "disabled"
`

/** For the tools that read the same images. */
export const storage = ({ folders: { root, runroot }, storageDriver }: Settings) => `[storage]
driver = ${text(storageDriver)}
graphroot = ${text(root)}
runroot = ${text(runroot)}
`
