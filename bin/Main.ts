/**
 * The command line: each command loads what it needs when it is called.
 * `keelson up | server | agent | token | runtime | status | down | version | kubectl`.
 */
import * as NodeRuntime from "@effect/platform-node/NodeRuntime"
import * as NodeServices from "@effect/platform-node/NodeServices"
import { Cause, Console, Effect, Option, Runtime } from "effect"
import { Argument, CliError, Command, Flag } from "effect/cli"
import { conformance } from "./ConformanceCommand.ts"
import * as HostedCommands from "./hosted/Commands.ts"
import { encryption } from "./EncryptionCommand.ts"
import { flags, number, pathsOf, settingsOf, text, words } from "./Flags.ts"
import { member } from "./MemberCommand.ts"
import { plugin } from "./PluginCommand.ts"
import { runtime } from "./RuntimeCommand.ts"
import { snapshot } from "./SnapshotCommand.ts"
import { store } from "./StoreCommand.ts"
import { token } from "./TokenCommand.ts"
import { version } from "./Version.ts"
import { virtualNode } from "./VirtualNodeCommand.ts"

const up = Command.make(
  "up",
  {
    ...flags,
    nodes: number("nodes", "How many nodes: this machine, and others in network namespaces of it (default 1)"),
    controlPlanes: number("control-planes", "How many servers, 1 or 3, with a replica of the store each (default 1)"),
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

/** How a machine finds the cluster that it joins, and knows it. */
const joinFlags = {
  join: text("join", "The API of the cluster to join: host, host:port or https://host:port"),
  token: text("token", "The token to join with, from keelson token create; only needed the first time"),
  caHash: text("ca-hash", "sha256:…, by which the cluster's authority is known, from keelson token create")
}
const joining = (address: string, token: Option.Option<string>, caHash: Option.Option<string>) => ({
  address,
  token: Option.getOrElse(token, () => ""),
  ...(Option.isSome(caHash) && { caHash: caHash.value })
})

const server = Command.make(
  "server",
  {
    ...flags,
    api: Flag.Boolean("api-only").pipe(
      Flag.withDescription("Only an API process beside others: no controllers"),
      Flag.withDefault(false)
    ),
    controlPlane: Flag.Int("control-plane").pipe(
      Flag.withDescription("Which of the servers that keelson up runs on this machine"),
      Flag.optional
    ),
    ...joinFlags,
    certificateKey: text("certificate-key", "Opens the keys that all servers share, from the same")
  },
  Effect.fnUntraced(function* ({ api, caHash, certificateKey, controlPlane, join, token, ...given }) {
    const Server = yield* Effect.promise(() => import("./Server.ts"))
    const names = Option.isSome(given.name) ? words(given.name.value) : []
    const each = names.length === 0 ? [given] : names.map((name) => ({ ...given, name: Option.some(name) }))
    yield* Server.runAll(yield* Effect.forEach(each, settingsOf), {
      role: api ? "replica" : "primary",
      ...(Option.isSome(controlPlane) && { index: controlPlane.value }),
      ...(Option.isSome(join) && {
        join: { ...joining(join.value, token, caHash), certificateKey: Option.getOrElse(certificateKey, () => "") }
      })
    })
  })
).pipe(
  Command.withDescription(
    "Runs a control plane: store, API, scheduler and controllers; with --name one of several of this machine"
  ),
  Command.withSubcommands([HostedCommands.list, HostedCommands.remove])
)

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
    ...joinFlags,
    kubeconfig: text("kubeconfig", "Joins the cluster of this file, as its user, without a token")
  },
  Effect.fnUntraced(function* ({ caHash, join, kubeconfig, member, removeAtEnd, token, ...given }) {
    const Agent = yield* Effect.promise(() => import("./Agent.ts"))
    const elsewhere = {
      ...(Option.isSome(join) && { join: joining(join.value, token, caHash) }),
      ...(Option.isSome(kubeconfig) && { kubeconfig: kubeconfig.value })
    }
    yield* Agent.run(yield* settingsOf(given), { index: member, remove: Option.getOrUndefined(removeAtEnd), elsewhere })
  })
).pipe(Command.withDescription("Runs a node: kubelet, service proxy and DNS, of the cluster here or of one that it joins"))

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

// Who reads the output may end first, as in `keelson store tail | head`: this ends then, as after Ctrl-C.
process.stdout.on("error", () => process.kill(process.pid, "SIGTERM"))

Command.make("keelson").pipe(
  Command.withDescription("Kubernetes, made of plugins"),
  Command.withSubcommands([
    up,
    server,
    agent,
    virtualNode,
    token,
    member,
    encryption,
    plugin,
    conformance,
    runtime,
    snapshot,
    store,
    status,
    down,
    printVersion,
    kubectl
  ]),
  Command.run({ version: version.keelson }),
  Effect.tapCause((cause) =>
    Cause.hasInterruptsOnly(cause) ? Effect.void : Effect.sync(() => process.stderr.write(`${explain(cause)}\n`))
  ),
  Effect.provide(NodeServices.layer),
  NodeRuntime.runMain({ disableErrorReporting: true, teardown: Runtime.defaultTeardown })
)
