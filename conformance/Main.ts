/**
 * `npm run conformance -- log | api | runtime …`: checks the laws of our contracts on what answers at an endpoint, whoever made it,
 * and prints one line for each law. Ends with 1 if a law is broken.
 */
import { NodeRuntime, NodeServices } from "@effect/platform-node"
import { Cause, Console, Effect, FileSystem, type Layer, Option, type PlatformError, References, Schema } from "effect"
import { Argument, CliError, Command } from "effect/cli"
import * as Https from "../adapters/client/https/Https.ts"
import * as Containerd from "../adapters/cri/containerd/Containerd.ts"
import * as ImageArchive from "../adapters/cri/ImageArchive.ts"
import type { Log } from "../kernel/store/Log.ts"
import * as JetStreamLog from "../kernel/store/jetstream/JetStreamLog.ts"
import * as MemoryLog from "../kernel/store/memory/MemoryLog.ts"
import * as SqliteLog from "../kernel/store/sqlite/SqliteLog.ts"
import { ContainerRuntime } from "../plugins/kubelet/contracts/ContainerRuntime.ts"
import type { Powers } from "../plugins/kubelet/contracts/Powers.ts"
import * as ApiLaws from "./Api.ts"
import * as ContainerRuntimeLaws from "./ContainerRuntime.ts"
import * as EventsLaws from "./Events.ts"
import * as ExecLaws from "./Exec.ts"
import * as ImagesLaws from "./Images.ts"
import * as LogLaws from "./Log.ts"
import * as LogsLaws from "./Logs.ts"
import * as StatsLaws from "./Stats.ts"
import * as Suite from "./Suite.ts"

class BadEndpoint extends Schema.TaggedError<BadEndpoint>()("BadEndpoint", { message: Schema.String }) {}
class Broken extends Schema.TaggedError<Broken>()("Broken", { message: Schema.String }) {}

interface Named {
  readonly key: string
  readonly version: string
}
interface Report<R> {
  readonly contract: Named
  readonly lines: Effect.Effect<ReadonlyArray<string>, never, R>
}
const reportOf = <Self, S, Law extends string, Needs>(suite: Suite.Suite<Self, S, Law, Needs>): Report<Needs> => ({
  contract: suite.contract,
  lines: Suite.report(suite)
})

/** Prints the reports of one endpoint, each as soon as it is there. */
const print = Effect.fnUntraced(function* <R>(endpoint: string, reports: ReadonlyArray<Report<R>>) {
  const count = { ok: 0, BROKEN: 0 }
  for (const { contract, lines } of reports) {
    yield* Console.log(`${contract.key} ${contract.version} at ${endpoint}`)
    for (const line of yield* lines) {
      yield* Console.log(`  ${line.replaceAll("\n", "\n    ")}`)
      for (const kind of ["ok", "BROKEN"] as const) if (line.startsWith(kind)) count[kind]++
    }
  }
  const { BROKEN, ok } = count
  yield* Console.log(`\n${ok} laws hold, ${BROKEN} are broken`)
  if (BROKEN > 0) return yield* new Broken({ message: `${BROKEN} laws are broken` })
})

const driver = Effect.fnUntraced(function* (
  endpoint: string
): Effect.fn.Return<Layer.Layer<Log, unknown>, BadEndpoint | PlatformError.PlatformError, FileSystem.FileSystem> {
  const files = yield* FileSystem.FileSystem
  if (endpoint === "memory") return MemoryLog.layer
  if (/^(nats|tls):\/\//.test(endpoint)) return JetStreamLog.layer({ servers: endpoint, cluster: "conformance" })
  if (!endpoint.startsWith("sqlite:")) {
    return yield* new BadEndpoint({ message: `${endpoint}: expected memory, sqlite:FILE or nats://host:port` })
  }
  const file = endpoint.slice("sqlite:".length)
  // The checks write, and compact: a store that somebody uses would suffer.
  if (file === "" || (yield* files.exists(file)))
    return yield* new BadEndpoint({ message: `${endpoint}: expected the name of a file that is not there yet` })
  return SqliteLog.layer({ file })
})

const endpoint = Argument.String("endpoint")

const log = Command.make("log", { endpoint }, ({ endpoint }) =>
  Effect.flatMap(driver(endpoint), (layer) => Effect.provide(print(endpoint, [reportOf(LogLaws.suite)]), layer))
).pipe(Command.withDescription("A store: memory, sqlite:FILE (a new one), or nats://[user:password@]host:port"))

const api = Command.make("api", { kubeconfig: Argument.String("kubeconfig") }, ({ kubeconfig }) =>
  Effect.provide(print(kubeconfig, [reportOf(ApiLaws.suite)]), Https.fromKubeconfig(kubeconfig))
).pipe(Command.withDescription("A Kubernetes API, by a kubeconfig that may write ConfigMaps in the namespace default"))

const busybox = Effect.try({
  try: () => {
    if (!ImageArchive.isStatic("/bin/busybox")) throw new Error("/bin/busybox is not static: install busybox-static")
    return ImageArchive.make({ name: "busybox:latest", files: ImageArchive.busybox("/bin/busybox"), command: ["sh"] })
  },
  catch: (cause) => new BadEndpoint({ message: `the image of the checks cannot be made: ${cause}` })
})

const runtime = Command.make(
  "runtime",
  { endpoint },
  Effect.fnUntraced(function* ({ endpoint }) {
    if (!endpoint.startsWith("unix:///"))
      return yield* new BadEndpoint({ message: `${endpoint}: expected unix:///path/of/the.sock` })
    const files = yield* FileSystem.FileSystem
    const socket = endpoint.slice("unix://".length)
    if (!(yield* files.exists(socket))) return yield* new BadEndpoint({ message: `${endpoint}: there is no such socket` })
    const directory = yield* files.makeTempDirectoryScoped({ prefix: "keelson-conformance-" })
    yield* Effect.mapError(
      Containerd.importImage(socket, yield* busybox),
      ({ message }) => new BadEndpoint({ message: `${endpoint} does not take the image of the checks: ${message}` })
    )
    yield* Effect.gen(function* () {
      const { name, version } = yield* (yield* ContainerRuntime).describe()
      yield* print<Powers>(`${name} ${version}, ${endpoint}`, [
        reportOf(ContainerRuntimeLaws.suite),
        reportOf(EventsLaws.suite),
        reportOf(ImagesLaws.suite),
        reportOf(ExecLaws.suite),
        reportOf(LogsLaws.suite),
        reportOf(StatsLaws.suite)
      ])
    }).pipe(Effect.provide(Containerd.layer({ directory, endpoint: socket, stop: "keep" })))
  }, Effect.scoped)
).pipe(
  Command.withDescription("A container runtime: the unix socket of a containerd, as unix:///run/containerd/containerd.sock")
)

const explain = (cause: Cause.Cause<unknown>) => {
  const error = Option.getOrUndefined(Cause.findErrorOption(cause))
  if (CliError.isCliError(error) || error instanceof Broken) return ""
  return `conformance: ${error instanceof Error && error.message !== "" ? error.message : Cause.pretty(cause)}\n`
}

Command.make("conformance").pipe(
  Command.withDescription("Checks the laws of Keelson's contracts on what answers at an endpoint"),
  Command.withSubcommands([log, api, runtime]),
  Command.run({ version: "1" }),
  Effect.tapCause((cause) => Effect.sync(() => process.stderr.write(explain(cause)))),
  Effect.provideService(References.MinimumLogLevel, "Error"),
  Effect.provide(NodeServices.layer),
  NodeRuntime.runMain({ disableErrorReporting: true })
)
