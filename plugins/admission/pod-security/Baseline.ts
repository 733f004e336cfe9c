/** What the level "baseline" forbids: the known ways out of a container. Source: "Pod Security Standards". */
import {
  type Broken,
  type Check,
  type Contained,
  containersOf,
  isRemapped,
  named,
  plural,
  quoted,
  setters,
  sorted,
  valuesOf
} from "./Words.ts"

const appArmorTypes = new Set(["RuntimeDefault", "Localhost"])
const appArmorPrefix = "container.apparmor.security.beta.kubernetes.io/"
const isGoodAppArmor = (value: string) => value === "" || value === "runtime/default" || value.startsWith("localhost/")

export const appArmorProfile: Check = (pod) => {
  const bad = setters(
    pod,
    ({ appArmorProfile }) => appArmorProfile !== undefined && !appArmorTypes.has(appArmorProfile.type)
  )
  const annotations = Object.entries(pod.metadata?.annotations ?? {})
    .filter(([key, value]) => key.startsWith(appArmorPrefix) && !isGoodAppArmor(value))
    .map(([key, value]) => `${key}=${JSON.stringify(value)}`)
    .toSorted()
  const types = valuesOf(pod, ({ appArmorProfile }) => appArmorProfile?.type).filter((type) => !appArmorTypes.has(type))
  const values = [...sorted(types), ...annotations]
  const who = [
    ...(bad === "" ? [] : [bad]),
    ...(annotations.length > 0 ? [plural(annotations.length, "annotation")] : [])
  ].join(" and ")
  if (who === "") return undefined
  return {
    reason: plural(values.length, "forbidden AppArmor profile"),
    detail: `${who} must not set AppArmor profile type to ${quoted(values)}`
  }
}

const capabilities = new Set([
  ...["AUDIT_WRITE", "CHOWN", "DAC_OVERRIDE", "FOWNER", "FSETID", "KILL", "MKNOD", "NET_BIND_SERVICE"],
  ...["SETFCAP", "SETGID", "SETPCAP", "SETUID", "SYS_CHROOT"]
])

/** Containers that add others than these. */
export const adding = (containers: ReadonlyArray<Contained>, allowed: ReadonlySet<string>): string | undefined => {
  const added = ({ securityContext }: Contained) =>
    (securityContext?.capabilities?.add ?? []).filter((name) => !allowed.has(name))
  const bad = containers.filter((container) => added(container).length > 0)
  return bad.length === 0
    ? undefined
    : `${named(bad)} must not include ${quoted(sorted(bad.flatMap(added)))} in securityContext.capabilities.add`
}

export const addedCapabilities: Check = (pod) => {
  const detail = adding(containersOf(pod), capabilities)
  return detail === undefined ? undefined : { reason: "non-default capabilities", detail }
}

export const hostNamespaces: Check = ({ spec }) => {
  const set = (["hostNetwork", "hostPID", "hostIPC"] as const).filter((name) => spec[name] === true)
  return set.length === 0 ? undefined : { reason: "host namespaces", detail: set.map((name) => `${name}=true`).join(", ") }
}

export const hostPathVolumes: Check = ({ spec }) => {
  const bad = (spec.volumes ?? []).filter(({ hostPath }) => hostPath !== undefined)
  return bad.length === 0
    ? undefined
    : { reason: "hostPath volumes", detail: `${plural(bad.length, "volume")} ${quoted(bad.map(({ name }) => name))}` }
}

export const hostPorts: Check = (pod) => {
  const portsOf = ({ ports = [] }: Contained) => ports.flatMap(({ hostPort = 0 }) => (hostPort === 0 ? [] : `${hostPort}`))
  const bad = containersOf(pod).filter((container) => portsOf(container).length > 0)
  const ports = sorted(bad.flatMap(portsOf))
  if (bad.length === 0) return undefined
  const uses = `${plural(bad.length, "uses", "use")} ${plural(ports.length, "hostPort")}`
  return { reason: "hostPort", detail: `${named(bad)} ${uses} ${ports.join(", ")}` }
}

export const hostProbes: Check = (pod) => {
  const hostsOf = ({ lifecycle, livenessProbe, readinessProbe, startupProbe }: Contained) =>
    [livenessProbe, readinessProbe, startupProbe, lifecycle?.postStart, lifecycle?.preStop].flatMap((handler) =>
      [handler?.httpGet?.host ?? "", handler?.tcpSocket?.host ?? ""].filter((host) => host !== "")
    )
  const bad = containersOf(pod).filter((container) => hostsOf(container).length > 0)
  const hosts = sorted(bad.flatMap(hostsOf))
  if (bad.length === 0) return undefined
  const names = sorted(bad.map(({ name }) => name)).map((name) => ({ name }))
  const uses = `${plural(bad.length, "uses", "use")} ${plural(hosts.length, "probe or lifecycle host")}`
  return { reason: "probe or lifecycle host", detail: `${named(names)} ${uses} ${quoted(hosts)}` }
}

export const privileged: Check = (pod) => {
  const bad = containersOf(pod).filter(({ securityContext }) => securityContext?.privileged === true)
  return bad.length === 0
    ? undefined
    : { reason: "privileged", detail: `${named(bad)} must not set securityContext.privileged=true` }
}

