/**
 * Podman as a node's container runtime, over its REST API: plain containers in a network namespace that the kubelet gives. Without an
 * endpoint the node runs a service of its own, detached and found again by its pid file. How it ends with us the option `stop` says.
 */
import { Effect, Layer } from "effect"
import { mkdirSync, readdirSync, rmSync, writeFileSync } from "node:fs"
import { basename, dirname, join } from "node:path"
import * as Program from "../../Program.ts"
import * as Cgroups from "../Cgroups.ts"
import * as Daemon from "../Daemon.ts"
import { Engine } from "../Engine.ts"
import * as EngineExec from "../EngineExec.ts"
import * as EngineImages from "../EngineImages.ts"
import * as EngineLogs from "../EngineLogs.ts"
import * as Replies from "../EngineReplies.ts"
import * as EngineRuntime from "../EngineRuntime.ts"
import * as LogFile from "../LogFile.ts"
import * as Machine from "../Machine.ts"
import * as OciRuntime from "../OciRuntime.ts"
import * as PauseImage from "../PauseImage.ts"
import * as Supervised from "../Supervised.ts"
import * as Config from "./Config.ts"
import * as Dialect from "./Dialect.ts"
import * as Usage from "./Usage.ts"

export interface Options {
  /** Where a Podman of our own keeps everything. */
  readonly directory: string
  /** The socket of a service that others run. With it nothing is started or stopped. */
  readonly endpoint?: string
  /** What becomes of the Pods when the scope ends: `keep` them for who starts next, or `remove` them and the service. */
  readonly stop: "keep" | "remove"
  readonly program?: string
  readonly launcher?: ReadonlyArray<string>
  /** Registries that are spoken to without certificates that can be checked: `127.0.0.1:5000`. */
  readonly insecureRegistries?: ReadonlyArray<string>
}

export const socketOf = ({ directory, endpoint }: Pick<Options, "directory" | "endpoint">) =>
  endpoint ?? Machine.socketIn(directory, "podman.sock")

const engine = (options: Options) => Engine.layer({ socket: socketOf(options), base: "/v4.0.0/libpod" })

const configure = Effect.fnUntraced(function* (options: Options, runtimes: ReadonlyArray<OciRuntime.OciRuntime>) {
  const { directory, launcher = [] } = options
  const program = options.program ?? Program.find("podman")
  if (program === undefined)
    return yield* new Daemon.DaemonFailed({ detail: "there is no podman: install podman and conmon" })
  const socket = socketOf(options)
  yield* Effect.sync(() => {
    const { run, temporary } = Config.folders(directory)
    for (const folder of [directory, run, temporary]) mkdirSync(folder, { recursive: true, mode: 0o700 })
    // Of the starts of this machine before this one.
    const now = dirname(run)
    for (const old of readdirSync(dirname(now)))
      if (old !== basename(now)) rmSync(join(dirname(now), old), { recursive: true })
    const files = Config.files({
      directory,
      runtimes,
      driver: Machine.takesOverlays(directory) ? "overlay" : "vfs",
      insecureRegistries: options.insecureRegistries ?? []
    })
    for (const [name, text] of Object.entries(files)) writeFileSync(join(directory, name), text, { mode: 0o600 })
  })
  return {
    name: "podman",
    directory,
    program,
    arguments: ["system", "service", "--time=0", `unix://${socket}`],
    config: socket,
    environment: Config.environment(directory),
    launcher
  }
})

const answers = (options: Options) =>
  Effect.flatMap(Engine, (one) => one.call("GET", "/version", Replies.Version, { within: "5 seconds" })).pipe(
    Effect.provide(engine(options))
  )

/** Has the image of the Pods' first process there. */
const pauseImage = Effect.gen(function* () {
  const { call } = yield* Engine
  const found = yield* Effect.option(call("GET", `/images/${PauseImage.name}/json`, Replies.InspectedImage))
  if (found._tag === "None") yield* EngineImages.load(yield* PauseImage.archive)
})

/** Takes in an image archive, as `ImageArchive.make` and `podman save` write them, for Pods to use. */
export const importImage = (options: Pick<Options, "directory" | "endpoint">, archive: Uint8Array) =>
  Effect.provide(EngineImages.load(archive), engine({ ...options, stop: "keep" }))

const supervised = Effect.fn("Podman.supervised")(function* (
  options: Options,
  runtimes: ReadonlyArray<OciRuntime.OciRuntime>
) {
  const daemon = yield* configure(options, runtimes)
  const socket = socketOf(options)
  const { directory } = options
  const speech = {
    ready: Supervised.inTime("podman", socket, answers(options)),
    removePods: Effect.provide(EngineRuntime.removeAll(Dialect.make(new Map())), engine(options))
  }
  // The first argument is the program itself; what watches a container is told where its bundle lies.
  const isWatcher = (command: string) => /^(\S*\/)?(conmon|podman) /.test(command) && command.includes(`${directory}/`)
  const sweep = Effect.sync(() => Cgroups.removeEmpty("libpod_parent"))
  yield* Supervised.runWith({ daemon, socket, stop: options.stop, isWatcher, sweep }, speech)
})

const powers = (handlers: ReadonlyMap<string, string>) =>
  Layer.mergeAll(
    EngineRuntime.layer(Dialect.make(handlers)),
    EngineImages.layer((image) => {
      const name = EngineImages.fullName(image)
      return { path: "/images/pull", query: { reference: name, policy: "always" }, name }
    }),
    EngineExec.layer,
    EngineLogs.layer(LogFile.parse),
    Usage.layer
  )

/** ContainerRuntime, Events, Images, Exec, Logs and Stats of one Podman. */
export const layer = (options: Options) =>
  Layer.unwrap(
    Effect.gen(function* () {
      const isOurs = options.endpoint === undefined
      const runtimes = isOurs ? yield* OciRuntime.all(options.directory, { mendsLimits: true }) : []
      const ready = Effect.andThen(
        isOurs ? supervised(options, runtimes) : Supervised.inTime("podman", socketOf(options), answers(options)),
        pauseImage
      )
      const handlers = new Map([["", ""], ...runtimes.map(({ name }) => [name, name] as const)])
      return powers(handlers).pipe(Layer.provide(Layer.effectDiscard(ready)), Layer.provide(engine(options)))
    })
  )
