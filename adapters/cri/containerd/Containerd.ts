/**
 * containerd as a node's container runtime. Without an endpoint the node runs its own: detached, so that Pods outlive the
 * node agent, found again by its pid file, and started again when it ends. How it ends with us the option `stop` says.
 */
import { Effect, Layer } from "effect"
import { createHash } from "node:crypto"
import { existsSync, mkdirSync, rmSync, writeFileSync } from "node:fs"
import { dirname, isAbsolute, join } from "node:path"
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
import { type Folders, toml } from "./Config.ts"
import * as Shims from "./Shims.ts"
import * as TaskExec from "./TaskExec.ts"
import { wake } from "./Wake.ts"

export interface Options {
  /** Where a containerd of our own keeps everything. */
  readonly directory: string
  /** The socket of a containerd that others run. With it nothing is started, made or stopped. */
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

export const folders = ({ directory, endpoint }: Pick<Options, "directory" | "endpoint">): Folders => ({
  root: join(directory, "root"),
  state: join(directory, "state"),
  socket: endpoint ?? Machine.socketIn(directory, "containerd.sock"),
  certificates: join(directory, "certs.d"),
  cni: endpoint === undefined ? join(directory, "net.d") : "/etc/cni/net.d"
})

/** Takes in an image archive, as `ImageArchive.make` and `docker save` write them, for Pods to use. */
export const importImage = Effect.fn("Containerd.importImage")(function* (
  socket: string,
  archive: Uint8Array,
  ctr: string = "ctr"
) {
  const path = `${socket}.${createHash("sha256").update(archive).digest("hex").slice(0, 16)}.tar`
  yield* Effect.acquireUseRelease(
    Effect.sync(() => writeFileSync(path, archive, { mode: 0o600 })),
    () => Program.run(ctr, ["--address", socket, "--namespace", "k8s.io", "images", "import", path]),
    () => Effect.sync(() => rmSync(path, { force: true }))
  )
})

/** A containerd that is not the system's has its own `ctr`. */
export const beside = ({ program = "" }: Pick<Options, "program">) => {
  const path = join(dirname(program), "ctr")
  return isAbsolute(program) && existsSync(path) ? path : "ctr"
}

const configure = Effect.fnUntraced(function* (options: Options, own: Folders) {
  const { directory, launcher = [], program = "containerd" } = options
  const cniPrograms = options.cniPrograms ?? Machine.cniPrograms()
  if (cniPrograms === undefined)
    return yield* new Daemon.DaemonFailed({ detail: "no CNI plugins: install containernetworking-plugins" })
  const runtimes = yield* OciRuntime.all(directory, { mendsLimits: false })
  const config = join(directory, "config.toml")
  yield* Effect.sync(() => {
    for (const folder of [directory, own.cni, own.certificates]) mkdirSync(folder, { recursive: true, mode: 0o700 })
    const settings = {
      folders: own,
      sandboxImage: options.sandboxImage ?? PauseImage.name,
      cniPrograms,
      restrictOomScore: !Machine.mayRaiseLimits(),
      snapshotter: Machine.takesOverlays(directory) ? "overlayfs" : "native",
      runtimes
    }
    writeFileSync(config, toml(settings), { mode: 0o600 })
  })
  return { name: "containerd", directory, program, arguments: ["--config", config], config, launcher }
})

const supervised = Effect.fn("Containerd.supervised")(function* (options: Options) {
  const own = folders(options)
  const daemon = yield* configure(options, own)
  const started = Shims.endStrays(daemon, own.socket).pipe(
    Effect.provide(Layer.fresh(Cri.layer(own.socket))),
    Effect.catch((failure) => Effect.logWarning("it is not known which shims are strays", failure))
  )
  yield* Supervised.run({
    daemon,
    started,
    socket: own.socket,
    stop: options.stop,
    isWatcher: Shims.isShim(own.socket)
  })
  if (options.sandboxImage !== undefined) return
  yield* Supervised.pauseImage((archive) => importImage(own.socket, archive, beside(options)))
})

const powers = ({ directory }: Options) =>
  Layer.mergeAll(
    CriRuntime.layer({ wake }),
    CriImages.layer,
    Layer.provide(TaskExec.layer(directory), CriExec.layer),
    CriLogs.layer,
    CriStats.layer
  )

/** ContainerRuntime, Events, Images, Exec, Logs and Stats of one containerd. */
export const layer = (options: Options) => {
  const { socket } = folders(options)
  const daemon = Layer.effectDiscard(
    options.endpoint === undefined ? supervised(options) : Supervised.ready("containerd", socket)
  )
  return powers(options).pipe(Layer.provide(daemon), Layer.provide(Cri.layer(socket)))
}
