/** A disk that only one node or Pod can have is not taken by another: of some older kinds of volumes, and of claims that are for one Pod. */
import type { Volume } from "../../../resources/contracts/core/v1.ts"
import { onClaim, onNode, onPod } from "../../contracts/Changes.ts"
import { type Filtering, type Plugin, unresolvable, unschedulable } from "../../contracts/Framework.ts"
import type { PodInfo, Question, View } from "../../contracts/Nodes.ts"
import type { Storage } from "../../storage/Storage.ts"

const disk = unschedulable("node(s) had no available disk")
const inUse = unschedulable(
  "node(s) unavailable due to PersistentVolumeClaim with ReadWriteOncePod access mode already in-use by another pod"
)

const areReading = (a: { readonly readOnly?: boolean }, b: { readonly readOnly?: boolean }) =>
  a.readOnly === true && b.readOnly === true

const collide = (a: Volume, b: Volume): boolean => {
  if (a.gcePersistentDisk && b.gcePersistentDisk)
    return a.gcePersistentDisk.pdName === b.gcePersistentDisk.pdName && !areReading(a.gcePersistentDisk, b.gcePersistentDisk)
  if (a.awsElasticBlockStore && b.awsElasticBlockStore)
    return a.awsElasticBlockStore.volumeID === b.awsElasticBlockStore.volumeID
  if (a.iscsi && b.iscsi) return a.iscsi.iqn === b.iscsi.iqn && !areReading(a.iscsi, b.iscsi)
  if (a.rbd && b.rbd) {
    const { image, monitors, pool } = b.rbd
    return (
      a.rbd.monitors.some((monitor) => monitors.includes(monitor)) &&
      a.rbd.pool === pool &&
      a.rbd.image === image &&
      !areReading(a.rbd, b.rbd)
    )
  }
  return false
}

const isExclusive = ({ awsElasticBlockStore, gcePersistentDisk, iscsi, rbd }: Volume) =>
  awsElasticBlockStore !== undefined || gcePersistentDisk !== undefined || iscsi !== undefined || rbd !== undefined

const usesClaim = ({ pod }: PodInfo, claims: ReadonlySet<string>) =>
  (pod.spec.volumes ?? []).filter(({ persistentVolumeClaim: one }) => one && claims.has(one.claimName)).length

/** How many Pods that have a node use a claim, wherever they are. */
const question = (namespace: string, claim: string): Question => ({
  key: JSON.stringify(["claim", namespace, claim]),
  anchor: undefined,
  topologyKey: "kubernetes.io/hostname",
  means: ({ metadata, spec }) =>
    metadata.namespace === namespace &&
    (spec.volumes ?? []).some(({ persistentVolumeClaim }) => persistentVolumeClaim?.claimName === claim),
  counts: () => true
})

const users = (view: View, namespace: string, claim: string) =>
  view
    .tally(question(namespace, claim))
    .pods.values()
    .reduce((sum, count) => sum + count, 0)

export const make = (storage: Storage): Plugin => ({
  name: "VolumeRestrictions",
  hints: [
    onPod(["Delete"], ({ metadata, spec }, { before }) => {
      const ours = (spec.volumes ?? []).filter(isExclusive)
      const theirs = before?.spec.volumes ?? []
      if (ours.some((one) => theirs.some((other) => collide(one, other)))) return true
      return (
        before?.metadata.namespace === metadata.namespace && theirs.some((one) => one.persistentVolumeClaim !== undefined)
      )
    }),
    onNode(["Add"]),
    onClaim(["Add", "Update"], ({ metadata }, { after }) => after?.metadata.namespace === metadata.namespace)
  ],
  preFilter: ({ pod }, view): Filtering | ReturnType<typeof unresolvable> | undefined => {
    const { namespace = "" } = pod.metadata
    const exclusive = (pod.spec.volumes ?? []).filter(isExclusive)
    const claims = new Set<string>()
    for (const { claim, isEphemeral, name } of storage.claimsOf(pod)) {
      if (isEphemeral) continue
      if (claim === undefined) return unresolvable(`persistentvolumeclaim "${name}" not found`)
      if (claim.spec.accessModes?.includes("ReadWriteOncePod")) claims.add(name)
    }
    let conflicts = 0
    for (const claim of claims) if (users(view, namespace, claim) > 0) conflicts++
    if (exclusive.length === 0 && conflicts === 0) return undefined
    const changed = (sign: number) => (other: PodInfo) => {
      if (other.pod.metadata.namespace === namespace) conflicts += sign * usesClaim(other, claims)
    }
    return {
      add: changed(1),
      remove: changed(-1),
      filter: ({ pods }) => {
        const theirs = exclusive.length === 0 ? [] : pods.values().flatMap(({ pod }) => pod.spec.volumes ?? [])
        for (const other of theirs) if (exclusive.some((one) => collide(one, other))) return disk
        return conflicts > 0 ? inUse : undefined
      }
    }
  }
})
