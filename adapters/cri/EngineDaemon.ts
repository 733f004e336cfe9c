/**
 * Podman or Docker as a node's container runtime. Without an endpoint the node runs one of its own, detached and found again by its pid
 * file. How it ends with us the option `stop` says.
 */
import { Effect, Layer } from "effect"
import type { Stats } from "../../plugins/kubelet/contracts/Stats.ts"
import * as Program from "../Program.ts"
import * as Cgroups from "./Cgroups.ts"
import * as Daemon from "./Daemon.ts"
import { Engine } from "./Engine.ts"
import * as EngineExec from "./EngineExec.ts"
import * as EngineImages from "./EngineImages.ts"
import * as EngineLogs from "./EngineLogs.ts"
import * as Replies from "./EngineReplies.ts"
import * as EngineRuntime from "./EngineRuntime.ts"
import { stateOf } from "./EngineStatuses.ts"
import type * as LogFile from "./LogFile.ts"
import * as Machine from "./Machine.ts"
import * as OciRuntime from "./OciRuntime.ts"
import * as PauseImage from "./PauseImage.ts"
import * as Supervised from "./Supervised.ts"

export interface Options {
  /** Where a runtime of our own keeps everything. */
  readonly directory: string
  /** The socket of one that others run. With it nothing is started or stopped. */
  readonly endpoint?: string
  /**
   * What becomes of the Pods when the scope ends: `keep` them for who starts next, or `remove` them and the runtime. When it ends by
   * a failure they are kept.
   */
  readonly stop: "keep" | "remove"
  readonly program?: string
  readonly launcher?: ReadonlyArray<string>
  /** Registries that are spoken to without certificates that can be checked: `127.0.0.1:5000`. */
  readonly insecureRegistries?: ReadonlyArray<string>
}

export interface Own {
  readonly directory: string
  readonly socket: string
  readonly runtimes: ReadonlyArray<OciRuntime.OciRuntime>
  readonly insecureRegistries: ReadonlyArray<string>
}

/** What one of them is like. */
export interface Kind {
  readonly name: string
  /** The version of the API, as paths begin with it. */
  readonly base: string
  readonly program: string
  /** What has to be installed where the program is not. */
  readonly packages: string
  readonly dialect: EngineRuntime.Dialect
  readonly toPull: EngineImages.ToPull
  readonly logs: LogFile.Parse
  readonly usage: Layer.Layer<Stats, never, Engine>
  /** What its configuration calls a program that makes containers. */
  readonly runtimeName: (runtime: OciRuntime.OciRuntime) => string
  /** Writes its configuration, and says by which arguments it is started. */
  readonly configure: (own: Own) => Pick<Daemon.Daemon, "arguments" | "config" | "environment"> & {
    /** A command that becomes the program in the end. */
    readonly before?: ReadonlyArray<string>
  }
  /** How the command lines begin of processes that it leaves behind when it is killed. */
  readonly watchers: RegExp
}

type Place = Pick<Options, "directory" | "endpoint">

export const socketOf = ({ name }: Pick<Kind, "name">, { directory, endpoint }: Place) =>
  endpoint ?? Machine.socketIn(directory, `${name}.sock`)

const engine = (kind: Kind, place: Place) => Engine.layer({ socket: socketOf(kind, place), base: kind.base })

const answers = (kind: Kind, place: Place) => {
  const version = Effect.flatMap(Engine, (one) => one.call("GET", "/version", Replies.Version, { within: "5 seconds" }))
  return Supervised.inTime(kind.name, socketOf(kind, place), Effect.provide(version, engine(kind, place)))
}

/** By its command line, whose container a process watches. */
const watchedBy = (command: string) => /\b[0-9a-f]{64}\b/.exec(command)?.[0]

