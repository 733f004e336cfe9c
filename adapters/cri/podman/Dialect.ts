/**
 * What Podman is asked for: its SpecGenerator, field by field. Annotations are not among it, for Podman and crun act on some: they stand
 * in a label. Source: the libpod API, version 4.
 */
import { dirname } from "node:path"
import type { Mount, Resources, Security } from "../../../plugins/kubelet/contracts/Pods.ts"
import { ofContainer, ofPod } from "../EngineLabels.ts"
import type { Dialect, Place } from "../EngineRuntime.ts"
import * as PauseImage from "../PauseImage.ts"
import type { ContainerConfig, PodConfig } from "../Requests.ts"

/** Of no use beside a kubelet, and on by default. `no-conmon`: what watches a container is not charged to its Pod. */
const plain = {
  systemd: "false",
  sdnotifyMode: "ignore",
  healthconfig: { Test: ["NONE"] },
  cgroups_mode: "no-conmon"
} as const

const parent = (path: string | undefined) => (path ? { cgroup_parent: path } : {})
const runtime = (program: string) => (program === "" ? {} : { oci_runtime: program })

const seccomp = (profile: Security["seccomp"]) => {
  if (profile?._tag === "RuntimeDefault") return {}
  return { seccomp_profile_path: profile?._tag === "Localhost" ? profile.path : "unconfined" }
}

const network = ({ network }: PodConfig) =>
  network._tag === "given" ? { nsmode: "path", value: network.namespace } : { nsmode: "host" }

const pod = (config: PodConfig, name: string, program: string) => {
  const isHost = config.network._tag === "host"
  const { dns } = config
  return {
    body: {
      ...plain,
      ...parent(config.cgroupParent),
      ...runtime(program),
      name,
      image: PauseImage.name,
      labels: ofPod(config),
      netns: network(config),
      ipcns: { nsmode: config.hostIpc ? "host" : "shareable" },
      ...(isHost || config.hostUts ? { utsns: { nsmode: "host" } } : { hostname: config.hostname }),
      ...(config.processes === "host" && { pidns: { nsmode: "host" } }),
      // Those who join the network get the sandbox's resolv.conf with it.
      ...(dns && { dns_server: dns.servers, dns_search: dns.searches, dns_option: dns.options }),
      sysctl: config.sysctls ?? {},
      cap_drop: ["ALL"],
      no_new_privileges: true,
      read_only_filesystem: true
    }
  }
}

const propagation = { none: "rprivate", fromHost: "rslave", both: "rshared" } as const

const mount = ({ containerPath, hostPath, propagation: kind, readOnly }: Mount) => ({
  type: "bind",
  source: hostPath,
  destination: containerPath,
  options: ["rbind", readOnly ? "ro" : "rw", propagation[kind]]
})

const processes = ({ processes: asked }: ContainerConfig, { sandbox, shared }: Place) => {
  const kind = asked?._tag ?? shared.processes
  if (kind === "own") return {}
  if (kind === "host") return { pidns: { nsmode: "host" } }
  return { pidns: { nsmode: "container", value: asked?._tag === "target" ? asked.id : sandbox.Id } }
}

const user = ({ group, user: of }: Security) =>
  of === undefined ? {} : { user: group === undefined ? `${of}` : `${of}:${group}` }

const security = (of: Security) => ({
  ...user(of),
  ...seccomp(of.privileged ? { _tag: "Unconfined" } : of.seccomp),
  groups: (of.supplementalGroups ?? []).map(String),
  privileged: of.privileged ?? false,
  read_only_filesystem: of.readOnlyRoot ?? false,
  no_new_privileges: of.noNewPrivileges ?? false,
  cap_add: of.addCapabilities ?? [],
  cap_drop: of.dropCapabilities ?? [],
  ...(of.maskedPaths?.length === 0 && { unmask: ["ALL"] }),
  ...((of.maskedPaths?.length ?? 0) > 0 && { mask: of.maskedPaths })
})

const limits = ({ cpuPeriod, cpuQuota, cpuShares, memoryBytes }: Resources) => ({
  ...(memoryBytes && { memory: { limit: memoryBytes } }),
  cpu: { ...(cpuShares && { shares: cpuShares }), ...(cpuQuota && { quota: cpuQuota, period: cpuPeriod ?? 100_000 }) }
})

const container = (config: ContainerConfig, place: Place, program: string) => {
  const { logPath, name, sandbox, shared } = place
  const joined = { nsmode: "container", value: sandbox.Id }
  return {
    ...(logPath !== undefined && { folder: dirname(logPath) }),
    body: {
      ...plain,
      ...parent(shared.cgroupParent),
      ...runtime(program),
      ...security(config.security ?? {}),
      resource_limits: limits(config.resources ?? {}),
      ...(config.resources?.oomScoreAdjust !== undefined && { oom_score_adj: config.resources.oomScoreAdjust }),
      ...processes(config, place),
      name,
      image: config.image,
      labels: ofContainer(config, sandbox),
      netns: joined,
      utsns: joined,
      ipcns: shared.hostIpc ? { nsmode: "host" } : joined,
      ...(config.command.length > 0 && { entrypoint: config.command }),
      command: config.args ?? [],
      env: Object.fromEntries((config.env ?? []).map(({ name, value }) => [name, value])),
      ...(config.workingDirectory && { work_dir: config.workingDirectory }),
      mounts: (config.mounts ?? []).map(mount),
      devices: [
        ...(config.devices ?? []).map(({ containerPath, hostPath, permissions }) => ({
          path: `${hostPath}:${containerPath}:${permissions}`
        })),
        ...(config.cdiDevices ?? []).map((path) => ({ path }))
      ],
      stdin: config.stdin ?? false,
      terminal: config.tty ?? false,
      ...(logPath !== undefined && { log_configuration: { driver: "k8s-file", path: logPath } })
    }
  }
}

export const dialect: Dialect = {
  name: "podman",
  network: "given",
  pod,
  container,
  limits,
  grace: "timeout",
  events: ["create", "start", "died", "cleanup", "remove"]
}
