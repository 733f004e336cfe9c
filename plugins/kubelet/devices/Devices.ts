/**
 * The devices of a node: counted for the API, given to Pods that come to it, and to their containers when they start. What has been given
 * is kept by `Held.ts`; who has devices to give, by `Providers.ts`.
 */
import { Effect, Semaphore } from "effect"
import * as Quantity from "../../../kernel/resource/Quantity.ts"
import type { Container, Pod, ResourceStatus } from "../../resources/contracts/core/v1.ts"
import * as Choice from "./Choice.ts"
import * as Given from "./Given.ts"
import * as Held from "./Held.ts"
import { healthy, type Providers } from "./Providers.ts"

export interface Options {
  readonly providers: Providers
  /** Where it stands who has what; absent: nowhere. */
  readonly file?: string
}

/** A plugin that gets a device ready takes its time; one that does not answer must not keep other Pods from the node for ever. */
const patience = "2 minutes"

const isSidecar = ({ restartPolicy }: Container) => restartPolicy === "Always"

/** What comes from a ResourceClaim instead. Source: KEP-5004. */
const isClaimed = ({ status }: Pod, container: string, resource: string) =>
  status.extendedResourceClaimStatus?.requestMappings.some(
    (one) => one.containerName === container && one.resourceName === resource
  ) ?? false

export const make = Effect.fnUntraced(function* ({ file, providers }: Options) {
  const held = Held.open(file)
  const turns = yield* Semaphore.make(1)

  const isKnown = (resource: string) =>
    providers.get(resource) !== undefined || held.resources().has(resource) || held.ofResource(resource).length > 0

  /** What of a container's resources are devices. Requests are the same as limits. */
  const wishes = (pod: Pod, { name, resources }: Container): ReadonlyArray<Choice.Wish> =>
    Object.entries(resources.limits ?? {}).flatMap(([resource, amount]) => {
      const count = Number(Quantity.value(Quantity.of(amount)))
      const isOurs = count > 0 && isKnown(resource) && !isClaimed(pod, name, resource)
      return isOurs ? [{ uid: pod.metadata.uid, container: name, resource, count }] : []
    })

  const ofContainer = (uid: string, container: string, resource: string) =>
    held.of(uid, container).filter((one) => one.resource === resource)

  const give = Effect.fnUntraced(function* (wish: Choice.Wish, reusable: ReadonlySet<string>) {
    const { container, resource, uid } = wish
    const entry = providers.get(resource)
    const own = ofContainer(uid, container, resource)
    const had = own.length === 0 ? undefined : Held.idsOf(own)
    const chosen = yield* Choice.choose({ wish, entry, had, taken: Held.idsOf(held.ofResource(resource)), reusable })
    if (entry === undefined || chosen.length === 0) return
    const given = yield* Effect.mapError(
      entry.provider.allocate({ devices: chosen }),
      (error) => new Choice.NoDevices({ message: Choice.words(error) })
    )
    const devices = chosen.map((id) => {
      const { numaNodes } = entry.devices.get(id) ?? {}
      return { id, ...(numaNodes && { numaNodes }) }
    })
    held.add({ uid, container, resource, devices, given })
  })

  /** Init containers first: what they have is free for those that come after them, but for what sidecars keep. */
  const giveAll = Effect.fnUntraced(function* (pod: Pod) {
    const { uid } = pod.metadata
    const reusable = new Map<string, ReadonlySet<string>>()
    const { containers, initContainers = [] } = pod.spec
    for (const container of [...initContainers, ...containers]) {
      const passes = initContainers.includes(container) && !isSidecar(container)
      for (const wish of wishes(pod, container)) {
        const { resource } = wish
        const left = reusable.get(resource) ?? new Set<string>()
        yield* give(wish, left)
        const own = Held.idsOf(ofContainer(uid, container.name, resource))
        reusable.set(resource, passes ? left.union(own) : left.difference(own))
      }
    }
  })

  const wants = (pod: Pod) =>
    [...(pod.spec.initContainers ?? []), ...pod.spec.containers].some((one) => wishes(pod, one).length > 0)

  /** For a Pod that comes to the node, beside those that are there. */
  const allocate = (pod: Pod, others: () => ReadonlyArray<Pod>) =>
    Effect.suspend(() => {
      if (!wants(pod)) return Effect.void
      const given = Effect.suspend(() => {
        held.keep(new Set([pod, ...others()].map(({ metadata }) => metadata.uid)))
        return giveAll(pod)
      })
      return given.pipe(
        Effect.timeoutOrElse({
          duration: patience,
          orElse: () => Effect.fail(new Choice.NoDevices({ message: "the device plugin does not answer" }))
        }),
        // Those of its containers that got theirs give them back.
        Effect.tapError(() => Effect.sync(() => held.free(pod.metadata.uid))),
        turns.withPermit
      )
    })

  const preStart = Effect.fnUntraced(function* ({ container, resource, uid }: Choice.Wish) {
    const entry = providers.get(resource)
    if (entry === undefined) {
      const message = `endpoint not found in cache for a registered resource: ${resource}`
      return yield* new Choice.NoDevices({ message })
    }
    if (!entry.about.preStart) return
    const devices = [...Held.idsOf(ofContainer(uid, container, resource))]
    yield* Effect.mapError(entry.provider.preStart({ devices }), (error) => {
      const message = `device plugin PreStartContainer rpc failed with err: ${Choice.words(error)}`
      return new Choice.NoDevices({ message })
    })
  })

  /** What a container that is about to start finds; nothing, if it has none. */
  const prepare = Effect.fn("Devices.prepare")(function* (pod: Pod, container: Container) {
    const wanted = wishes(pod, container)
    if (wanted.length === 0) return undefined
    const { uid } = pod.metadata
    // A Pod that was here before its node knew of these devices.
    const isNew = wanted.some(({ resource }) => ofContainer(uid, container.name, resource).length === 0)
    if (isNew) yield* turns.withPermit(giveAll(pod))
    yield* Effect.forEach(wanted, preStart, { discard: true })
    return Given.merged(held.of(uid, container.name).map(({ given }) => given))
  })

  /** How much of each there is. What is gone is none. */
  const amounts = (now: number) => {
    providers.forget(now)
    const capacity: Record<string, string> = {}
    const allocatable: Record<string, string> = {}
    for (const resource of held.resources()) capacity[resource] = allocatable[resource] = "0"
    for (const [resource, entry] of providers.all()) {
      held.know(resource)
      capacity[resource] = `${entry.devices.size}`
      allocatable[resource] = `${healthy(entry).size}`
    }
    return { capacity, allocatable }
  }

  /** How those of a container are. */
  const statusOf = (uid: string, container: string): ReadonlyArray<ResourceStatus> =>
    held.of(uid, container).map(({ devices, resource }) => ({
      name: resource,
      resources: devices.map(({ id }) => {
        const isSick = providers.get(resource)?.devices.get(id)?.healthy === false
        return { resourceID: id, health: isSick ? "Unhealthy" : "Healthy" }
      })
    }))

  return {
    allocate,
    prepare,
    amounts,
    statusOf,
    of: held.of,
    /** Who has any. */
    holders: held.pods,
    /** Those that could be given, by their resource. */
    allocatable: () =>
      [...providers.all()].map(([resource, { devices }]) => ({
        resource,
        devices: [...devices.values()].filter((device) => device.healthy)
      })),
    /** Opened whenever devices have changed. */
    changed: providers.changed
  }
})
export type Devices = Effect.Success<ReturnType<typeof make>>
