/**
 * Volumes of drivers on this node: attached by others, staged once for all Pods, published to each, and given to its group. The drivers come
 * and go; what one is needed for waits until it is there. Source: "Container Storage Interface" of upstream's kubelet.
 */
import { Effect, Latch, Option, Schedule, Semaphore } from "effect"
import { createHash } from "node:crypto"
import { existsSync, lstatSync, mkdirSync, rmdirSync, rmSync } from "node:fs"
import { dirname, join } from "node:path"
import type { Client } from "../../../kernel/client/Client.ts"
import { PersistentVolumeClaim, type Pod, Secret, type SecretReference } from "../../resources/contracts/core/v1.ts"
import { CSIDriver, VolumeAttachment } from "../../resources/contracts/storage/v1.ts"
import { type Driver, Drivers } from "../../volumes/contracts/Drivers.ts"
import { type Access, Mode } from "../../volumes/contracts/Volumes.ts"
import { Refusal } from "../pod/Environment.ts"
import * as Records from "./DrivenRecords.ts"
import * as Growth from "./Growth.ts"
import * as Ownership from "./Ownership.ts"

type Texts = { readonly [name: string]: string }

/** A Pod's volume that a driver brings. */
export interface Driven {
  /** The PersistentVolume's name, or the volume's in the Pod. */
  readonly name: string
  readonly driver: string
  readonly id: string
  readonly modes: ReadonlyArray<string>
  readonly isBlock: boolean
  readonly fsType: string | undefined
  readonly mountOptions: ReadonlyArray<string> | undefined
  readonly context: Texts
  readonly isReadOnly: boolean
  /** It stands in the Pod itself, and lives as long. */
  readonly isInline: boolean
  readonly secrets: { readonly [_ in "stage" | "publish" | "expand"]?: SecretReference | undefined }
  readonly claim?: PersistentVolumeClaim
}

const modes: ReadonlySet<string> = new Set(Mode.literals)
const isMode = (mode: string): mode is typeof Mode.Type => modes.has(mode)

export const accessOf = ({ fsType, isBlock, modes, mountOptions }: Driven): Access => ({
  modes: modes.filter(isMode),
  block: isBlock,
  ...(fsType && { fsType }),
  ...(mountOptions && mountOptions.length > 0 && { mountOptions })
})

/** Those that stand in the Pod itself, by their names. */
export const inline = ({ metadata, spec }: Pod): ReadonlyMap<string, Driven> =>
  new Map(
    (spec.volumes ?? []).flatMap(({ csi, name }) => {
      if (csi === undefined) return []
      const key = [name, metadata.namespace, metadata.name, metadata.uid].join("-")
      const found: Driven = {
        name,
        driver: csi.driver,
        id: `csi-${createHash("sha256").update(key).digest("hex")}`,
        modes: ["ReadWriteOnce"],
        isBlock: false,
        fsType: csi.fsType,
        mountOptions: undefined,
        context: csi.volumeAttributes ?? {},
        isReadOnly: csi.readOnly === true,
        isInline: true,
        secrets:
          csi.nodePublishSecretRef === undefined
            ? {}
            : { publish: { ...csi.nodePublishSecretRef, namespace: metadata.namespace ?? "" } }
      }
      return [[name, found] as const]
    })
  )

/** What a driver is told of the Pod, where it wants to know. */
const podInfo = ({ metadata, spec }: Pod, { isInline }: Driven): Texts => ({
  "csi.storage.k8s.io/pod.name": metadata.name,
  "csi.storage.k8s.io/pod.namespace": metadata.namespace ?? "",
  "csi.storage.k8s.io/pod.uid": metadata.uid,
  "csi.storage.k8s.io/serviceAccount.name": spec.serviceAccountName ?? "",
  "csi.storage.k8s.io/ephemeral": `${isInline}`
})

/** Upstream's name of it. */
export const attachmentOf = (id: string, driver: string, node: string) =>
  `csi-${createHash("sha256").update(`${id}${driver}${node}`).digest("hex")}`

/** Whether the Pod's group is given what lies there. */
const isOwned = ({ fsType, isBlock, isReadOnly, modes }: Driven, policy = "ReadWriteOnceWithFSType") =>
  !isBlock && !isReadOnly && (policy === "File" || (policy !== "None" && Boolean(fsType) && modes.includes("ReadWriteOnce")))

