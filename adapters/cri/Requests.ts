/**
 * What the kubelet asks for, as messages of the CRI. Labels are the ones that upstream's kubelet sets, so that crictl shows
 * names, and whoever comes later finds what it started.
 */
import { Struct } from "effect"
import type { ContainerRuntime } from "../../plugins/kubelet/contracts/ContainerRuntime.ts"
import type { Security } from "../../plugins/kubelet/contracts/Pods.ts"
import type { PodSandboxStatus } from "./Replies.ts"

export type PodConfig = Parameters<ContainerRuntime["Service"]["startPod"]>[0]
export type ContainerConfig = Parameters<ContainerRuntime["Service"]["startContainer"]>[0]

export const labels = {
  uid: "io.kubernetes.pod.uid",
  name: "io.kubernetes.pod.name",
  namespace: "io.kubernetes.pod.namespace",
  container: "io.kubernetes.container.name"
} as const

/** What CreateContainer wants to be told again of the Pod, and no reply tells. */
const kept = {
  logDirectory: "keelson.dev/log-directory",
  cgroupParent: "keelson.dev/cgroup-parent",
  hostname: "keelson.dev/hostname"
} as const

const int64 = (value: number | undefined) => (value === undefined ? undefined : { value })
const present = <A extends object>(record: A) =>
  Struct.pick(record, Object.keys(record).filter((key) => record[key as keyof A] !== undefined) as Array<keyof A>)

const seccomp = (profile: Security["seccomp"]) => {
  if (profile === undefined) return undefined
  return profile._tag === "Localhost"
    ? { profile_type: "Localhost", localhost_ref: profile.path }
    : { profile_type: profile._tag }
}

const identity = ({ group, privileged, readOnlyRoot, seccomp: profile, supplementalGroups, user }: Security) =>
  present({
    run_as_user: typeof user === "number" ? int64(user) : undefined,
    run_as_group: user === undefined ? undefined : int64(group),
    readonly_rootfs: readOnlyRoot,
    supplemental_groups: supplementalGroups,
    privileged,
    seccomp: seccomp(profile)
  })

const pidMode = { own: "CONTAINER", pod: "POD", host: "NODE", target: "TARGET" } as const

export const podLabels = ({ labels: own, name, namespace, uid }: PodConfig) => ({
  ...own,
  [labels.name]: name,
  [labels.namespace]: namespace,
  [labels.uid]: uid
})

export const podSandbox = (pod: PodConfig) => ({
  metadata: { name: pod.name, namespace: pod.namespace, uid: pod.uid, attempt: pod.attempt },
  // Without a UTS namespace of its own there is nothing to name.
  hostname: pod.network._tag === "host" ? "" : pod.hostname,
  log_directory: pod.logDirectory ?? "",
  ...(pod.dns && { dns_config: pod.dns }),
  port_mappings: (pod.ports ?? []).map(({ containerPort, hostIp = "", hostPort, protocol }) => ({
    protocol,
    container_port: containerPort,
    host_port: hostPort,
    host_ip: hostIp
  })),
  labels: podLabels(pod),
  annotations: {
    ...pod.annotations,
    [kept.hostname]: pod.network._tag === "host" ? "" : pod.hostname,
    [kept.logDirectory]: pod.logDirectory ?? "",
    [kept.cgroupParent]: pod.cgroupParent ?? ""
  },
  linux: {
    cgroup_parent: pod.cgroupParent ?? "",
    sysctls: pod.sysctls ?? {},
    security_context: {
      namespace_options: {
        network: pod.network._tag === "host" ? "NODE" : "POD",
        pid: pidMode[pod.processes ?? "own"],
        ipc: pod.hostIpc ? "NODE" : "POD"
      },
      ...identity(pod.security ?? {})
    }
  }
})

