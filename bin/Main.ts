/**
 * The command line: each command loads what it needs when it is called.
 * `keelson up | server | agent | token | runtime | status | down | version | kubectl`.
 */
import { NodeRuntime, NodeServices } from "@effect/platform-node"
import { Cause, Console, Effect, Option, Runtime } from "effect"
import { Argument, CliError, Command, Flag } from "effect/cli"
import * as Paths from "./Paths.ts"
import * as Settings from "./Settings.ts"
import { version } from "./Version.ts"

const text = (name: string, description: string) => Flag.String(name).pipe(Flag.withDescription(description), Flag.optional)
const number = (name: string, description: string) => Flag.Int(name).pipe(Flag.withDescription(description), Flag.optional)

const flags = {
  config: Flag.String("config").pipe(
    Flag.withDescription("A YAML or JSON file with these settings by their names in camel case"),
    Flag.optional
  ),
  dataDir: text("data-dir", "Where everything of the cluster lies (default ~/.keelson)"),
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
  store: text("store", "sqlite (default), jetstream, memory, or nats://host:port"),
  processes: number("processes", "How many API processes share the port (default 1)"),
  runtime: text("runtime", "containerd, hollow, or auto (default)"),
  runtimes: text(
    "runtimes",
    "By which containers are run: containerd (default), crio, podman, docker, or several with commas, the first by default"
  ),
  containerdEndpoint: text(
    "containerd-endpoint",
    "The socket of a containerd that is there; without it the node runs its own"
  ),
  proxy: text("proxy", "What leads Services to their Pods: nftables (default), iptables or none"),
  dns: text("dns", "What answers their names: builtin (default), coredns or none"),
  network: text("network", "What connects Pods: bridge (default), flannel-vxlan, flannel-host-gw, flanneld or openvswitch"),
  cniBinDir: text("cni-bin-dir", "Where the CNI plugins are (default /usr/lib/cni)"),
  natsServer: text("nats-server", "The nats-server to run for --store jetstream"),
  isolate: text("isolate", "Plugins that run in a thread of their own, separated by commas: scheduler,replicaset,…")
}
type Flags = { readonly [K in keyof typeof flags]: Option.Option<string | number> } & {
  readonly nodes?: Option.Option<number>
}

const words = (list: string) => list.split(",").filter((word) => word !== "")

const settingsOf = Effect.fnUntraced(function* ({ config, isolate, runtimes, ...rest }: Flags) {
  const given = Object.fromEntries(
    Object.entries(rest).flatMap(([name, value]) => (Option.isSome(value) ? [[name, value.value]] : []))
  )
  const lists = {
    ...(Option.isSome(isolate) && { isolate: words(String(isolate.value)) }),
    ...(Option.isSome(runtimes) && { runtimes: words(String(runtimes.value)) })
  }
  return yield* Settings.load({ ...given, ...lists }, Option.map(config, String))
})
const pathsOf = ({ dataDir, nodeName }: Settings.Settings) => Paths.make(dataDir, nodeName)

const up = Command.make(
  "up",
  {
    ...flags,
    nodes: number("nodes", "How many nodes: this machine, and others in network namespaces of it (default 1)"),
    hello: Flag.Boolean("hello").pipe(
      Flag.withDescription("Also deploys a small application, and calls it"),
      Flag.withDefault(false)
    )
  },
  Effect.fnUntraced(function* ({ hello, ...given }) {
    const Up = yield* Effect.promise(() => import("./Up.ts"))
    yield* Up.run(yield* settingsOf(given), hello)
  })
).pipe(Command.withDescription("Runs a cluster on this machine: a server and an agent, until Ctrl-C"))

const server = Command.make(
  "server",
  {
    ...flags,
    api: Flag.Boolean("api-only").pipe(
      Flag.withDescription("Only an API process beside others: no controllers"),
      Flag.withDefault(false)
    )
  },
  Effect.fnUntraced(function* ({ api, ...given }) {
    const Server = yield* Effect.promise(() => import("./Server.ts"))
    yield* Server.run(yield* settingsOf(given), api ? "replica" : "primary")
  })
).pipe(Command.withDescription("Runs a control plane: store, API, scheduler and controllers"))