const refuse = (message: string) => new Refusal({ message })
const failed =
  (what: string) =>
  ({ code, message }: { readonly message: string; readonly code?: unknown }) =>
    refuse(`${what}: ${typeof code === "string" ? `rpc error: code = ${code} desc = ` : ""}${message}`)
const attempt = <A>(run: () => A) => Effect.try({ try: run, catch: (cause) => refuse(`${cause}`) })

/** Nothing is removed through what a driver has left mounted there: then this fails. */
const removeEmpty = (staging: string) => {
  if (!existsSync(staging)) return
  if (lstatSync(staging).isDirectory()) rmdirSync(staging)
  else rmSync(staging)
  rmdirSync(dirname(staging))
}

export interface Options {
  readonly client: Client["Service"]
  readonly nodeName: string
  /** The kubelet's own; the Pods' folders lie in `pods` there. */
  readonly directory: string
}

export const make = Effect.fnUntraced(function* ({ client, directory, nodeName }: Options) {
  const drivers = yield* Drivers
  const published = new Set<string>()
  const changed = Latch.makeUnsafe()
  const locks = new Map<string, Semaphore.Semaphore>()
  const pods = join(directory, "pods")

  /** One thing at a time with a volume: whether a Pod is its last is asked and acted upon. */
  const alone = <A, E, R>({ driver, id }: Pick<Driven, "driver" | "id">, work: Effect.Effect<A, E, R>) => {
    const key = `${driver}^${id}`
    const lock = locks.get(key) ?? Semaphore.makeUnsafe(1)
    locks.set(key, lock)
    return lock.withPermit(work)
  }

  const driverOf = (name: string) => {
    const found = drivers.get(name)
    return found === undefined
      ? refuse(`kubernetes.io/csi: driver name ${name} not found in the list of registered CSI drivers`)
      : Effect.succeed(found)
  }

  const secretOf = Effect.fnUntraced(function* (reference: SecretReference | undefined) {
    if (reference === undefined) return {}
    const { name = "", namespace = "" } = reference
    const found = yield* Effect.mapError(client.get(Secret, { namespace, name }), failed(`secret ${namespace}/${name}`))
    const text = (value: string) => Buffer.from(value, "base64").toString("utf8")
    return { secrets: Object.fromEntries(Object.entries(found.data ?? {}).map(([key, value]) => [key, text(value)])) }
  })

  /** What attaching it has told, which somebody else does. */
  const attachment = Effect.fnUntraced(function* ({ driver, id }: Driven) {
    const name = attachmentOf(id, driver, nodeName)
    const look = Effect.map(client.find(VolumeAttachment, { namespace: "", name }), Option.getOrUndefined)
    const isDecided = (one: VolumeAttachment | undefined) =>
      one?.status?.attached === true || one?.status?.attachError !== undefined
    // It mostly comes soon, and what fails is left alone for longer each time.
    const found = yield* Effect.repeat(look, { schedule: Schedule.spaced("250 millis"), until: isDecided, times: 120 }).pipe(
      Effect.mapError(failed("looking for its attachment"))
    )
    if (found?.status?.attached === true) return found.status.attachmentMetadata ?? {}
    const why = found?.status?.attachError?.message
    return yield* refuse(`volume ${id} is not attached to ${nodeName} yet${why === undefined ? "" : `: ${why}`}`)
  })

  const bring = Effect.fnUntraced(function* (pod: Pod, one: Driven, folder: string, { about, volumes }: Driver) {
    const { driver, id, isBlock, isInline, isReadOnly, name } = one
    const kind = Option.getOrUndefined(
      yield* Effect.mapError(client.find(CSIDriver, { namespace: "", name: driver }), failed("looking for its CSIDriver"))
    )
    const isAttachable = !isInline && kind?.spec.attachRequired !== false
    const attached = isAttachable ? { attachment: yield* attachment(one) } : {}
    const isStaged = about.can.stage && !isInline
    const access = accessOf(one)
    const staging = Records.stagingOf(directory, driver, id)
    yield* attempt(() =>
      Records.write(folder, { driverName: driver, volumeHandle: id, specVolID: name, isStaged, isAttachable })
    )
    if (isAttachable) changed.openUnsafe()
    if (isStaged) {
      yield* attempt(() => mkdirSync(isBlock ? dirname(staging) : staging, { recursive: true, mode: 0o750 }))
      const told = { id, access, context: one.context, ...attached, ...(yield* secretOf(one.secrets.stage)) }
      yield* Effect.mapError(volumes.stage({ ...told, staging }), failed("MountDevice failed"))
    }
    const context = kind?.spec.podInfoOnMount === true ? { ...one.context, ...podInfo(pod, one) } : one.context
    const target = Records.targetOf(folder, name)
    const told = { id, access, context, ...attached, ...(yield* secretOf(one.secrets.publish)) }
    yield* Effect.mapError(
      volumes.publish({ ...told, ...(isStaged && { staging }), target, readOnly: isReadOnly }),
      failed("MountVolume.SetUp failed")
    )
    const { fsGroup, fsGroupChangePolicy } = pod.spec.securityContext
    if (fsGroup !== undefined && isOwned(one, kind?.spec.fsGroupPolicy)) {
      yield* attempt(() => Ownership.apply(target, fsGroup, fsGroupChangePolicy))
    }
  })

  /** What was made larger, but for what lies on it: the claim says so until that is done here. */
  const grow = Effect.fnUntraced(function* (one: Driven, folder: string, { about, volumes }: Driver) {
    const { claim, driver, id, name } = one
    if (claim === undefined || !about.can.expandOnNode || !Growth.isPending(claim)) return
    const bytes = Growth.wanted(claim)
    const target = Records.targetOf(folder, name)
    const staging = about.can.stage ? { staging: Records.stagingOf(directory, driver, id) } : {}
    const told = { id, bytes, target, access: accessOf(one), ...staging, ...(yield* secretOf(one.secrets.expand)) }
    const after = yield* Effect.mapError(volumes.expandOnNode(told), failed("NodeExpandVolume failed"))
    yield* Effect.mapError(
      client.update(PersistentVolumeClaim, Growth.done(claim, after.bytes), { subresource: "status" }),
      failed("telling the claim that it is larger")
    )
  })

  const publish = Effect.fn("Driven.publish")(function* (pod: Pod, one: Driven, folder: string) {
    const target = Records.targetOf(folder, one.name)
    const isThere = published.has(target)
    if (isThere && (one.claim === undefined || !Growth.isPending(one.claim))) return
    const driver = yield* driverOf(one.driver)
    if (!isThere) yield* alone(one, bring(pod, one, folder, driver))
    published.add(target)
    yield* alone(one, grow(one, folder, driver))
  })

  const takeBack = Effect.fnUntraced(function* (entry: Records.Entry, { volumes }: Driver) {
    const { driverName: driver, folder, isStaged, volumeHandle: id } = entry
    const target = join(folder, "mount")
    published.delete(target)
    yield* Effect.mapError(volumes.unpublish({ id, target }), failed("UnmountVolume.TearDown failed"))
    const isOther = (other: Records.Entry) =>
      other.driverName === driver && other.volumeHandle === id && other.folder !== folder
    if (isStaged === true && !Records.all(pods).some(isOther)) {
      const staging = Records.stagingOf(directory, driver, id)
      yield* Effect.mapError(volumes.unstage({ id, staging }), failed("UnmountDevice failed"))
      yield* attempt(() => removeEmpty(staging))
    }
    yield* attempt(() => Records.remove(entry))
    if (entry.isAttachable === true) changed.openUnsafe()
  })

  /** Takes back all of a Pod. It fails while a driver is away that has brought one. */
  const unpublish = Effect.fn("Driven.unpublish")(function* (folder: string) {
    for (const entry of yield* attempt(() => Records.ofPod(folder))) {
      const driver = yield* driverOf(entry.driverName)
      yield* alone({ driver: entry.driverName, id: entry.volumeHandle }, takeBack(entry, driver))
    }
  })

  return {
    drivers,
    publish,
    unpublish,
    /** Opened when what is in use may be another. */
    changed,
    /** As Node objects name them: what must not be detached yet. */
    inUse: () =>
      Records.all(pods)
        .filter(({ isAttachable }) => isAttachable === true)
        .map(({ driverName, volumeHandle }) => `kubernetes.io/csi/${driverName}^${volumeHandle}`)
  }
})
export type Manager = Effect.Success<ReturnType<typeof make>>
