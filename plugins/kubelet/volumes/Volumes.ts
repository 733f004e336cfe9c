/** The volumes of a Pod on the machine: made before its containers, kept current, and taken away when it goes. */
import { Effect } from "effect"
import {
  chmodSync,
  chownSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  realpathSync,
  rmSync,
  statSync,
  writeFileSync
} from "node:fs"
import { join } from "node:path"
import * as Quantity from "../../../kernel/resource/Quantity.ts"
import type { Container, Pod, Volume, VolumeMount } from "../../resources/contracts/core/v1.ts"
import type { Mount } from "../contracts/Pods.ts"
import { Refusal, type Sources } from "../pod/Environment.ts"
import { expand } from "../pod/Expansion.ts"
import * as Program from "../Program.ts"
import * as AtomicDirectory from "./AtomicDirectory.ts"
import type { Driven } from "./Driven.ts"
import { targetOf } from "./DrivenRecords.ts"
import * as Payload from "./Payload.ts"

export interface Context extends Omit<Payload.Context, "tokens"> {
  readonly tokens: (volume: string) => ReadonlyMap<string, string>
  /** The Pod's own folder. */
  readonly directory: string
  /** Brings a volume of a driver there. */
  readonly bring: (volume: Driven) => Effect.Effect<void, Refusal>
}

const refuse = (message: string): never => {
  throw new Refusal({ message })
}

const kindOf = (volume: Volume) =>
  volume.emptyDir
    ? "empty-dir"
    : volume.configMap
      ? "configmap"
      : volume.secret
        ? "secret"
        : volume.downwardAPI
          ? "downward-api"
          : volume.projected
            ? "projected"
            : "unknown"

/** The part of the machine's own files that a volume is, by itself or by a claim. */
const own = (volume: Volume, { folder }: Pick<Sources, "folder">) => volume.hostPath ?? folder?.(volume.name)

/** Where the contents of a volume lie. */
export const pathOf = (directory: string, volume: Volume, sources: Pick<Sources, "driven" | "folder"> = {}) => {
  const driven = sources.driven?.(volume.name)
  if (driven !== undefined) return targetOf(directory, driven.name)
  return own(volume, sources)?.path ?? join(directory, "volumes", `kubernetes.io~${kindOf(volume)}`, volume.name)
}

/** What is secret, and what shall be in memory, is never on a disk. */
const isInMemory = (volume: Volume) =>
  volume.emptyDir?.medium === "Memory" || volume.secret !== undefined || volume.projected !== undefined

const isMounted = (path: string) => readFileSync("/proc/self/mounts", "utf8").includes(` ${path.replaceAll(" ", "\\040")} `)

const sizeOf = ({ emptyDir }: Volume) => {
  const bytes = emptyDir?.sizeLimit === undefined ? 0n : Quantity.of(emptyDir.sizeLimit).nanos / 1_000_000_000n
  return bytes > 0n ? [`size=${bytes}`] : []
}

const hostPath = ({ path, type }: NonNullable<Volume["hostPath"]>) => {
  if (type === "DirectoryOrCreate") mkdirSync(path, { recursive: true, mode: 0o755 })
  if (type === "FileOrCreate" && !existsSync(path)) writeFileSync(path, "", { mode: 0o644 })
  if (type === "") return
  if (!existsSync(path)) return refuse(`hostPath type check failed: ${path} does not exist`)
  const stat = statSync(path)
  const kinds: { readonly [type: string]: boolean } = {
    Directory: stat.isDirectory(),
    DirectoryOrCreate: stat.isDirectory(),
    File: stat.isFile(),
    FileOrCreate: stat.isFile(),
    Socket: stat.isSocket(),
    CharDevice: stat.isCharacterDevice(),
    BlockDevice: stat.isBlockDevice()
  }
  if (kinds[type] !== true) refuse(`hostPath type check failed: ${path} is not a ${type}`)
}

const owner = ({ spec }: Pod): AtomicDirectory.Owner => {
  const { fsGroup } = spec.securityContext
  return fsGroup === undefined ? {} : { gid: fsGroup }
}

const attempt = <A>(run: () => A) =>
  Effect.try({
    try: run,
    catch: (cause) => (cause instanceof Refusal ? cause : new Refusal({ message: `${cause}` }))
  })

const makeDirectory = (path: string, volume: Volume, pod: Pod) => {
  if (existsSync(path)) return
  mkdirSync(path, { recursive: true })
  const { fsGroup } = pod.spec.securityContext
  chmodSync(path, volume.emptyDir ? (fsGroup === undefined ? 0o777 : 0o2777) : 0o755)
  if (fsGroup !== undefined) chownSync(path, 0, fsGroup)
}