const agent = Command.make(
  "agent",
  {
    ...flags,
    member: Flag.Int("member").pipe(
      Flag.withDescription("Which of the nodes that keelson up runs on this machine"),
      Flag.withDefault(1)
    ),
    removeAtEnd: Flag.Boolean("remove-at-end").pipe(
      Flag.withDescription(
        "Ends the Pods and removes what it made when it stops (default for a node that joined; or --no-…)"
      ),
      Flag.optional
    ),
    join: text("join", "The API of the cluster to join: host, host:port or https://host:port"),
    token: text("token", "The token to join with, from keelson token create; only needed the first time"),
    caHash: text("ca-hash", "sha256:…, by which the cluster's authority is known, from keelson token create"),
    kubeconfig: text("kubeconfig", "Joins the cluster of this file, as its user, without a token")
  },
  Effect.fnUntraced(function* ({ caHash, join, kubeconfig, member, removeAtEnd, token, ...given }) {
    const Agent = yield* Effect.promise(() => import("./Agent.ts"))
    const elsewhere = {
      ...(Option.isSome(join) && {
        join: {
          address: join.value,
          token: Option.getOrElse(token, () => ""),
          ...(Option.isSome(caHash) && { caHash: caHash.value })
        }
      }),
      ...(Option.isSome(kubeconfig) && { kubeconfig: kubeconfig.value })
    }
    yield* Agent.run(yield* settingsOf(given), { index: member, remove: Option.getOrUndefined(removeAtEnd), elsewhere })
  })
).pipe(Command.withDescription("Runs a node: kubelet, service proxy and DNS, of the cluster here or of one that it joins"))

/** Who asks: of the cluster of this data directory, or of a kubeconfig's. */
const administratorFlags = {
  ...flags,
  kubeconfig: text("kubeconfig", "The administrator's credentials (default: those in the data directory)")
}
const kubeconfigOf = Effect.fnUntraced(function* ({
  kubeconfig,
  ...given
}: Flags & { readonly kubeconfig: Option.Option<string> }) {
  return Option.getOrElse(kubeconfig, () => "") || pathsOf(yield* settingsOf(given)).kubeconfig
})
const listed = (name: string, description: string, standard: string) =>
  Flag.String(name).pipe(Flag.withDescription(description), Flag.withDefault(standard))

const createToken = Command.make(
  "create",
  {
    ...administratorFlags,
    token: Argument.String("token").pipe(Argument.optional),
    ttl: listed("ttl", "How long it lives: 24h, 90m, or 0 for ever (default 24h)", "24h"),
    usages: listed("usages", "authentication, signing, or both (default)", "authentication,signing"),
    groups: listed("groups", "Further groups of who joins with it: system:bootstrappers:…", ""),
    description: listed("description", "What it is for", "")
  },
  Effect.fnUntraced(function* ({ description, groups, token, ttl, usages, ...given }) {
    const Token = yield* Effect.promise(() => import("./Token.ts"))
    const wanted = { token: Option.getOrUndefined(token), ttl, usages: words(usages), groups: words(groups), description }
    yield* Token.create(yield* kubeconfigOf(given), wanted)
  })
).pipe(Command.withDescription("Makes a token, and says how a machine joins with it"))

const listTokens = Command.make(
  "list",
  administratorFlags,
  Effect.fnUntraced(function* (given) {
    const Token = yield* Effect.promise(() => import("./Token.ts"))
    yield* Token.list(yield* kubeconfigOf(given))
  })
).pipe(Command.withDescription("Shows the tokens that there are"))

const deleteToken = Command.make(
  "delete",
  { ...administratorFlags, tokens: Argument.String("token").pipe(Argument.variadic({ min: 1 })) },
  Effect.fnUntraced(function* ({ tokens, ...given }) {
    const Token = yield* Effect.promise(() => import("./Token.ts"))
    yield* Token.remove(yield* kubeconfigOf(given), tokens)
  })
).pipe(Command.withDescription("Deletes tokens: nobody joins with them any more"))

const token = Command.make("token").pipe(
  Command.withDescription("Tokens by which machines join"),
  Command.withSubcommands([createToken, listTokens, deleteToken])
)

