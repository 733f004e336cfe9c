/**
 * What a cluster is started with: defaults, a config file over them, flags over that. Every value is decoded with one Schema, so
 * that a mistake is told by the name of its field, whichever way it came.
 */
import { Effect, FileSystem, Option, Result, Schema, SchemaIssue } from "effect"
import { homedir, hostname, networkInterfaces } from "node:os"
import { isIPv6 } from "node:net"
import { isAbsolute, join, resolve } from "node:path"
import { parse } from "yaml"
import * as Addresses from "../plugins/resources/contracts/Addresses.ts"

/** A setting that cannot be used. The message is what the user reads. */
export class BadSetting extends Schema.TaggedError<BadSetting>()("BadSetting", { message: Schema.String }) {}

const Port = Schema.Int.check(Schema.isBetween({ minimum: 1, maximum: 65535 })).annotate({
  expected: "a port from 1 to 65535"
})
const ipv4 = /^(?:(?:25[0-5]|2[0-4]\d|1?\d?\d)(?:\.(?!$)|$)){4}$/
const Address = Schema.String.check(Schema.isPattern(ipv4, { expected: "an IPv4 address such as 192.0.2.10" }))
const Cidr = Schema.String.check(
  Schema.makeFilter((text: string) => {
    const range = Addresses.cidr(text)
    const sound = range?.family === 4 && range.prefix >= 8 && range.prefix <= 28
    return sound || "expected an IPv4 range such as 10.96.0.0/16"
  })
)
const isRange = (text: string) => {
  const range = Addresses.cidr(text)
  return range !== undefined && (range.family === 6 ? range.prefix <= 120 : range.prefix >= 8 && range.prefix <= 28)
}
/** Of one family or of both: which comes first is the one that is used where nothing else is said. */
const Cidrs = Schema.String.check(
  Schema.makeFilter((text: string) => {
    const all = Addresses.list(text)
    const families = new Set(all.map(Addresses.familyOf))
    const sound = all.every(isRange) && families.size === all.length
    return sound || "expected an IPv4 range such as 10.96.0.0/16, or one of each family with a comma between"
  })
)
const Name = Schema.String.check(
  Schema.isPattern(/^[a-z0-9]([-a-z0-9.]{0,61}[a-z0-9])?$/, { expected: "lower case letters, digits, '-' and '.'" })
)
const Hosted = Schema.String.check(
  Schema.isPattern(/^[a-z0-9]([-a-z0-9]{0,40}[a-z0-9])?$/, { expected: "at most 42 lower case letters, digits and '-'" })
)
export const Store = Schema.String.check(
  Schema.isPattern(/^(sqlite|jetstream|memory|nats:\/\/\S+|tls:\/\/\S+|plugin:\/\/\/\S+)$/, {
    expected: "sqlite, jetstream, memory, nats://host:port or plugin:///home/me/PACKAGE"
  })
)

const AuditMode = Schema.Literals(["blocking", "batch"]).annotate({ expected: "blocking or batch" })
const Count = Schema.Int.check(Schema.isBetween({ minimum: 0, maximum: 1_000_000 })).annotate({
  expected: "a number from 0"
})