/** The same out of what the runtime tells of a Pod, for a container that is added to it later; a privileged one needs a Pod that is. */
export const adoptedSandbox = ({ annotations, labels, linux, metadata }: PodSandboxStatus, security: Security = {}) => ({
  metadata,
  hostname: annotations[kept.hostname] ?? "",
  log_directory: annotations[kept.logDirectory] ?? "",
  labels,
  annotations,
  linux: {
    cgroup_parent: annotations[kept.cgroupParent] ?? "",
    security_context: {
      namespace_options: linux?.namespaces?.options ?? {},
      ...(security.privileged === true && { privileged: true })
    }
  }
})

const propagation = {
  none: "PROPAGATION_PRIVATE",
  fromHost: "PROPAGATION_HOST_TO_CONTAINER",
  both: "PROPAGATION_BIDIRECTIONAL"
} as const

export const resources = ({
  cpuPeriod,
  cpuQuota,
  cpuShares,
  memoryBytes,
  oomScoreAdjust
}: NonNullable<ContainerConfig["resources"]>) =>
  present({
    cpu_period: cpuPeriod,
    cpu_quota: cpuQuota,
    cpu_shares: cpuShares,
    memory_limit_in_bytes: memoryBytes,
    oom_score_adj: oomScoreAdjust
  })

/** Of what a runtime masks when it is not told otherwise. Source: the kubelet's own defaults for `procMount: Default`. */
const maskedPaths = [
  "/proc/asound",
  "/proc/acpi",
  "/proc/kcore",
  "/proc/keys",
  "/proc/latency_stats",
  "/proc/timer_list",
  "/proc/timer_stats",
  "/proc/sched_debug",
  "/proc/scsi",
  "/sys/firmware"
]
const readOnlyPaths = ["/proc/bus", "/proc/fs", "/proc/irq", "/proc/sys", "/proc/sysrq-trigger"]

const securityContext = (security: Security, namespaces: object) => ({
  ...identity(security),
  ...(typeof security.user === "string" && { run_as_username: security.user }),
  namespace_options: namespaces,
  capabilities: {
    add_capabilities: security.addCapabilities ?? [],
    drop_capabilities: security.dropCapabilities ?? []
  },
  no_new_privs: security.noNewPrivileges ?? false,
  masked_paths: security.privileged ? [] : (security.maskedPaths ?? maskedPaths),
  readonly_paths: security.privileged ? [] : (security.readOnlyPaths ?? readOnlyPaths)
})

export const container = (config: ContainerConfig, sandbox: PodSandboxStatus) => {
  const inherited = sandbox.linux?.namespaces?.options ?? {}
  const { processes } = config
  const namespaces = {
    ...inherited,
    ...(processes && { pid: pidMode[processes._tag], target_id: processes._tag === "target" ? processes.id : "" })
  }
  return {
    metadata: { name: config.name, attempt: config.attempt },
    image: { image: config.image, user_specified_image: config.image },
    command: config.command,
    args: config.args ?? [],
    working_dir: config.workingDirectory ?? "",
    envs: (config.env ?? []).map(({ name, value }) => ({ key: name, value })),
    mounts: (config.mounts ?? []).map((mount) => ({
      container_path: mount.containerPath,
      host_path: mount.hostPath,
      readonly: mount.readOnly,
      propagation: propagation[mount.propagation]
    })),
    devices: (config.devices ?? []).map(({ containerPath, hostPath, permissions }) => ({
      container_path: containerPath,
      host_path: hostPath,
      permissions
    })),
    CDI_devices: (config.cdiDevices ?? []).map((name) => ({ name })),
    labels: {
      ...config.labels,
      [labels.container]: config.name,
      [labels.name]: sandbox.metadata.name,
      [labels.namespace]: sandbox.metadata.namespace,
      [labels.uid]: sandbox.metadata.uid
    },
    annotations: config.annotations ?? {},
    log_path: config.logPath ?? `${config.name}_${config.attempt}.log`,
    stdin: config.stdin ?? false,
    stdin_once: config.stdinOnce ?? false,
    tty: config.tty ?? false,
    linux: {
      resources: resources(config.resources ?? {}),
      security_context: securityContext(config.security ?? {}, namespaces)
    }
  }
}
