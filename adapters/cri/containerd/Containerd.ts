/**
 * containerd as a node's container runtime. Without an endpoint the node runs its own: detached, so that Pods outlive the
 * node agent, found again by its pid file, and started again when it ends. How it ends with us the option `stop` says.
 */
import { Cause, Effect, Exit, Layer, Schedule } from "effect"
import { createHash } from "node:crypto"
import { existsSync, mkdirSync, readFileSync, rmSync, statfsSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import * as Program from "../../Program.ts"
import { Cri } from "../Cri.ts"
import * as CriExec from "../CriExec.ts"
import * as CriImages from "../CriImages.ts"
import * as CriLogs from "../CriLogs.ts"
import * as CriRuntime from "../CriRuntime.ts"
import * as CriStats from "../CriStats.ts"
import * as ImageArchive from "../ImageArchive.ts"
import * as Replies from "../Replies.ts"
import { type Folders, toml } from "./Config.ts"
import * as Daemon from "./Daemon.ts"
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

const ownSandboxImage = "keelson.local/pause:1"

/** A socket's path may have 107 bytes, and containerd appends to it. */
const socketIn = (directory: string) => {
  const path = join(directory, "containerd.sock")
  if (path.length < 90) return path
  return `/run/keelson-${createHash("sha256").update(directory).digest("hex").slice(0, 16)}.sock`
}

export const folders = ({ directory, endpoint }: Pick<Options, "directory" | "endpoint">): Folders => ({
  root: join(directory, "root"),
  state: join(directory, "state"),
  socket: endpoint ?? socketIn(directory),
  certificates: join(directory, "certs.d"),
  cni: endpoint === undefined ? join(directory, "net.d") : "/etc/cni/net.d"
})

const firstWith = (paths: ReadonlyArray<string>, file: string) => paths.find((path) => existsSync(join(path, file)))
export const cniPrograms = () => firstWith(["/opt/cni/bin", "/usr/lib/cni", "/usr/libexec/cni"], "bridge")

/** Bit 24 of the effective capabilities: may have less out-of-memory killing than its parent. */
const mayRaiseLimits = () => {
  const set = /^CapEff:\s*([0-9a-f]+)$/m.exec(readFileSync("/proc/self/status", "utf8"))?.[1] ?? "0"
  return ((BigInt(`0x${set}`) >> 24n) & 1n) === 1n
}

/** Overlays do not lie on overlays. */
const snapshotter = (directory: string) => (statfsSync(directory).type === 0x794c7630 ? "native" : "overlayfs")

const pausePrograms = [
  { path: "/usr/bin/catatonit", entrypoint: ["/pause", "-P"] },
  { path: "/bin/busybox", entrypoint: ["/pause", "sleep", "2147483647"] },
  { path: "/usr/bin/busybox", entrypoint: ["/pause", "sleep", "2147483647"] }
]
const pauseImage = Effect.try({
  try: () => {
    const found = pausePrograms.find(({ path }) => existsSync(path) && ImageArchive.isStatic(path))
    if (found === undefined)
      throw new Error("no static program to hold a Pod's namespaces: install catatonit or busybox-static")
    // busybox looks at its own name: under another it needs its first argument to be the command.
    const name = found.path.endsWith("busybox") ? "busybox" : "pause"
    return ImageArchive.make({
      name: ownSandboxImage,
      files: [{ path: name, bytes: readFileSync(found.path), mode: 0o755 }],
      entrypoint: [`/${name}`, ...found.entrypoint.slice(1)]
    })
  },
  catch: (cause) => new Daemon.DaemonFailed({ detail: `${cause}` })
})

/** Takes in an image archive, as `ImageArchive.make` and `docker save` write them, for Pods to use. */
export const importImage = Effect.fn("Containerd.importImage")(function* (socket: string, archive: Uint8Array) {
  const path = `${socket}.${createHash("sha256").update(archive).digest("hex").slice(0, 16)}.tar`
  yield* Effect.acquireUseRelease(
    Effect.sync(() => writeFileSync(path, archive, { mode: 0o600 })),
    () => Program.run("ctr", ["--address", socket, "--namespace", "k8s.io", "images", "import", path]),
    () => Effect.sync(() => rmSync(path, { force: true }))
  )
})

const answers = Effect.scoped(
  Effect.gen(function* () {
    const cri = yield* Cri
    return yield* cri.call("Version", Replies.Version, {}, "5 seconds")
  })
)

/** Whether the socket answers the CRI within a while. */
const ready = (socket: string) =>
  answers.pipe(
    Effect.provide(Layer.fresh(Cri.layer(socket))),
    Effect.retry(Schedule.spaced("50 millis")),
    Effect.timeout("20 seconds"),
    Effect.mapError((cause) => new Daemon.DaemonFailed({ detail: `containerd does not answer on ${socket}: ${cause}` }))
  )

const configure = Effect.fnUntraced(function* (options: Options, own: Folders) {
  const programs = options.cniPrograms ?? cniPrograms()
  if (programs === undefined)
    return yield* new Daemon.DaemonFailed({ detail: "no CNI plugins: install containernetworking-plugins" })
  const config = join(options.directory, "config.toml")
  yield* Effect.sync(() => {
    for (const folder of [options.directory, own.cni, own.certificates]) mkdirSync(folder, { recursive: true, mode: 0o700 })
    const settings = {
      folders: own,
      sandboxImage: options.sandboxImage ?? ownSandboxImage,
      cniPrograms: programs,
      restrictOomScore: !mayRaiseLimits(),
      snapshotter: snapshotter(options.directory)
    }
    writeFileSync(config, toml(settings), { mode: 0o600 })
  })
  return { directory: options.directory, program: options.program ?? "containerd", config, launcher: options.launcher ?? [] }
})

/** Ends all Pods of this daemon, whoever started them, and then the daemon. */
const removeAll = Effect.fn("Containerd.removeAll")(function* (daemon: Daemon.Daemon, socket: string) {
  const pods = Effect.gen(function* () {
    const cri = yield* Cri
    const { items } = yield* cri.call("ListPodSandbox", Replies.ListPodSandbox, {})
    yield* Effect.forEach(
      items,
      ({ id }) =>
        Effect.andThen(
          Effect.ignore(cri.call("StopPodSandbox", Replies.Nothing, { pod_sandbox_id: id })),
          Effect.ignore(cri.call("RemovePodSandbox", Replies.Nothing, { pod_sandbox_id: id }))
        ),
      { concurrency: 8, discard: true }
    )
  }).pipe(Effect.provide(Layer.fresh(Cri.layer(socket))), Effect.timeout("60 seconds"))
  yield* Effect.ignore(pods)
  yield* Daemon.stop(daemon)
  yield* Daemon.sweep(daemon, socket)
  yield* Effect.sync(() => rmSync(socket, { force: true }))
})

/** Starts it again whenever it is gone, later each time it goes soon. */
const watchOver = (daemon: Daemon.Daemon) =>
  Effect.gen(function* () {
    let pause = 200
    for (;;) {
      let lived = 0
      for (; Daemon.running(daemon) !== undefined; lived += 500) yield* Effect.sleep("500 millis")
      pause = lived > 10_000 ? 200 : Math.min(pause * 2, 10_000)
      yield* Effect.logWarning("containerd ended; it is started again").pipe(Effect.annotateLogs({ pause }))
      yield* Effect.sleep(pause)
      yield* Effect.ignore(Daemon.start(daemon))
    }
  })

/** Not an end by a failure: of that whoever starts next shall find the Pods as they are. */
const isIntended = (exit: Exit.Exit<unknown, unknown>) => Exit.isSuccess(exit) || Cause.hasInterruptsOnly(exit.cause)

const supervised = Effect.fn("Containerd.supervised")(function* (options: Options) {
  const own = folders(options)
  const daemon = yield* configure(options, own)
  yield* Effect.acquireRelease(
    Daemon.running(daemon) === undefined ? Daemon.start(daemon) : Effect.log("found containerd running"),
    (_, exit) => (options.stop === "remove" && isIntended(exit) ? removeAll(daemon, own.socket) : Effect.void)
  )
  yield* ready(own.socket)
  yield* Effect.forkScoped(watchOver(daemon))
  if (options.sandboxImage !== undefined) return
  const cri = yield* Cri
  const { image } = yield* cri.call("ImageStatus", Replies.ImageStatus, { image: { image: ownSandboxImage } })
  if (image === null) yield* importImage(own.socket, yield* pauseImage)
})

const powers = ({ directory }: Options) =>
  Layer.mergeAll(
    CriRuntime.layer({ wake }),
    CriImages.layer,
    Layer.provide(TaskExec.layer(directory), CriExec.layer),
    CriLogs.layer,
    CriStats.layer
  )

/** ContainerRuntime, Images, Exec, Logs and Stats of one containerd. */
export const layer = (options: Options) => {
  const { socket } = folders(options)
  const daemon = Layer.effectDiscard(options.endpoint === undefined ? supervised(options) : ready(socket))
  return powers(options).pipe(Layer.provide(daemon), Layer.provide(Cri.layer(socket)))
}
