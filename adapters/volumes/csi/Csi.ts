/**
 * A CSI driver behind the contract `Volumes`: its identity, controller and node services on one socket. A driver without a controller
 * service, or whose controller runs elsewhere, serves its node's calls alone.
 */
import { status } from "@grpc/grpc-js"
import { Effect, Layer } from "effect"
import { Unavailable } from "../../../kernel/plugin/Contract.ts"
import {
  type About,
  type Access,
  NoRoom,
  NoSuchVolume,
  VolumeConflict,
  VolumeRefused,
  Volumes
} from "../../../plugins/volumes/contracts/Volumes.ts"
import * as Calls from "./Calls.ts"

type Service = Volumes["Service"]

/** Numbers of csi.proto. */
const plugin = { controller: 1, topology: 2 }
const controls = { create: 1, publish: 2, capacity: 4, expand: 9 }
const does = { stage: 1, stats: 2, expand: 3, singleNodeMultiWriter: 5 }
const modes = {
  ReadWriteOnce: 1,
  ReadOnlyMany: 3,
  ReadWriteMany: 5,
  ReadWriteOncePod: 1
} as const
/** What a driver has them be that tells one Pod of a node from several. */
const exactModes = { ...modes, ReadWriteOnce: 7, ReadWriteOncePod: 6 } as const
const units = { bytes: 1, inodes: 2 }

/** After these the driver has done nothing, and does nothing any more. Source: upstream's provisioner. */
const underWay: ReadonlySet<number> = new Set([
  status.CANCELLED,
  status.DEADLINE_EXCEEDED,
  status.UNAVAILABLE,
  status.RESOURCE_EXHAUSTED,
  status.ABORTED
])

const refused = ({ code, message }: Calls.CallFailed) =>
  new VolumeRefused({ code: status[code] ?? `${code}`, message, isFinal: !underWay.has(code) })

/** Nobody listens there. */
const isAway = ({ code }: Calls.CallFailed) => code === status.UNAVAILABLE
const away = ({ message, method }: Calls.CallFailed) =>
  new Unavailable({ contract: Volumes.key, applied: "unknown", cause: `${method}: ${message}` })

const failure = (error: Calls.CallFailed) => (isAway(error) ? away(error) : refused(error))
const ofVolume = (id: string) => (error: Calls.CallFailed) =>
  error.code === status.NOT_FOUND ? new NoSuchVolume({ id }) : failure(error)
const roomFor = (error: Calls.CallFailed) =>
  error.code === status.RESOURCE_EXHAUSTED || error.code === status.OUT_OF_RANGE
    ? new NoRoom({ message: error.message })
    : failure(error)
const isMissing = (error: Calls.CallFailed) => error.code === status.NOT_FOUND

const rpcs = ({
  capabilities
}: {
  readonly capabilities: ReadonlyArray<{ readonly rpc?: { readonly type: number } | null }>
}) => new Set(capabilities.flatMap(({ rpc }) => (rpc ? [rpc.type] : [])))

const look = Effect.fnUntraced(function* (call: Calls.Calls) {
  const info = yield* call("GetPluginInfo", {})
  const { capabilities } = yield* call("GetPluginCapabilities", {})
  const services = new Set(capabilities.flatMap(({ service }) => (service ? [service.type] : [])))
  const isController = services.has(plugin.controller)
  const controller = isController ? rpcs(yield* call("ControllerGetCapabilities", {})) : new Set<number>()
  const node = rpcs(yield* call("NodeGetCapabilities", {}))
  const { accessible_topology, max_volumes_per_node, node_id } = yield* call("NodeGetInfo", {})
  const about: About = {
    driver: info.name,
    version: info.vendor_version,
    node: {
      id: node_id,
      topology: accessible_topology?.segments ?? {},
      ...(max_volumes_per_node > 0 && { maximumVolumes: max_volumes_per_node })
    },
    can: {
      provision: controller.has(controls.create),
      attach: controller.has(controls.publish),
      stage: node.has(does.stage),
      expand: controller.has(controls.expand),
      expandOnNode: node.has(does.expand),
      capacity: controller.has(controls.capacity),
      stats: node.has(does.stats),
      // Every driver is asked; which of them cannot, says so then.
      block: true
    }
  }
  return { about, isExact: node.has(does.singleNodeMultiWriter), hasTopology: services.has(plugin.topology) }
})

