/** The flags that commands share, and what they give: settings, paths, or the administrator's credentials. */
import { Effect, FileSystem, Option } from "effect"
import { Flag } from "effect/cli"
import * as Place from "./hosted/Place.ts"
import * as Paths from "./Paths.ts"
import * as Settings from "./Settings.ts"
import * as StoreRecord from "./StoreRecord.ts"

export const text = (name: string, description: string) =>
  Flag.String(name).pipe(Flag.withDescription(description), Flag.optional)
export const number = (name: string, description: string) =>
  Flag.Int(name).pipe(Flag.withDescription(description), Flag.optional)

export const flags = {
  config: Flag.String("config").pipe(
    Flag.withDescription("A YAML or JSON file with these settings by their names in camel case"),
    Flag.optional
  ),
  dataDir: text("data-dir", "Where everything of the cluster lies (default ~/.keelson)"),
  name: text("name", "Of a control plane that is one of several on this machine: see keelson server"),
  nodeName: text("node-name", "This node's name (default: the host's name)"),
  nodeIp: text("node-ip", "The address by which others reach this machine (default: its first)"),
  advertiseAddress: text(
    "advertise-address",
    "By which other machines reach the API, if not by --node-ip: an address or a name"
  ),
  nodeIp6: text("node-ip6", "Its IPv6 address, where --pod-cidr and --service-cidr have ranges of both families"),
  apiPort: number("api-port", "The API server's port (default 6443)"),
  kubeletPort: number("kubelet-port", "The kubelet's HTTPS port (default 10250)"),
  cgroupRoot: text("cgroup-root", "Where the Pods lie in the machine's cgroups (default /kubepods)"),
  serviceCidr: text(
    "service-cidr",
    "The range of cluster IPs (default 10.96.0.0/16), or two of both families: 10.96.0.0/16,fd00:10:96::/108"
  ),
  podCidr: text("pod-cidr", "The range of Pod addresses (default 10.244.0.0/16), or two: 10.244.0.0/16,fd00:10:244::/48"),
  clusterDomain: text("cluster-domain", "The domain of Services (default cluster.local)"),
  nodeCidr: text("node-cidr", "The range of the nodes' addresses where --nodes is more than 1 (default 10.200.0.0/24)"),
  store: text("store", "sqlite (default), jetstream, memory, nats://host:port, or a package: plugin:///home/me/store"),
  storePort: number(
    "store-port",
    "Where other servers reach this one's replica of the store; 2000 further its replica is reached by theirs (default 4222)"
  ),
  processes: number("processes", "How many API processes share the port (default 1)"),
  runtime: text("runtime", "containerd, hollow, or auto (default)"),
  runtimes: text(
    "runtimes",
    "By which containers are run: containerd (default), crio, podman, docker, wire (a program of your own), or several with commas, the first by default"
  ),
  containerdEndpoint: text(
    "containerd-endpoint",
    "The socket of a containerd that is there; without it the node runs its own"
  ),
  kubeletDir: text(
    "kubelet-dir",
    "Where programs of others look for a kubelet, such as device plugins (default /var/lib/kubelet; empty: nowhere)"
  ),
  csiDrivers: text("csi-drivers", "Sockets of CSI drivers that this node calls itself, without sidecars, with commas"),
  runtimeSockets: text("runtime-sockets", "The folder of sockets where the runtime wire serves its contracts"),
  registryCredentials: text(
    "registry-credentials",
    "Clouds' registries that the node logs in to: ecr, gar, acr; of another name: acr=registry.example:5000"
  ),
  imageCredentialProviderConfig: text(
    "image-credential-provider-config",
    "Kubernetes' CredentialProviderConfig: programs that know logins for images"
  ),
  imageCredentialProviderBinDir: text("image-credential-provider-bin-dir", "Where those programs are"),
  maxParallelImagePulls: number("max-parallel-image-pulls", "How many images a node pulls at once (default 5)"),
  proxy: text("proxy", "What leads Services to their Pods: nftables (default), iptables or none"),
  dns: text("dns", "What answers their names: builtin (default), coredns or none"),
  ingress: text("ingress", "What serves Ingresses on nodes: nginx (default) or none"),
  ingressHttpPort: number("ingress-http-port", "Where it listens on nodes, 80 if nothing else is said"),
  ingressHttpsPort: number("ingress-https-port", "And for TLS, 443 if nothing else is said"),
  network: text("network", "What connects Pods: bridge (default), flannel-vxlan, flannel-host-gw, flanneld or openvswitch"),
  cniBinDir: text("cni-bin-dir", "Where the CNI plugins are (default /usr/lib/cni)"),
  natsServer: text("nats-server", "The nats-server to run for --store jetstream"),
  natsContext: text("nats-context", "A file of `nats context save`: credentials and TLS of --store nats://…"),
  natsMonitor: text("nats-monitor", "The monitoring of its servers, http://host:8222,…: whether they sync stands there"),
  natsUnsynced: text("nats-unsynced", "A NATS that may lose what it has acknowledged: refused (default) or allowed"),
  history: text("history", "How far back the cluster can be read as it was: 5m (default), 1h"),
  encryptionProviderConfig: text(
    "encryption-provider-config",
    "Kubernetes' EncryptionConfiguration; without it Secrets are encrypted with a key of the cluster's own"
  ),
  auditPolicyFile: text(
    "audit-policy-file",
    "Kubernetes' audit Policy: what is recorded of requests; without it nothing is"
  ),
  auditLogPath: text("audit-log-path", "The file where events are written, a line each; - is the output"),
  auditLogFormat: text("audit-log-format", "json (default) or legacy"),
  auditLogMode: text("audit-log-mode", "blocking (default): before the request is answered; batch: some at a time"),
  auditLogMaxsize: number("audit-log-maxsize", "MiB after which the file is put aside (default 100)"),
  auditLogMaxbackup: number("audit-log-maxbackup", "How many that were put aside are kept (default: all)"),
  auditLogMaxage: number("audit-log-maxage", "For how many days they are kept (default: without end)"),
  auditLogCompress: text("audit-log-compress", "Whether they are compressed: true or false (default)"),
  auditWebhookConfigFile: text("audit-webhook-config-file", "A kubeconfig that names a server which events are posted to"),
  auditWebhookMode: text("audit-webhook-mode", "batch (default) or blocking"),
  auditWebhookBatchMaxSize: number("audit-webhook-batch-max-size", "How many events go at once (default 400)"),
  auditWebhookBatchMaxWait: text("audit-webhook-batch-max-wait", "How long they are waited for (default 30s)"),
  admissionControlConfigFile: text(
    "admission-control-config-file",
    "Kubernetes' AdmissionConfiguration: what pod security asks where labels say nothing, and whom it exempts"
  ),
  cloud: text(
    "cloud",
    "What makes load balancers and knows the zones of nodes: local (default), aws, gcp, azure, package (that a Plugin loads) or none"
  ),
  configureCloudRoutes: text(
    "configure-cloud-routes",
    "Whether routes of the cloud's network lead to the nodes' Pods: true or false (default)"
  ),
  cloudProvider: text("cloud-provider", "external: a node waits until its cloud's controller has said which machine it is"),
  providerId: text("provider-id", "The node's machine as its cloud names it, where that cannot find it by name"),
  cloudConfig: text("cloud-config", "A file with its configuration, such as zones: see adapters/cloud"),
  clusterName: text("cluster-name", "What this cluster is called in its cloud (default kubernetes)"),
  loadBalancerCidr: text(
    "load-balancer-cidr",
    "Where Services of type LoadBalancer get their addresses, with --cloud local (default 10.98.0.0/24)"
  ),
  scheduler: text("scheduler", "What binds Pods to nodes: builtin (default) or none"),
  controllers: text(
    "controllers",
    "Which controllers run: * all (default), a name that one, -name not that one, with commas: *,-job"
  ),
  schedulerConfig: text(
    "scheduler-config",
    "Kubernetes' KubeSchedulerConfiguration: profiles, their plugins, weights and arguments"
  ),
  snapshotEvery: text("snapshot-every", "How often a snapshot of the store is made: 1h, 30m; without it none is"),
  snapshotTo: text(
    "snapshot-to",
    "Where snapshots are kept: a directory (default <data-dir>/snapshots), or s3://bucket/prefix"
  ),
  snapshotKeep: number("snapshot-keep", "How many of them are kept (default 24)"),
  snapshotKeyFile: text("snapshot-key-file", "32 random bytes, by which they are encrypted"),
  isolate: text("isolate", "Plugins that run in a thread of their own, separated by commas: scheduler,replicaset,…")
}
/** Those of them that a command takes. */
export type Flags = { readonly [K in keyof typeof flags | "nodes" | "controlPlanes"]?: Option.Option<string | number> }

