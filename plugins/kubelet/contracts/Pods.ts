/** The words in which the kubelet tells a runtime what a Pod and a container shall be, and is told what they are. */
import { Schema } from "effect"

const { Array: List, Boolean: Bool, Int, Literals, Record, String: Text, Struct, TaggedUnion, optionalKey } = Schema

const Texts = Record(Text, Text)

/**
 * `runtime`: the runtime makes the namespace and calls CNI itself (containerd, CRI-O). `given`: it joins a namespace that
 * the kubelet has made and attached (Podman). `made`: it makes the namespace and says where it is, and the kubelet attaches it
 * then (Docker, which joins no namespace by its path). `host`: no namespace of its own, which every runtime can do.
 */
export const Network = TaggedUnion({ runtime: {}, given: { namespace: Text }, made: {}, host: {} })

export const Port = Struct({
  hostPort: Int,
  containerPort: Int,
  protocol: Literals(["TCP", "UDP", "SCTP"]),
  hostIp: optionalKey(Text)
})
export type Port = typeof Port.Type

/** What stands in the Pod's resolv.conf. */
export const Dns = Struct({ servers: List(Text), searches: List(Text), options: List(Text) })
export type Dns = typeof Dns.Type

export const Seccomp = TaggedUnion({ RuntimeDefault: {}, Unconfined: {}, Localhost: { path: Text } })

/** Users are ids; a name is looked up in the image's /etc/passwd. */
export const Security = Struct({
  user: optionalKey(Schema.Union([Int, Text])),
  group: optionalKey(Int),
  supplementalGroups: optionalKey(List(Int)),
  privileged: optionalKey(Bool),
  readOnlyRoot: optionalKey(Bool),
  noNewPrivileges: optionalKey(Bool),
  addCapabilities: optionalKey(List(Text)),
  dropCapabilities: optionalKey(List(Text)),
  seccomp: optionalKey(Seccomp),
  /** Absent: what the runtime masks by itself. */
  maskedPaths: optionalKey(List(Text)),
  readOnlyPaths: optionalKey(List(Text))
})
export type Security = typeof Security.Type

/** Whose processes a container sees. `target` is the id of another container of the Pod. */
export const Processes = TaggedUnion({ own: {}, pod: {}, host: {}, target: { id: Text } })

export const PodConfig = {
  uid: Text,
  namespace: Text,
  name: Text,
  attempt: Int,
  hostname: Text,
  network: Network,
  labels: optionalKey(Texts),
  annotations: optionalKey(Texts),
  /** Absent: the host's. */
  dns: optionalKey(Dns),
  ports: optionalKey(List(Port)),
  cgroupParent: optionalKey(Text),
  sysctls: optionalKey(Texts),
  hostIpc: optionalKey(Bool),
  hostUts: optionalKey(Bool),
  processes: optionalKey(Literals(["own", "pod", "host"])),
  logDirectory: optionalKey(Text),
  security: optionalKey(Security),
  /** One of those that the runtime describes. Absent: the one without a name. */
  handler: optionalKey(Text)
}

export const Mount = Struct({
  hostPath: Text,
  containerPath: Text,
  readOnly: Bool,
  propagation: Literals(["none", "fromHost", "both"])
})
export type Mount = typeof Mount.Type

/** Of cgroups. `cpuQuota` and `cpuPeriod` are in microseconds. */
export const Resources = Struct({
  cpuShares: optionalKey(Int),
  cpuQuota: optionalKey(Int),
  cpuPeriod: optionalKey(Int),
  memoryBytes: optionalKey(Int),
  oomScoreAdjust: optionalKey(Int)
})
export type Resources = typeof Resources.Type

export const ContainerConfig = {
  /** The Pod's id, as the runtime gave it. */
  pod: Text,
  name: Text,
  attempt: Int,
  image: Text,
  /** Empty: the image's entrypoint. */
  command: List(Text),
  args: optionalKey(List(Text)),
  env: optionalKey(List(Struct({ name: Text, value: Text }))),
  workingDirectory: optionalKey(Text),
  mounts: optionalKey(List(Mount)),
  devices: optionalKey(List(Struct({ hostPath: Text, containerPath: Text, permissions: Text }))),
  /** Such as `vendor.example/card=card0`: what that is stands in files of the machine. Source: Container Device Interface. */
  cdiDevices: optionalKey(List(Text)),
  stdin: optionalKey(Bool),
  stdinOnce: optionalKey(Bool),
  tty: optionalKey(Bool),
  resources: optionalKey(Resources),
  security: optionalKey(Security),
  processes: optionalKey(Processes),
  /** Relative to the Pod's log directory. */
  logPath: optionalKey(Text),
  labels: optionalKey(Texts),
  annotations: optionalKey(Texts)
}

/** Times are RFC 3339. */
export const ContainerStatus = Struct({
  id: Text,
  name: Text,
  attempt: Int,
  state: Literals(["Created", "Running", "Exited"]),
  image: Text,
  imageId: Text,
  createdAt: Text,
  startedAt: optionalKey(Text),
  finishedAt: optionalKey(Text),
  exitCode: optionalKey(Int),
  reason: optionalKey(Text),
  message: optionalKey(Text),
  logPath: optionalKey(Text),
  annotations: Texts
})
export type ContainerStatus = typeof ContainerStatus.Type

export const PodStatus = Struct({
  id: Text,
  uid: Text,
  namespace: Text,
  name: Text,
  attempt: Int,
  ready: Bool,
  createdAt: Text,
  addresses: List(Text),
  /** Of a network that the runtime `made`: the path of the namespace, as long as it is there. */
  networkNamespace: optionalKey(Text),
  containers: List(ContainerStatus),
  /** Of several runtimes behind one contract: the name of the one that has it. Absent: the one that `describe` names. */
  runtime: optionalKey(Text)
})
export type PodStatus = typeof PodStatus.Type
