/**
 * Volumes, claims and what is known about storage, for the plugins that look at them. A decision counts at once: what was assumed of a
 * claim or volume stands until the cache has moved on, or the decision was taken back.
 */
import { Effect } from "effect"
import { Client } from "../../../kernel/client/Client.ts"
import type { Key, Resource } from "../../../kernel/resource/Kind.ts"
import type { Cache } from "../../../kernel/table/Table.ts"
import { PersistentVolume, PersistentVolumeClaim, type Pod } from "../../resources/contracts/core/v1.ts"
import {
  CSIDriver,
  CSINode,
  CSIStorageCapacity,
  StorageClass,
  VolumeAttachment
} from "../../resources/contracts/storage/v1.ts"
import type { Change } from "../contracts/Changes.ts"
import { changeOf, follow } from "../Follow.ts"

/** A cache with what is assumed laid over it. */
export class Assumed<A extends Resource> {
  private readonly cache: Pick<Cache<A, never>, "get">
  private readonly assumed = new Map<string, { readonly object: A; readonly base: string }>()

  constructor(cache: Pick<Cache<A, never>, "get">) {
    this.cache = cache
  }

  readonly get = (key: Key): A | undefined => this.over(this.cache.get(key))

  /** The object as it is taken to be. */
  readonly over = <B extends A | undefined>(object: B): B | A => {
    if (object === undefined || this.assumed.size === 0) return object
    const { resourceVersion = "", uid } = object.metadata
    const assumed = this.assumed.get(uid)
    if (assumed === undefined) return object
    if (assumed.base === resourceVersion) return assumed.object
    this.assumed.delete(uid)
    return object
  }

  readonly assume = (object: A) => {
    const { resourceVersion = "", uid } = object.metadata
    this.assumed.set(uid, { object, base: resourceVersion })
  }

  readonly forget = ({ metadata }: A) => this.assumed.delete(metadata.uid)
}

/** A claim by which a Pod asks for a volume; `claim` is absent while there is none. */
export interface Wanted {
  readonly name: string
  /** The claim is made for this Pod alone. */
  readonly isEphemeral: boolean
  readonly claim: PersistentVolumeClaim | undefined
}

const annotated = (name: string) => (object: Resource) => object.metadata.annotations?.[name]
const betaClass = annotated("volume.beta.kubernetes.io/storage-class")

export const classNameOf = (claim: PersistentVolumeClaim) => betaClass(claim) ?? claim.spec.storageClassName ?? ""
export const classNameOfVolume = (volume: PersistentVolume) => betaClass(volume) ?? volume.spec.storageClassName ?? ""

export const isFullyBound = (claim: PersistentVolumeClaim) =>
  Boolean(claim.spec.volumeName) && annotated("pv.kubernetes.io/bind-completed")(claim) !== undefined

export const make = Effect.gen(function* () {
  const client = yield* Client
  const claims = yield* client.cache(PersistentVolumeClaim, { indexes: {} })
  const volumes = yield* client.cache(PersistentVolume, {
    indexes: { class: (volume: PersistentVolume) => [classNameOfVolume(volume)] }
  })
  const classes = yield* client.cache(StorageClass, { indexes: {} })
  const csiNodes = yield* client.cache(CSINode, { indexes: {} })
  const drivers = yield* client.cache(CSIDriver, { indexes: {} })
  const capacities = yield* client.cache(CSIStorageCapacity, { indexes: {} })
  const attachments = yield* client.cache(VolumeAttachment, {
    indexes: { node: ({ spec }: VolumeAttachment) => [spec.nodeName] }
  })
  const assumedClaims = new Assumed<PersistentVolumeClaim>(claims)
  const assumedVolumes = new Assumed<PersistentVolume>(volumes)
  const global = (name: string) => ({ namespace: "", name })

  const claimsOf = ({ metadata: { name: pod, namespace = "" }, spec }: Pod): ReadonlyArray<Wanted> =>
    (spec.volumes ?? []).flatMap(({ ephemeral, name: volume, persistentVolumeClaim }) => {
      if (persistentVolumeClaim === undefined && ephemeral === undefined) return []
      const name = persistentVolumeClaim?.claimName ?? `${pod}-${volume}`
      return [{ name, isEphemeral: ephemeral !== undefined, claim: assumedClaims.get({ namespace, name }) }]
    })

  return {
    claims: assumedClaims,
    volumes: assumedVolumes,
    claimsOf,
    /** Of a class, as they are taken to be. */
    volumesOf: (className: string) => volumes.by("class", className).map((volume) => assumedVolumes.over(volume)),
    volume: (name: string) => assumedVolumes.get(global(name)),
    class: (name: string) => classes.get(global(name)),
    csiNode: (node: string) => csiNodes.get(global(node)),
    driver: (name: string) => drivers.get(global(name)),
    capacities: capacities.all,
    attachmentsOn: (node: string) => attachments.by("node", node),
    claimChanges: claims.changes,
    caches: { claims, volumes, classes, csiNodes, drivers, capacities }
  }
})

export type Storage = Effect.Success<typeof make>

/** Tells of what changes, while it runs. */
export const told = ({ caches }: Storage, tell: (change: Change) => void) =>
  Effect.all(
    [
      follow(caches.claims, (before, after) => tell({ kind: "PersistentVolumeClaim", ...changeOf(before, after) })),
      follow(caches.volumes, (before, after) => tell({ kind: "PersistentVolume", ...changeOf(before, after) })),
      follow(caches.classes, (before, after) => tell({ kind: "StorageClass", ...changeOf(before, after) })),
      follow(caches.csiNodes, (before, after) => tell({ kind: "CSINode", ...changeOf(before, after) })),
      follow(caches.drivers, (before, after) => tell({ kind: "CSIDriver", ...changeOf(before, after) })),
      follow(caches.capacities, (before, after) => tell({ kind: "CSIStorageCapacity", ...changeOf(before, after) }))
    ],
    { concurrency: "unbounded", discard: true }
  )
