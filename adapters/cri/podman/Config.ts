/** The configuration files of a Podman of our own: all it keeps lies in one folder, and nothing of the machine's own Podman is touched. */
import { readFileSync } from "node:fs"
import { join } from "node:path"
import * as Machine from "../Machine.ts"
import type { OciRuntime } from "../OciRuntime.ts"

export interface Settings {
  readonly directory: string
  readonly runtimes: ReadonlyArray<OciRuntime>
  readonly conmon: string
  readonly driver: "overlay" | "vfs"
  /** Registries without certificates that can be checked. */
  readonly insecureRegistries: ReadonlyArray<string>
}

const quoted = (text: string) => JSON.stringify(text)
const list = (texts: ReadonlyArray<string>) => `[${texts.map(quoted).join(", ")}]`

/** What is true until the machine starts again lies in a folder of that start: Podman takes what it finds there for running. */
const bootId = () => readFileSync("/proc/sys/kernel/random/boot_id", "utf8").trim()

export const folders = (directory: string) => {
  const run = join(directory, "run", bootId().slice(0, 8))
  return { root: join(directory, "root"), run: join(run, "storage"), temporary: join(run, "libpod") }
}

/** Podman asks for as much as there can be, which without CAP_SYS_RESOURCE is more than it may. */
const limits = () => {
  if (Machine.mayRaiseLimits()) return []
  const files = /^Max open files\s+\d+\s+(\d+)/m.exec(readFileSync("/proc/self/limits", "utf8"))?.[1] ?? "1024"
  const processes = readFileSync("/proc/sys/kernel/pid_max", "utf8").trim()
  return [`nofile=${files}:${files}`, `nproc=${processes}:${processes}`]
}

/** Source: containers.conf(5). */
const containers = ({ directory, runtimes }: Settings) => {
  const { root, temporary } = folders(directory)
  return `[containers]
default_ulimits = ${list(limits())}
log_driver = "k8s-file"
pids_limit = 0

[network]
network_backend = "cni"
network_config_dir = ${quoted(join(directory, "net.d"))}

[engine]
cgroup_manager = "cgroupfs"
conmon_path = [${quoted(join(directory, "conmon"))}]
events_logger = "file"
events_logfile_path = ${quoted(join(temporary, "events.log"))}
# Else what watched a command stays for five minutes after it.
exit_command_delay = 5
image_copy_tmp_dir = ${quoted(temporary)}
lock_type = "file"
runtime = ${quoted(runtimes[0]?.name ?? "runc")}
static_dir = ${quoted(join(root, "libpod"))}
tmp_dir = ${quoted(temporary)}
volume_path = ${quoted(join(directory, "volumes"))}

[engine.runtimes]
${runtimes.map(({ name, path }) => `${name} = [${quoted(path)}]`).join("\n")}
`
}

/** conmon notes in the folder it runs in that memory ran out; Podman looks for that in the container's. */
const conmon = ({ conmon: program }: Settings) => `#!/bin/sh
before=
for argument; do
  [ "$before" = -b ] && cd "$argument"
  before=$argument
done
exec ${program} "$@"
`

/** Source: containers-storage.conf(5). */
const storage = ({ directory, driver }: Settings) => {
  const { root, run } = folders(directory)
  return `[storage]
driver = ${quoted(driver)}
graphroot = ${quoted(root)}
runroot = ${quoted(run)}
`
}

/** Source: containers-registries.conf(5). A short name is one of Docker's registry, as everywhere in Kubernetes. */
const registries = ({ insecureRegistries }: Settings) => `unqualified-search-registries = ["docker.io"]
short-name-mode = "disabled"
${insecureRegistries.map((location) => `\n[[registry]]\nlocation = ${quoted(location)}\ninsecure = true\n`).join("")}`

/** By name, what is written into the folder. */
export const files = (settings: Settings) => ({
  conmon: conmon(settings),
  "containers.conf": containers(settings),
  "storage.conf": storage(settings),
  "registries.conf": registries(settings)
})

export const environment = (directory: string) => ({
  CONTAINERS_CONF: join(directory, "containers.conf"),
  CONTAINERS_STORAGE_CONF: join(directory, "storage.conf"),
  CONTAINERS_REGISTRIES_CONF: join(directory, "registries.conf"),
  TMPDIR: folders(directory).temporary
})