export const Settings = Schema.Struct({
  dataDir: Schema.String,
  /** Of a control plane that is one of several on this machine; empty: it is the only one. See hosted/Hosted.ts. */
  name: Schema.Union([Schema.Literal(""), Hosted]),
  nodeName: Name,
  nodeIp: Address,
  /** Its address of the other family, where the cluster has both; empty where it has not. */
  nodeIp6: Schema.String.check(
    Schema.makeFilter((text: string) => text === "" || isIPv6(text) || "expected an IPv6 address such as 2001:db8::10")
  ),
  /** By which other machines reach the API, if that is not `nodeIp`: an address or a name. */
  advertiseAddress: Schema.Union([Schema.Literal(""), Name]),
  apiPort: Port,
  kubeletPort: Port,
  /** Where this machine's Pods lie in its cgroups. */
  cgroupRoot: Schema.String.check(Schema.isPattern(/^(\/[-A-Za-z0-9_.]+)+$/, { expected: "a path such as /kubepods" })),
  serviceCidr: Cidrs,
  podCidr: Cidrs,
  clusterDomain: Name,
  /** How many nodes `up` runs on this machine, and the range of their addresses if there is more than one. */
  nodes: Schema.Int.check(Schema.isBetween({ minimum: 1, maximum: 64 })).annotate({ expected: "a number from 1 to 64" }),
  nodeCidr: Cidr,
  /** How many servers `up` runs on this machine. */
  controlPlanes: Schema.Literals([1, 3]).annotate({ expected: "1 or 3" }),
  store: Store,
  /** Of this machine's replica of a store of several; the replicas reach one another 2000 ports further. */
  storePort: Schema.Int.check(Schema.isBetween({ minimum: 1, maximum: 63535 })).annotate({
    expected: "a port from 1 to 63535"
  }),
  processes: Schema.Int.check(Schema.isBetween({ minimum: 1, maximum: 64 })).annotate({ expected: "a number from 1 to 64" }),
  runtime: Schema.Literals(["containerd", "hollow", "auto"]),
  /** By which real containers are run: the first serves Pods without a RuntimeClass. See NodeRuntimes.ts. */
  runtimes: Schema.Array(Schema.Literals(["containerd", "crio", "podman", "docker", "wire"])).check(
    Schema.isMinLength(1),
    Schema.makeFilter((names) => new Set(names).size === names.length || "expected each runtime once")
  ),
  containerdEndpoint: Schema.String,
  /** Where a runtime of somebody else serves the contracts, for `wire`. */
  runtimeSockets: Schema.String,
  /** Where programs of others look for a kubelet, such as device plugins; empty: nowhere. */
  kubeletDir: Schema.Union([
    Schema.Literal(""),
    Schema.String.check(Schema.isPattern(/^\//, { expected: "an absolute path" }))
  ]),
  /** Sockets of CSI drivers all of whose services the node calls itself. Those that register are called for the node alone. */
  csiDrivers: Schema.Array(Schema.String),
  /** Which clouds' registries the node logs in to: `ecr`, `gar`, `acr`, and for a registry of another name `acr=registry.example`. */
  registryCredentials: Schema.Array(
    Schema.String.check(
      Schema.isPattern(/^(ecr|gar|acr)(=[^\s=]+)?$/, { expected: "ecr, gar or acr, or such as acr=registry.example:5000" })
    )
  ),
  /** As for upstream's kubelet: a CredentialProviderConfig, or empty, and where its programs are. */
  imageCredentialProviderConfig: Schema.String,
  imageCredentialProviderBinDir: Schema.String,
  /** How many images a node pulls at once. */
  maxParallelImagePulls: Schema.Int.check(Schema.isBetween({ minimum: 1, maximum: 100 })).annotate({
    expected: "a number from 1 to 100"
  }),
  /** What nodes run where no annotation of the Node says otherwise: see Node.ts. */
  proxy: Schema.Literals(["nftables", "iptables", "none"]),
  dns: Schema.Literals(["builtin", "coredns", "none"]),
  ingress: Schema.Literals(["nginx", "none"]),
  /** Where it listens at the addresses of its node. */
  ingressHttpPort: Port,
  ingressHttpsPort: Port,
  network: Schema.Literals(["bridge", "flannel-vxlan", "flannel-host-gw", "flanneld", "openvswitch"]),
  /** Where the plugins of the container network interface are. */
  cniBinDir: Schema.String,
  natsServer: Schema.String,
  /** Of a NATS that is there: a file with how to come in, where its servers tell about their disks, and if they need not. See NatsContext.ts. */
  natsContext: Schema.String,
  natsMonitor: Schema.String,
  natsUnsynced: Schema.Literals(["refused", "allowed"]).annotate({ expected: "refused or allowed" }),
  /** How far back the cluster can be read as it was, such as `5m` or `1h`. */
  history: Schema.String.check(
    Schema.isPattern(/^(?=[1-9])(\d+h)?(\d+m)?$/, { expected: "a time such as 5m, 90m or 1h30m" })
  ),
  /** A file with Kubernetes' EncryptionConfiguration; empty: Secrets, with a key of the cluster's own. See Encryption.ts. */
  encryptionProviderConfig: Schema.String,
  /** A file with Kubernetes' audit Policy: without one nothing is recorded. And where to: a file (`-`: the output), a server. See Audit.ts. */
  auditPolicyFile: Schema.String,
  auditLogPath: Schema.String,
  auditLogFormat: Schema.Literals(["json", "legacy"]).annotate({ expected: "json or legacy" }),
  auditLogMode: AuditMode,
  auditLogMaxsize: Count,
  auditLogMaxbackup: Count,
  auditLogMaxage: Count,
  auditLogCompress: Schema.Literals(["true", "false"]).annotate({ expected: "true or false" }),
  auditWebhookConfigFile: Schema.String,
  auditWebhookMode: AuditMode,
  auditWebhookBatchMaxSize: Schema.Int.check(Schema.isBetween({ minimum: 1, maximum: 10_000 })).annotate({
    expected: "a number from 1 to 10000"
  }),
  auditWebhookBatchMaxWait: Schema.String.check(
    Schema.isPattern(/^(?=\d)(\d+m)?(\d+s)?(\d+ms)?$/, { expected: "a time such as 30s or 500ms" })
  ),
  /** A file with Kubernetes' AdmissionConfiguration, or empty. */
  admissionControlConfigFile: Schema.String,
  /** `none`: somebody else's binds Pods, such as upstream's. */
  scheduler: Schema.Literals(["builtin", "none"]).annotate({ expected: "builtin or none" }),
  /** Where the cluster runs: what makes load balancers and knows the zones of nodes. See Cloud.ts. */
  cloud: Schema.Literals(["local", "aws", "gcp", "azure", "package", "none"]).annotate({
    expected: "local, aws, gcp, azure, package or none"
  }),
  /** `true`: routes of the cloud's network lead to the nodes' Pods. */
  configureCloudRoutes: Schema.Literals(["true", "false"]).annotate({ expected: "true or false" }),
  /** `external`: a node waits for its cloud's controller, as it always does where `cloud` is one of somebody else. */
  cloudProvider: Schema.Literals(["", "external"]).annotate({ expected: "external, or nothing" }),
  /** The node's machine as its cloud names it, such as `aws:///eu-central-1a/i-0a…`, or empty. */
  providerId: Schema.String,
  /** A file with the provider's own configuration, or empty. */
  cloudConfig: Schema.String,
  /** What this cluster is called there. */
  clusterName: Name,
  /** Where Services of type LoadBalancer get their addresses, with `local`. */
  loadBalancerCidr: Cidrs,
  /** Which controllers run, as kube-controller-manager is told: `*` all, a name that one, `-` before a name not that one. */
  controllers: Schema.Array(Schema.String),
  /** A file with Kubernetes' KubeSchedulerConfiguration, or empty. */
  schedulerConfig: Schema.String,
  /** How often a snapshot of the store is made, such as `1h`; empty: never. */
  snapshotEvery: Schema.String.check(
    Schema.isPattern(/^((\d+h)?(\d+m)?(\d+s)?)$/, { expected: "a time such as 1h, 90m or 1h30m" })
  ),
  /** Where they are kept; empty: in the data directory. See Destination.ts. */
  snapshotTo: Schema.String,
  snapshotKeep: Schema.Int.check(Schema.isBetween({ minimum: 1, maximum: 10_000 })).annotate({
    expected: "a number from 1"
  }),
  snapshotKeyFile: Schema.String,
  /** The plugins that run in a thread of their own, by name, such as `scheduler`. */
  isolate: Schema.Array(Schema.String)
})
export type Settings = typeof Settings.Type
export type Given = { readonly [K in keyof Settings]?: unknown }

/** The node's own address: the first that is not loopback, or loopback where there is no other. */
const ownAddress = () =>
  Object.values(networkInterfaces())
    .flatMap((some) => some ?? [])
    .find(({ family, internal }) => family === "IPv4" && !internal)?.address ?? "127.0.0.1"

export const defaults = (): Settings => ({
  dataDir: join(homedir(), ".keelson"),
  name: "",
  nodeName: hostname().toLowerCase(),
  nodeIp: ownAddress(),
  nodeIp6: "",
  advertiseAddress: "",
  apiPort: 6443,
  kubeletPort: 10250,
  cgroupRoot: "/kubepods",
  serviceCidr: "10.96.0.0/16",
  podCidr: "10.244.0.0/16",
  clusterDomain: "cluster.local",
  nodes: 1,
  nodeCidr: "10.200.0.0/24",
  controlPlanes: 1,
  store: "sqlite",
  storePort: 4222,
  processes: 1,
  runtime: "auto",
  runtimes: ["containerd"],
  containerdEndpoint: "",
  runtimeSockets: "",
  kubeletDir: "/var/lib/kubelet",
  csiDrivers: [],
  registryCredentials: [],
  imageCredentialProviderConfig: "",
  imageCredentialProviderBinDir: "",
  maxParallelImagePulls: 5,
  proxy: "nftables",
  dns: "builtin",
  ingress: "nginx",
  ingressHttpPort: 80,
  ingressHttpsPort: 443,
  network: "bridge",
  cniBinDir: "/usr/lib/cni",
  natsServer: "",
  natsContext: "",
  natsMonitor: "",
  natsUnsynced: "refused",
  history: "5m",
  encryptionProviderConfig: "",
  auditPolicyFile: "",
  auditLogPath: "",
  auditLogFormat: "json",
  auditLogMode: "blocking",
  auditLogMaxsize: 0,
  auditLogMaxbackup: 0,
  auditLogMaxage: 0,
  auditLogCompress: "false",
  auditWebhookConfigFile: "",
  auditWebhookMode: "batch",
  auditWebhookBatchMaxSize: 400,
  auditWebhookBatchMaxWait: "30s",
  admissionControlConfigFile: "",
  scheduler: "builtin",
  cloud: "local",
  configureCloudRoutes: "false",
  cloudProvider: "",
  providerId: "",
  cloudConfig: "",
  clusterName: "kubernetes",
  loadBalancerCidr: "10.98.0.0/24",
  controllers: ["*"],
  schedulerConfig: "",
  snapshotEvery: "",
  snapshotTo: "",
  snapshotKeep: 24,
  snapshotKeyFile: "",
  isolate: []
})

const decode = Schema.decodeUnknownResult(Settings, { errors: "all", onExcessProperty: "error" })
const format = SchemaIssue.makeFormatterStandardSchemaV1()

/** `apiPort: expected a port …`, one line a mistake. */
const explain = (issue: SchemaIssue.Issue, source: string) =>
  format(issue)
    .issues.map(({ message, path = [] }) => `${source}: ${path.map(String).join(".") || "the whole"}: ${message}`)
    .join("\n")

const readFile = Effect.fnUntraced(function* (file: string) {
  const files = yield* FileSystem.FileSystem
  const text = yield* files
    .readFileString(file)
    .pipe(Effect.mapError((error) => new BadSetting({ message: `--config ${file}: it cannot be read: ${error.message}` })))
  const value: unknown = yield* Effect.try({
    try: () => parse(text) ?? {},
    catch: (cause) => new BadSetting({ message: `--config ${file}: expected YAML or JSON: ${String(cause).split("\n")[0]}` })
  })
  if (typeof value !== "object" || value === null || Array.isArray(value)) {
    return yield* new BadSetting({ message: `--config ${file}: expected an object with fields such as apiPort` })
  }
  return value
})

/** The settings of this run. */
export const load = Effect.fnUntraced(function* (flags: Given, file: Option.Option<string>) {
  const fromFile: Given = Option.isSome(file) ? yield* readFile(file.value) : {}
  const given: Given = Object.fromEntries(Object.entries(flags).filter(([, value]) => value !== undefined))
  // Several servers need a store that all of them reach, and several control planes share one.
  const { controlPlanes = 1, name = "" } = { ...fromFile, ...given }
  const standard = { ...defaults(), ...(controlPlanes === 1 && name === "" ? {} : { store: "jetstream" }) }
  const fileOnly = decode({ ...standard, ...fromFile })
  if (Result.isFailure(fileOnly))
    return yield* new BadSetting({
      message: explain(fileOnly.failure.issue, `--config ${Option.getOrElse(file, () => "")}`)
    })
  const all = decode({ ...standard, ...fromFile, ...given })
  if (Result.isFailure(all)) return yield* new BadSetting({ message: explain(all.failure.issue, "flags") })
  const settings = all.success
  return { ...settings, dataDir: isAbsolute(settings.dataDir) ? settings.dataDir : resolve(settings.dataDir) }
})

/** The address `index` of a range, of the first if there are two: 1 is the API's Service, 10 the DNS server's. */
export const addressIn = (cidrs: string, index: number): string => {
  const range = Addresses.cidr(Addresses.list(cidrs)[0] ?? "")
  return range === undefined ? "" : Addresses.at(range, index)
}