export const words = (list: string) => list.split(",").filter((word) => word !== "")

const absent = Option.none<string>()

/** Of the flags of a command; whose credentials it uses is no setting. */
export const settingsOf = Effect.fnUntraced(function* ({
  kubeconfig: _,
  config = absent,
  controllers = absent,
  csiDrivers = absent,
  isolate = absent,
  registryCredentials = absent,
  runtimes = absent,
  ...rest
}: Flags & { readonly kubeconfig?: Option.Option<string> }) {
  const given = Object.fromEntries(
    Object.entries(rest).flatMap(([name, value]) => (Option.isSome(value) ? [[name, value.value]] : []))
  )
  const lists = {
    ...(Option.isSome(controllers) && { controllers: words(String(controllers.value)) }),
    ...(Option.isSome(csiDrivers) && { csiDrivers: words(String(csiDrivers.value)) }),
    ...(Option.isSome(isolate) && { isolate: words(String(isolate.value)) }),
    ...(Option.isSome(registryCredentials) && { registryCredentials: words(String(registryCredentials.value)) }),
    ...(Option.isSome(runtimes) && { runtimes: words(String(runtimes.value)) })
  }
  const settings = yield* Settings.load({ ...given, ...lists }, Option.map(config, String))
  return yield* StoreRecord.applied(yield* Place.applied(settings))
})
export const pathsOf = ({ dataDir, nodeName }: Settings.Settings) => Paths.make(dataDir, nodeName)

