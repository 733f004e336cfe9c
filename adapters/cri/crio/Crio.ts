/**
 * CRI-O as a node's container runtime. Without an endpoint the node runs its own: detached, so that Pods outlive the node agent,
 * found again by its pid file, and started again when it ends. How it ends with us the option `stop` says.
 */
import { Effect, Layer } from "effect"
import { existsSync, mkdirSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import * as Program from "../../Program.ts"
import { Cri } from "../Cri.ts"
import * as CriExec from "../CriExec.ts"
import * as CriImages from "../CriImages.ts"
import * as CriLogs from "../CriLogs.ts"
import * as CriRuntime from "../CriRuntime.ts"
import * as CriStats from "../CriStats.ts"
import * as Daemon from "../Daemon.ts"
import * as Machine from "../Machine.ts"
import * as OciRuntime from "../OciRuntime.ts"
import * as PauseImage from "../PauseImage.ts"
import * as Supervised from "../Supervised.ts"
import * as Wake from "../Wake.ts"
import * as Config from "./Config.ts"
import * as HostPorts from "./HostPorts.ts"
import { importImage } from "./Import.ts"
import * as OciExec from "./OciExec.ts"

export { importImage } from "./Import.ts"

export interface Options {
  /** Where a CRI-O of our own keeps everything. */
  readonly directory: string
  /** The socket of a CRI-O that others run. With it nothing is started, made or stopped. */
  readonly endpoint?: string
  /**
   * What becomes of the Pods when the scope ends: `keep` them for who starts next, or `remove` them and the daemon. When it ends by
   * a failure they are kept.
   */
  readonly stop: "keep" | "remove"
  readonly program?: string
  readonly cniPrograms?: string
  /** An image that the registries have. Absent: one made of a program of this machine. */
  readonly sandboxImage?: string
  readonly launcher?: ReadonlyArray<string>
}

export const folders = ({ directory, endpoint }: Pick<Options, "directory" | "endpoint">): Config.Folders => ({
  directory,
  root: join(directory, "root"),
  runroot: join(directory, "runroot"),
  socket: endpoint ?? Machine.socketIn(directory, "crio.sock"),
  cni: endpoint === undefined ? join(directory, "net.d") : "/etc/cni/net.d"
})

const needed = (path: string | undefined, how: string) =>
  path === undefined ? Effect.fail(new Daemon.DaemonFailed({ detail: how })) : Effect.succeed(path)

/** What CRI-O is made of, or how to get what is not there. */
const programs = ({ cniPrograms, program }: Options) =>
  Effect.all({
    crio: needed(program ?? Program.find("crio"), "there is no crio: `npm run parts -- crio` builds it"),
    pinns: needed(Program.find("pinns"), "there is no pinns, which belongs to CRI-O: `npm run parts -- crio` builds it"),
    conmon: needed(Program.find("conmon"), "CRI-O needs conmon: install the package of this name"),
    skopeo: needed(Program.find("skopeo"), "images are taken in by skopeo: install the package of this name"),
    cni: needed(cniPrograms ?? Machine.cniPrograms(), "no CNI plugins: install containernetworking-plugins")
  })

const configure = Effect.fnUntraced(function* (options: Options, own: Config.Folders) {
  const { directory, launcher = [] } = options
  const { cni, conmon, crio, pinns } = yield* programs(options)
  const runtimes = yield* OciRuntime.all(directory, { mendsLimits: true })
  const { config, policy, registries, storage } = Config.files(directory)
  yield* Effect.sync(() => {
    for (const folder of [directory, own.cni, join(directory, "hooks.d"), join(directory, "tmp")])
      mkdirSync(folder, { recursive: true, mode: 0o700 })
    const settings = {
      folders: own,
      sandboxImage: options.sandboxImage ?? PauseImage.name,
      cniPrograms: cni,
      pinns,
      conmon,
      storageDriver: Machine.takesOverlays(directory) ? "overlay" : "vfs",
      runtimes
    }
    writeFileSync(config, Config.toml(settings), { mode: 0o600 })
    writeFileSync(storage, Config.storage(settings), { mode: 0o600 })
    // These are for who runs the node to write in.
    if (!existsSync(policy)) writeFileSync(policy, Config.policy)
    if (!existsSync(registries)) writeFileSync(registries, Config.registries)
  })
  return {
    name: "crio",
    directory,
    program: crio,
    arguments: ["--config", config, "--config-dir", ""],
    config,
    environment: { CONTAINER_REGISTRIES_CONF: registries, CONTAINERS_STORAGE_CONF: storage },
    launcher
  }
})

const supervised = Effect.fn("Crio.supervised")(function* (options: Options) {
  const own = folders(options)
  yield* Supervised.run({
    daemon: yield* configure(options, own),
    socket: own.socket,
    stop: options.stop,
    isWatcher: (command) => command.includes("conmon") && command.includes(`${own.runroot}/`),
    sweep: HostPorts.remove(options.launcher ?? [])
  })
  if (options.sandboxImage === undefined) yield* Supervised.pauseImage((archive) => importImage(own.socket, archive))
})

/** ContainerRuntime, Events, Images, Exec, Logs and Stats of one CRI-O. */
export const layer = (options: Options) => {
  const { socket } = folders(options)
  const daemon = options.endpoint === undefined ? supervised(options) : Supervised.ready("crio", socket)
  return Layer.mergeAll(
    CriRuntime.layer({ wake: Wake.wake() }),
    CriImages.layer,
    Layer.provide(OciExec.layer(join(options.directory, "exec"), socket), CriExec.layer),
    CriLogs.layer,
    CriStats.layer
  ).pipe(Layer.provide(Layer.effectDiscard(daemon)), Layer.provide(Cri.layer(socket)))
}
