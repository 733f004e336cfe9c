/** The configuration of a containerd of our own. Everything it keeps lies in one folder. */
import type { OciRuntime } from "../OciRuntime.ts"

export interface Folders {
  readonly root: string
  readonly state: string
  readonly socket: string
  readonly certificates: string
  readonly cni: string
}

export interface Settings {
  readonly folders: Folders
  readonly sandboxImage: string
  readonly cniPrograms: string
  /** No CAP_SYS_RESOURCE: what asks for less out-of-memory killing than we have ourselves would fail. */
  readonly restrictOomScore: boolean
  readonly snapshotter: string
  /** Handlers, the default first. */
  readonly runtimes: ReadonlyArray<OciRuntime>
}

const text = JSON.stringify

/** What an OCI runtime keeps of its containers goes with the rest, also when nobody is there to remove them one by one. */
const handler =
  ({ state }: Folders) =>
  ({ name, path }: OciRuntime) =>
    `
[plugins."io.containerd.grpc.v1.cri".containerd.runtimes.${name}]
runtime_type = "io.containerd.runc.v2"

[plugins."io.containerd.grpc.v1.cri".containerd.runtimes.${name}.options]
BinaryName = ${text(path)}
Root = ${text(`${state}/${name}`)}
SystemdCgroup = false
`

export const toml = ({
  cniPrograms,
  folders,
  restrictOomScore,
  runtimes,
  sandboxImage,
  snapshotter
}: Settings) => `version = 2
root = ${text(folders.root)}
state = ${text(folders.state)}
oom_score = 0

[grpc]
address = ${text(folders.socket)}

[ttrpc]
address = ${text(`${folders.socket}.ttrpc`)}

[plugins."io.containerd.grpc.v1.cri"]
sandbox_image = ${text(sandboxImage)}
stream_server_address = "127.0.0.1"
stream_server_port = "0"
disable_apparmor = true
restrict_oom_score_adj = ${restrictOomScore}
netns_mounts_under_state_dir = true

[plugins."io.containerd.grpc.v1.cri".registry]
config_path = ${text(folders.certificates)}

[plugins."io.containerd.grpc.v1.cri".containerd]
snapshotter = ${text(snapshotter)}
default_runtime_name = ${text(runtimes[0]?.name ?? "runc")}
${runtimes.map(handler(folders)).join("")}
[plugins."io.containerd.grpc.v1.cri".cni]
bin_dir = ${text(cniPrograms)}
conf_dir = ${text(folders.cni)}
`