const mountOne = Effect.fnUntraced(function* (volume: Volume, context: Context) {
  const driven = context.sources.driven?.(volume.name)
  if (driven !== undefined) return yield* context.bring(driven)
  const machines = own(volume, context.sources)
  if (machines !== undefined) return yield* attempt(() => hostPath(machines))
  if (kindOf(volume) === "unknown")
    return yield* attempt(() => refuse(`no volume plugin matched for volume "${volume.name}"`))
  const path = pathOf(context.directory, volume)
  const files = yield* attempt(() => Payload.payload(volume, { ...context, tokens: context.tokens(volume.name) }))
  yield* attempt(() => makeDirectory(path, volume, context.pod))
  if (isInMemory(volume) && !isMounted(path)) {
    const { fsGroup } = context.pod.spec.securityContext
    const mode = volume.emptyDir ? (fsGroup === undefined ? "mode=0777" : `mode=2777,gid=${fsGroup}`) : "mode=0755"
    const options = [mode, ...sizeOf(volume)].join(",")
    yield* Effect.mapError(
      Program.run("mount", ["-t", "tmpfs", "-o", options, "tmpfs", path]),
      ({ message }) => new Refusal({ message })
    )
  }
  if (files !== undefined) yield* attempt(() => AtomicDirectory.write(path, files, owner(context.pod)))
})

/** Makes what is not there and brings the rest up to date. */
export const mount = Effect.fn("Volumes.mount")(function* (context: Context) {
  for (const volume of context.pod.spec.volumes ?? []) {
    yield* Effect.mapError(
      mountOne(volume, context),
      ({ message }) => new Refusal({ message: `MountVolume.SetUp failed for volume "${volume.name}" : ${message}` })
    )
  }
})

/** Whether the contents follow objects that may change. */
export const changes = ({ spec }: Pod) =>
  (spec.volumes ?? []).some(
    ({ configMap, downwardAPI, projected, secret }) => configMap ?? downwardAPI ?? projected ?? secret
  )

const mountsIn = (directory: string) =>
  readFileSync("/proc/self/mounts", "utf8")
    .split("\n")
    .flatMap((line) => line.split(" ").slice(1, 2))
    .filter((path) => path.startsWith(`${directory}/`))

/** Takes away all that is below the Pod's folder, whatever is still mounted in it; but nothing through a mount, which has others' data. */
export const unmount = Effect.fn("Volumes.unmount")(function* (directory: string) {
  for (const path of mountsIn(directory).toReversed()) yield* Effect.ignore(Program.run("umount", ["-l", path]))
  const left = mountsIn(directory)
  if (left.length > 0) return yield* Effect.logWarning("a Pod's folder stays: something is mounted there", left)
  yield* Effect.ignore(attempt(() => rmSync(directory, { recursive: true, force: true })))
})

/** A path below a volume, which may lead nowhere else. */
const below = (root: string, subPath: string) => {
  const path = join(root, subPath)
  if (subPath.startsWith("/") || subPath.split("/").includes("..")) return refuse(`subPath "${subPath}" leaves its volume`)
  if (!existsSync(path)) mkdirSync(path, { recursive: true, mode: 0o755 })
  const real = realpathSync(path)
  const inside = realpathSync(root)
  return real === inside || real.startsWith(`${inside}/`) ? real : refuse(`subPath "${subPath}" leaves its volume`)
}

const propagation = { None: "none", HostToContainer: "fromHost", Bidirectional: "both" } as const

/** Throws a Refusal where a mount names what is not there. */
export const mountsOf = (
  pod: Pod,
  container: Container,
  directory: string,
  env: ReadonlyMap<string, string>,
  sources: Pick<Sources, "driven" | "folder"> = {}
) =>
  (container.volumeMounts ?? []).map((mount: VolumeMount): Mount => {
    const volume = pod.spec.volumes?.find(({ name }) => name === mount.name)
    if (volume === undefined) return refuse(`volume "${mount.name}" not found`)
    const root = pathOf(directory, volume, sources)
    const subPath = mount.subPath || (mount.subPathExpr ? expand(mount.subPathExpr, env) : "")
    const how = mount.mountPropagation
    return {
      hostPath: subPath === "" ? root : below(root, subPath),
      containerPath: mount.mountPath.startsWith("/") ? mount.mountPath : `/${mount.mountPath}`,
      readOnly: (mount.readOnly ?? false) || isReadOnly(volume),
      propagation: how === "HostToContainer" || how === "Bidirectional" ? propagation[how] : "none"
    }
  })

/** The devices that volumes are to a container. Throws a Refusal where one names what is not there. */
export const devicesOf = ({ volumeDevices = [] }: Container, directory: string, { driven }: Pick<Sources, "driven"> = {}) =>
  volumeDevices.map(({ devicePath, name }) => {
    const volume = driven?.(name)
    if (volume?.isBlock !== true) return refuse(`volume "${name}" is not a block volume`)
    const permissions = volume.isReadOnly ? "mr" : "mrw"
    return { hostPath: targetOf(directory, volume.name), containerPath: devicePath, permissions }
  })

/** What comes from the API is not written by containers. */
const isReadOnly = ({ configMap, downwardAPI, persistentVolumeClaim, projected, secret }: Volume) =>
  (configMap ?? downwardAPI ?? projected ?? secret) !== undefined || persistentVolumeClaim?.readOnly === true

/** The Pods that have a folder here: what a restarted node may have to clear. */
export const known = (pods: string): ReadonlyArray<string> => (existsSync(pods) ? readdirSync(pods) : [])