export const procMount: Check = (pod) => {
  const mountOf = ({ securityContext }: Contained) => securityContext?.procMount ?? "Default"
  const bad = containersOf(pod).filter((container) => mountOf(container) !== "Default")
  const detail = `${named(bad)} must not set securityContext.procMount to ${quoted(sorted(bad.map(mountOf)))}`
  return bad.length === 0 ? undefined : { reason: "procMount", detail }
}
export const procMountUnlessRemapped: Check = (pod) => (isRemapped(pod) ? undefined : procMount(pod))

const seLinuxTypes = ["", "container_t", "container_init_t", "container_kvm_t"]

const seLinux =
  (types: ReadonlySet<string>): Check =>
  (pod) => {
    const all = valuesOf(pod, ({ seLinuxOptions }) => seLinuxOptions)
    const who = setters(
      pod,
      ({ seLinuxOptions: set }) =>
        set !== undefined && (!types.has(set.type ?? "") || Boolean(set.user) || Boolean(set.role))
    )
    if (who === "") return undefined
    const bad = sorted(all.map(({ type = "" }) => type).filter((type) => !types.has(type)))
    const what = [
      ...(bad.length > 0 ? [`${plural(bad.length, "type")} ${quoted(bad)}`] : []),
      ...(all.some(({ user }) => user) ? ["user may not be set"] : []),
      ...(all.some(({ role }) => role) ? ["role may not be set"] : [])
    ]
    return {
      reason: "seLinuxOptions",
      detail: `${who} set forbidden securityContext.seLinuxOptions: ${what.join("; ")}`
    }
  }
export const seLinuxOptions = seLinux(new Set(seLinuxTypes))
export const seLinuxOptionsWithEngine = seLinux(new Set([...seLinuxTypes, "container_engine_t"]))

const seccompPod = "seccomp.security.alpha.kubernetes.io/pod"
const seccompContainer = "container.seccomp.security.alpha.kubernetes.io/"
const isGoodSeccomp = (value: string) =>
  value === "runtime/default" || value === "docker/default" || value.startsWith("localhost/")

/** Before there was a field. */
export const seccompAnnotations: Check = (pod) => {
  const annotations = pod.metadata?.annotations ?? {}
  const keys = [seccompPod, ...containersOf(pod).map(({ name }) => seccompContainer + name)]
  const bad = sorted(
    keys.flatMap((key) => {
      const value = annotations[key]
      return value === undefined || isGoodSeccomp(value) ? [] : [`${key}=${JSON.stringify(value)}`]
    })
  )
  return bad.length === 0
    ? undefined
    : { reason: "seccompProfile", detail: `forbidden ${plural(bad.length, "annotation")} ${bad.join(", ")}` }
}

const seccompTypes = new Set(["Localhost", "RuntimeDefault"])
export const isSeccompType = (type: string) => seccompTypes.has(type)

export const seccompProfile = (pod: Parameters<Check>[0]): Broken | undefined => {
  const who = setters(pod, ({ seccompProfile }) => seccompProfile !== undefined && !isSeccompType(seccompProfile.type))
  if (who === "") return undefined
  const types = valuesOf(pod, ({ seccompProfile }) => seccompProfile?.type).filter((type) => !isSeccompType(type))
  return {
    reason: "seccompProfile",
    detail: `${who} must not set securityContext.seccompProfile.type to ${quoted(sorted(types))}`
  }
}

const sysctlsAllowed = (names: ReadonlySet<string>): Check => {
  return ({ spec }) => {
    const bad = (spec.securityContext?.sysctls ?? []).filter(({ name }) => !names.has(name))
    return bad.length === 0 ? undefined : { reason: "forbidden sysctls", detail: bad.map(({ name }) => name).join(", ") }
  }
}
const oldSysctls = [
  "kernel.shm_rmid_forced",
  ...["ip_local_port_range", "tcp_syncookies", "ping_group_range", "ip_unprivileged_port_start"].map(
    (name) => `net.ipv4.${name}`
  )
]
const reserved = [...oldSysctls, "net.ipv4.ip_local_reserved_ports"]
const keepalive = [
  ...reserved,
  ...["tcp_keepalive_time", "tcp_fin_timeout", "tcp_keepalive_intvl", "tcp_keepalive_probes"].map(
    (name) => `net.ipv4.${name}`
  )
]
/** From which minor version on which sysctls are safe. */
export const sysctls: ReadonlyArray<readonly [number, Check]> = [
  [0, sysctlsAllowed(new Set(oldSysctls))],
  [27, sysctlsAllowed(new Set(reserved))],
  [29, sysctlsAllowed(new Set(keepalive))],
  [32, sysctlsAllowed(new Set([...keepalive, "net.ipv4.tcp_rmem", "net.ipv4.tcp_wmem"]))]
]

export const windowsHostProcess: Check = (pod) => {
  const who = setters(pod, ({ windowsOptions }) => windowsOptions?.hostProcess === true)
  return who === ""
    ? undefined
    : { reason: "hostProcess", detail: `${who} must not set securityContext.windowsOptions.hostProcess=true` }
}