/** One for each way that it is used in, as upstream asks for them. */
const capabilities = ({ block, fsType = "", modes: asked, mountOptions = [] }: Access, isExact: boolean) =>
  asked.map((mode) => ({
    ...(block ? { block: {} } : { mount: { fs_type: fsType, mount_flags: mountOptions } }),
    access_mode: { mode: (isExact ? exactModes : modes)[mode] }
  }))

const provisioning = (
  call: Calls.Calls,
  { hasTopology, isExact }: { readonly hasTopology: boolean; readonly isExact: boolean }
) => ({
  provision: (({ access, bytes, maximumBytes = 0, name, parameters, secrets = {}, within }) =>
    call("CreateVolume", {
      name,
      capacity_range: { required_bytes: bytes, limit_bytes: maximumBytes },
      volume_capabilities: capabilities(access, isExact),
      parameters,
      secrets,
      ...(hasTopology &&
        within.length > 0 && {
          accessibility_requirements: {
            requisite: within.map((segments) => ({ segments })),
            preferred: within.map((segments) => ({ segments }))
          }
        })
    }).pipe(
      Effect.map(({ volume }) => ({
        id: volume.volume_id,
        // A driver that does not say how large it is has made it as large as was asked for.
        bytes: volume.capacity_bytes === 0 ? bytes : volume.capacity_bytes,
        context: volume.volume_context,
        topologies: volume.accessible_topology.map(({ segments }) => segments)
      })),
      Effect.mapError((error) =>
        error.code === status.ALREADY_EXISTS ? new VolumeConflict({ name, message: error.message }) : roomFor(error)
      )
    )) satisfies Service["provision"],
  delete: (({ id, secrets = {} }) =>
    call("DeleteVolume", { volume_id: id, secrets }).pipe(
      Effect.asVoid,
      Effect.catchIf(isMissing, () => Effect.void),
      Effect.mapError(failure)
    )) satisfies Service["delete"],
  expand: (({ access, bytes, id, secrets = {} }) =>
    call("ControllerExpandVolume", {
      volume_id: id,
      capacity_range: { required_bytes: bytes },
      secrets,
      ...one(access, isExact)
    }).pipe(
      Effect.map(({ capacity_bytes, node_expansion_required }) => ({
        bytes: capacity_bytes === 0 ? bytes : capacity_bytes,
        onNode: node_expansion_required
      })),
      Effect.mapError((error) => (error.code === status.NOT_FOUND ? new NoSuchVolume({ id }) : roomFor(error)))
    )) satisfies Service["expand"],
  capacity: (({ parameters, within }) =>
    call("GetCapacity", { parameters, ...(within && { accessible_topology: { segments: within } }) }).pipe(
      Effect.map(({ available_capacity, maximum_volume_size }) => ({
        bytes: available_capacity,
        ...(maximum_volume_size && { maximumVolumeBytes: maximum_volume_size.value })
      })),
      Effect.mapError(failure)
    )) satisfies Service["capacity"]
})

/** The most able first: it stands for the others. */
const byAbility = [5, 3, 7, 1, 6]
const one = (access: Access, isExact: boolean) => {
  const all = capabilities(access, isExact)
  const volume_capability = byAbility.map((mode) => all.find(({ access_mode }) => access_mode.mode === mode)).find(Boolean)
  return volume_capability === undefined ? {} : { volume_capability }
}