/** Ends the processes of containers that were being started when an earlier daemon was killed: this one does not know that they run. */
const endStrays = Effect.fn("EngineDaemon.endStrays")(function* (
  daemon: Daemon.Daemon,
  isWatcher: (command: string) => boolean
) {
  const { call } = yield* Engine
  const all = yield* call("GET", "/containers/json", Replies.Containers, { query: { all: "true" } })
  const known = new Set(all.filter(({ State }) => stateOf(State) === "Running").map(({ Id }) => Id))
  const ended = yield* Daemon.endOlder(daemon, (command) => {
    const id = isWatcher(command) ? watchedBy(command) : undefined
    return id !== undefined && !known.has(id)
  })
  if (ended > 0) yield* Effect.logWarning("ended what nobody knew to run").pipe(Effect.annotateLogs({ ended }))
})

const supervised = Effect.fn("EngineDaemon.supervised")(function* (
  kind: Kind,
  options: Options,
  runtimes: ReadonlyArray<OciRuntime.OciRuntime>
) {
  const { directory, insecureRegistries = [], launcher = [], stop } = options
  const program = options.program ?? Program.find(kind.program)
  if (program === undefined)
    return yield* new Daemon.DaemonFailed({ detail: `there is no ${kind.program}: install ${kind.packages}` })
  const socket = socketOf(kind, options)
  const own = { directory, socket, runtimes, insecureRegistries }
  const { before = [], ...call } = yield* Effect.try({
    try: () => kind.configure(own),
    catch: (cause) => new Daemon.DaemonFailed({ detail: `${cause}` })
  })
  const daemon = { name: kind.name, directory, program, launcher: [...launcher, ...before], ...call }
  const isWatcher = (command: string) => kind.watchers.test(command) && command.includes(`${directory}/`)
  const sweep = Cgroups.remove(Cgroups.of(kind.name, directory))
  const removePods = Effect.provide(EngineRuntime.removeAll(kind.dialect), engine(kind, options))
  const started = endStrays(daemon, isWatcher).pipe(
    Effect.provide(engine(kind, options)),
    Effect.catch((failure) => Effect.logWarning("it is not known what runs without being known", failure))
  )
  const all = { daemon, socket, stop, isWatcher, sweep, started }
  yield* Supervised.runWith(all, { ready: answers(kind, options), removePods })
})

/** Has the image of the Pods' first process there. */
const pauseImage = Effect.gen(function* () {
  const { call } = yield* Engine
  const found = yield* Effect.option(call("GET", `/images/${PauseImage.name}/json`, Replies.InspectedImage))
  if (found._tag === "None") yield* EngineImages.load(yield* PauseImage.archive)
})

/** Takes in an image archive, as `ImageArchive.make` and `docker save` write them, for Pods to use. */
export const importImage = (kind: Kind, place: Place, archive: Uint8Array) =>
  Effect.provide(EngineImages.load(archive), engine(kind, place))

const powers = (kind: Kind, own: EngineRuntime.Own) =>
  Layer.mergeAll(
    EngineRuntime.layer(kind.dialect, own),
    EngineImages.layer(kind.toPull),
    EngineExec.layer,
    EngineLogs.layer(kind.logs),
    kind.usage
  )

/** ContainerRuntime, Events, Images, Exec, Logs and Stats. */
export const layer = (kind: Kind, options: Options) =>
  Layer.unwrap(
    Effect.gen(function* () {
      const isOurs = options.endpoint === undefined
      const runtimes = isOurs ? yield* OciRuntime.all(options.directory, { mendsLimits: true }) : []
      const daemon = isOurs ? supervised(kind, options, runtimes) : answers(kind, options)
      const handlers = new Map([["", ""], ...runtimes.map((one) => [one.name, kind.runtimeName(one)] as const)])
      const ready = Layer.effectDiscard(Effect.andThen(daemon, pauseImage))
      const cgroup = isOurs ? Cgroups.of(kind.name, options.directory) : ""
      return powers(kind, { handlers, cgroup }).pipe(Layer.provide(ready), Layer.provide(engine(kind, options)))
    })
  )