const { config, dataDir, name, nodeName, store, storePort } = flags
const { encryptionProviderConfig, natsContext, natsMonitor, natsServer, natsUnsynced } = flags

/** Of which data directory. */
export const placeFlags = { config, dataDir, name, nodeName }
/** Who asks: of the cluster of this data directory, or of a kubeconfig's. */
export const administratorFlags = {
  ...placeFlags,
  kubeconfig: text("kubeconfig", "The administrator's credentials (default: those in the data directory)")
}
/** Also which store it is, where no server runs that could be asked. */
export const storeFlags = {
  ...administratorFlags,
  store,
  storePort,
  natsServer,
  natsContext,
  natsMonitor,
  natsUnsynced,
  encryptionProviderConfig
}
export const kubeconfigOf = Effect.fnUntraced(function* ({
  kubeconfig,
  ...given
}: Flags & { readonly kubeconfig: Option.Option<string> }) {
  const named = Option.getOrElse(kubeconfig, () => "")
  if (named !== "") return named
  const own = pathsOf(yield* settingsOf(given)).kubeconfig
  if (yield* Effect.orElseSucceed((yield* FileSystem.FileSystem).exists(own), () => true)) return own
  const message = `there is no cluster of this machine here, for want of ${own}: name one by --data-dir, or by --kubeconfig`
  return yield* new Settings.BadSetting({ message })
})
export const listed = (name: string, description: string, standard: string) =>
  Flag.String(name).pipe(Flag.withDescription(description), Flag.withDefault(standard))