const attaching = (call: Calls.Calls, isExact: boolean) => ({
  attach: (({ access, context, id, node, readOnly, secrets = {} }) =>
    call("ControllerPublishVolume", {
      volume_id: id,
      node_id: node,
      ...one(access, isExact),
      readonly: readOnly,
      secrets,
      volume_context: context
    }).pipe(
      Effect.map(({ publish_context }) => publish_context),
      Effect.mapError(ofVolume(id))
    )) satisfies Service["attach"],
  detach: (({ id, node, secrets = {} }) =>
    call("ControllerUnpublishVolume", { volume_id: id, node_id: node, secrets }).pipe(
      Effect.asVoid,
      // The volume or the node is gone, and with it what was to be taken back.
      Effect.catchIf(isMissing, () => Effect.void),
      Effect.mapError(failure)
    )) satisfies Service["detach"]
})

const publishing = (call: Calls.Calls, isExact: boolean) => ({
  stage: (({ access, attachment = {}, context, id, secrets = {}, staging }) =>
    call("NodeStageVolume", {
      volume_id: id,
      publish_context: attachment,
      staging_target_path: staging,
      ...one(access, isExact),
      secrets,
      volume_context: context
    }).pipe(Effect.asVoid, Effect.mapError(ofVolume(id)))) satisfies Service["stage"],
  unstage: (({ id, staging }) =>
    call("NodeUnstageVolume", { volume_id: id, staging_target_path: staging }).pipe(
      Effect.asVoid,
      Effect.catchIf(isMissing, () => Effect.void),
      Effect.mapError(failure)
    )) satisfies Service["unstage"],
  publish: (({ access, attachment = {}, context, id, readOnly, secrets = {}, staging = "", target }) =>
    call("NodePublishVolume", {
      volume_id: id,
      publish_context: attachment,
      staging_target_path: staging,
      target_path: target,
      ...one(access, isExact),
      readonly: readOnly,
      secrets,
      volume_context: context
    }).pipe(Effect.asVoid, Effect.mapError(ofVolume(id)))) satisfies Service["publish"],
  unpublish: (({ id, target }) =>
    call("NodeUnpublishVolume", { volume_id: id, target_path: target }).pipe(
      Effect.asVoid,
      Effect.catchIf(isMissing, () => Effect.void),
      Effect.mapError(failure)
    )) satisfies Service["unpublish"],
  expandOnNode: (({ access, bytes, id, secrets = {}, staging = "", target }) =>
    call("NodeExpandVolume", {
      volume_id: id,
      volume_path: target,
      capacity_range: { required_bytes: bytes },
      staging_target_path: staging,
      ...one(access, isExact),
      secrets
    }).pipe(
      Effect.map(({ capacity_bytes }) => ({ bytes: capacity_bytes === 0 ? bytes : capacity_bytes })),
      Effect.mapError(ofVolume(id))
    )) satisfies Service["expandOnNode"],
  stats: (({ id, target }) =>
    call("NodeGetVolumeStats", { volume_id: id, volume_path: target }).pipe(
      Effect.map(({ usage }) => {
        const of = (unit: number) => usage.find((one) => one.unit === unit) ?? { total: 0, used: 0 }
        const [bytes, inodes] = [of(units.bytes), of(units.inodes)]
        return { bytes: bytes.total, usedBytes: bytes.used, inodes: inodes.total, usedInodes: inodes.used }
      }),
      Effect.mapError(ofVolume(id))
    )) satisfies Service["stats"]
})

/** It is asked once what it can do: it has to be there. */
export const make = Effect.fnUntraced(function* (socket: string) {
  const call = yield* Calls.make(socket)
  const { about, hasTopology, isExact } = yield* Effect.mapError(look(call), away)
  return {
    describe: () => Effect.succeed(about),
    ...provisioning(call, { hasTopology, isExact }),
    ...attaching(call, isExact),
    ...publishing(call, isExact)
  } satisfies Service
})

export const layer = (socket: string) => Layer.effect(Volumes, make(socket))
