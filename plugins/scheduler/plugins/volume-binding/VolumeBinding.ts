/**
 * The node reaches the Pod's volumes; and claims that wait for their first consumer get there a volume, or one that is made for them.
 * What was found for the chosen node is assumed when it is reserved, and bound before the Pod is.
 */
import { Effect } from "effect"
import * as Quantity from "../../../../kernel/resource/Quantity.ts"
import type { Node, PersistentVolume, PersistentVolumeClaim, Pod } from "../../../resources/contracts/core/v1.ts"
import { onClaim, onClass, onCsiCapacity, onCsiDriver, onCsiNode, onNode, onVolume } from "../../contracts/Changes.ts"
import { type Filtering, type Plugin, type Refusal, unresolvable } from "../../contracts/Framework.ts"
import type { NodeInfo, PodInfo } from "../../contracts/Nodes.ts"
import { classNameOf, isFullyBound, type Storage, type Wanted } from "../../storage/Storage.ts"
import { allows, reaches, serves } from "../../storage/Topology.ts"
import * as Bind from "./Bind.ts"
import { find, wantedSize } from "./Matching.ts"

export type Options = Bind.Options

const conflict = "node(s) didn't match PersistentVolume's node affinity"
const unavailable = "node(s) didn't find available persistent volumes to bind"
const full = "node(s) did not have enough free storage"
const lost = "node(s) unavailable due to one or more pvc(s) bound to non-existent pv(s)"

/** Why a Pod's claim keeps it from all nodes. */
const obstacle = (pod: Pod, { claim, isEphemeral, name }: Wanted): string | undefined => {
  if (claim === undefined)
    return isEphemeral
      ? `waiting for ephemeral volume controller to create the persistentvolumeclaim "${name}"`
      : `persistentvolumeclaim "${name}" not found`
  if (claim.status.phase === "Lost")
    return `persistentvolumeclaim "${name}" bound to non-existent persistentvolume "${claim.spec.volumeName ?? ""}"`
  if (claim.metadata.deletionTimestamp !== undefined) return `persistentvolumeclaim "${name}" is being deleted`
  const isOwned = claim.metadata.ownerReferences?.some(({ controller, uid }) => controller && uid === pod.metadata.uid)
  if (isEphemeral && !isOwned)
    return `PVC ${pod.metadata.namespace}/${name} was not created for pod ${pod.metadata.namespace}/${pod.metadata.name} (pod is not owner)`
  return undefined
}

export const make = Effect.fnUntraced(function* (storage: Storage, options: Options = {}) {
  const bind = yield* Bind.make(storage, options)
  /** What was found for a Pod, by node; for the attempt that is under way. */
  const found = new Map<string, Map<string, Bind.Decision>>()

  const waits = (claim: PersistentVolumeClaim) =>
    !claim.spec.volumeName && storage.class(classNameOf(claim))?.volumeBindingMode === "WaitForFirstConsumer"

  /** Where a driver says how much it has left, it has enough there. */
  const hasRoom = (claim: PersistentVolumeClaim, provisioner: string, className: string, node: Node) => {
    if (claim.spec.resources.requests?.["storage"] === undefined) return true
    if (storage.driver(provisioner)?.spec.storageCapacity !== true) return true
    const size = wantedSize(claim)
    return storage.capacities().some((capacity) => {
      const limit = capacity.maximumVolumeSize ?? capacity.capacity
      return (
        capacity.storageClassName === className &&
        limit !== undefined &&
        Quantity.compare(Quantity.of(limit), size) >= 0 &&
        serves(capacity, node)
      )
    })
  }

  const checkBound = (claims: ReadonlyArray<PersistentVolumeClaim>, node: Node): string | undefined => {
    for (const { spec } of claims) {
      const volume = storage.volume(spec.volumeName ?? "")
      if (volume === undefined) return lost
      if (!reaches(volume, node)) return conflict
    }
    return undefined
  }

  /** A volume can be made there. */
  const checkProvision = (claim: PersistentVolumeClaim, node: Node): string | undefined => {
    const className = classNameOf(claim)
    const { allowedTopologies, provisioner = "" } = storage.class(className) ?? {}
    if (provisioner === "" || provisioner === "kubernetes.io/no-provisioner") return unavailable
    if (!allows(allowedTopologies, node)) return unavailable
    return hasRoom(claim, provisioner, className, node) ? undefined : full
  }

  const decide = (claims: ReadonlyArray<PersistentVolumeClaim>, node: Node): Bind.Decision | string => {
    const taken = new Set<string>()
    const volumes: Array<{ readonly claim: PersistentVolumeClaim; readonly volume: PersistentVolume }> = []
    const provisions: Array<PersistentVolumeClaim> = []
    for (const claim of claims) {
      const selected = Bind.selectedNode(claim)
      if (selected !== undefined && selected !== node.metadata.name) return unavailable
      const volume = selected === undefined ? find(claim, storage.volumesOf(classNameOf(claim)), node, taken) : undefined
      if (volume === undefined) {
        const against = checkProvision(claim, node)
        if (against !== undefined) return against
        provisions.push(claim)
        continue
      }
      taken.add(volume.metadata.uid)
      volumes.push({ claim, volume })
    }
    return { volumes, provisions }
  }

  const preFilter = ({ pod }: PodInfo): Filtering | Refusal | undefined => {
    const wanted = storage.claimsOf(pod)
    if (wanted.length === 0) return undefined
    const against = wanted.map((one) => obstacle(pod, one)).find((reason) => reason !== undefined)
    if (against !== undefined) return unresolvable(against)
    const claims = wanted.flatMap(({ claim }) => claim ?? [])
    const open = claims.filter((claim) => !isFullyBound(claim))
    if (!open.every(waits)) return unresolvable("pod has unbound immediate PersistentVolumeClaims")
    const bound = claims.filter(isFullyBound)
    const bySize = open.toSorted((a, b) => Quantity.compare(wantedSize(a), wantedSize(b)))
    const byNode = new Map<string, Bind.Decision>()
    found.set(pod.metadata.uid, byNode)
    return {
      filter: ({ name, node }: NodeInfo) => {
        const decision = decide(bySize, node)
        const reasons = [checkBound(bound, node), typeof decision === "string" ? decision : undefined]
        if (typeof decision !== "string") byNode.set(name, decision)
        const given = reasons.filter((reason) => reason !== undefined)
        return given.length === 0 ? undefined : unresolvable(...given)
      }
    }
  }

  const plugin: Plugin = {
    name: "VolumeBinding",
    hints: [
      onClaim(["Add", "Update"], ({ metadata }, { after }) => after?.metadata.namespace === metadata.namespace),
      onVolume(["Add", "Update"]),
      onClass(["Add", "Update"]),
      onNode(["Add", "UpdateLabels"]),
      onCsiNode(["Add", "Update"]),
      onCsiDriver(["Update"]),
      onCsiCapacity(["Add", "Update"])
    ],
    preFilter,
    reserve: ({ pod }, { name }) => {
      const { uid } = pod.metadata
      const decision = found.get(uid)?.get(name)
      found.delete(uid)
      if (decision !== undefined) bind.assume(uid, name, decision)
      return undefined
    },
    unreserve: ({ pod }) => bind.forget(pod.metadata.uid),
    preBind: ({ pod }, node) => bind.run(pod.metadata.uid, node)
  }
  return plugin
})