const migrate = Command.make(
  "migrate",
  {
    ...administratorFlags,
    node: Argument.String("node"),
    from: Argument.String("from"),
    to: Argument.String("to"),
    force: Flag.Boolean("force").pipe(
      Flag.withDescription("Also evicts Pods that nobody makes anew: they are gone then"),
      Flag.withDefault(false)
    ),
    deleteEmptyDirData: Flag.Boolean("delete-emptydir-data").pipe(
      Flag.withDescription("Also evicts Pods with emptyDir volumes: what is in them is lost"),
      Flag.withDefault(false)
    ),
    timeoutSeconds: Flag.Int("timeout").pipe(
      Flag.withDescription("How many seconds one Pod may take, 0 for as long as it likes (default 600)"),
      Flag.withDefault(600)
    )
  },
  Effect.fnUntraced(function* ({ deleteEmptyDirData, force, from, node, timeoutSeconds, to, ...given }) {
    const Migrate = yield* Effect.promise(() => import("./Migrate.ts"))
    yield* Migrate.run(yield* kubeconfigOf(given), { node, from, to, force, deleteEmptyDirData, timeoutSeconds })
  })
).pipe(
  Command.withDescription("Moves a node's Pods from one container runtime to another, one by one, within their budgets")
)

const runtimeCommand = Command.make("runtime").pipe(
  Command.withDescription("The container runtimes of nodes"),
  Command.withSubcommands([migrate])
)

const status = Command.make(
  "status",
  {
    ...flags,
    watch: Flag.Boolean("watch").pipe(
      Flag.withAlias("w"),
      Flag.withDescription("Goes on showing it"),
      Flag.withDefault(false)
    )
  },
  Effect.fnUntraced(function* ({ watch, ...given }) {
    const Status = yield* Effect.promise(() => import("./Status.ts"))
    yield* Status.run(pathsOf(yield* settingsOf(given)), watch)
  })
).pipe(Command.withDescription("Shows nodes, plugins, Pods and the store"))

const down = Command.make(
  "down",
  {
    ...flags,
    purge: Flag.Boolean("purge").pipe(Flag.withDescription("Removes the data too"), Flag.withDefault(false))
  },
  Effect.fnUntraced(function* ({ purge, ...given }) {
    const settings = yield* settingsOf(given)
    const Stop = yield* Effect.promise(() => import("./Stop.ts"))
    const ran = yield* Stop.down(settings, pathsOf(settings), purge)
    yield* Console.log(
      `${ran ? "stopped" : "no cluster was running; what one had left is removed"}${purge ? `, and ${settings.dataDir} is removed` : ""}`
    )
  })
).pipe(Command.withDescription("Stops the cluster of this data directory and removes what it made"))

const kubectl = Command.make(
  "kubectl",
  { ...flags, args: Argument.String("args").pipe(Argument.variadic()) },
  Effect.fnUntraced(function* ({ args, ...given }) {
    const Kubectl = yield* Effect.promise(() => import("./Kubectl.ts"))
    process.exitCode = yield* Kubectl.run(pathsOf(yield* settingsOf(given)), args)
  })
).pipe(Command.withDescription("Runs the machine's kubectl on this cluster; its own flags go after --"))

const printVersion = Command.make("version", {}, () =>
  Console.log(`keelson ${version.keelson} (Kubernetes ${version.kubernetes})`)
).pipe(Command.withDescription("Prints the version"))

/** One sentence for what the user can mend; the whole cause for what only a bug explains. */
const explain = (cause: Cause.Cause<unknown>) => {
  const error = Option.getOrUndefined(Cause.findErrorOption(cause))
  if (CliError.isCliError(error)) return ""
  return error instanceof Error && error.message !== "" ? `keelson: ${error.message}` : Cause.pretty(cause)
}

Command.make("keelson").pipe(
  Command.withDescription("Kubernetes, made of plugins"),
  Command.withSubcommands([up, server, agent, token, runtimeCommand, status, down, printVersion, kubectl]),
  Command.run({ version: version.keelson }),
  Effect.tapCause((cause) =>
    Cause.hasInterruptsOnly(cause) ? Effect.void : Effect.sync(() => process.stderr.write(`${explain(cause)}\n`))
  ),
  Effect.provide(NodeServices.layer),
  NodeRuntime.runMain({ disableErrorReporting: true, teardown: Runtime.defaultTeardown })
)
