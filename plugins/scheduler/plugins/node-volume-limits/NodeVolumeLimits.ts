/** The node can have as many more volumes of each CSI driver attached as the Pod brings along. */
import type { PersistentVolumeClaim, Pod } from "../../../resources/contracts/core/v1.ts"
import { onClaim, onCsiNode, onNode, onPod } from "../../contracts/Changes.ts"
import { type Plugin, unresolvable, unschedulable } from "../../contracts/Framework.ts"
import { classNameOf, type Storage } from "../../storage/Storage.ts"

const exceeded = unschedulable("node(s) exceed max volume count")

/** The driver of each volume, by a name that no other volume has. */
type Volumes = Map<string, string>

export const make = (storage: Storage): Plugin => {
  const driverOf = (claim: PersistentVolumeClaim): readonly [driver: string, handle: string] | undefined => {
    const { name, namespace } = claim.metadata
    const { volumeName = "" } = claim.spec
    const volume = volumeName === "" ? undefined : storage.volume(volumeName)
    const csi = volume?.spec.csi
    if (csi !== undefined) return [csi.driver, csi.volumeHandle]
    if (volume !== undefined) return undefined
    // There is none yet: it will be made by the driver of the class.
    const provisioner = storage.class(classNameOf(claim))?.provisioner
    return provisioner === undefined || storage.driver(provisioner) === undefined
      ? undefined
      : [provisioner, `${namespace}/${name}`]
  }
  const collect = (pod: Pod, into: Volumes) => {
    for (const { claim } of storage.claimsOf(pod)) {
      const found = claim && driverOf(claim)
      if (found !== undefined) into.set(found.join("/"), found[0])
    }
    return into
  }
  const attachedTo = (node: string, into: Volumes) => {
    for (const { spec } of storage.attachmentsOn(node)) {
      const { persistentVolumeName = "" } = spec.source
      const csi = storage.volume(persistentVolumeName)?.spec.csi
      if (csi !== undefined) into.set(`${csi.driver}/${csi.volumeHandle}`, csi.driver)
    }
    return into
  }
  const isMissing = (driver: string, node: string) =>
    storage.driver(driver)?.spec.preventPodSchedulingIfMissing === true &&
    storage.csiNode(node)?.spec.drivers.some(({ name }) => name === driver) !== true

  return {
    name: "NodeVolumeLimits",
    hints: [
      onCsiNode(["Add", "Update"]),
      onNode(["Add"]),
      onPod(
        ["Delete"],
        (_, { before }) =>
          before?.spec.volumes?.some(({ ephemeral, persistentVolumeClaim }) => ephemeral ?? persistentVolumeClaim) === true
      ),
      onClaim(["Add", "Update"], ({ metadata }, { after }) => after?.metadata.namespace === metadata.namespace)
    ],
    preFilter: ({ pod }) => {
      const wanted = storage.claimsOf(pod)
      if (wanted.length === 0) return undefined
      const missing = wanted.find(({ claim }) => claim === undefined)
      if (missing !== undefined) return unresolvable(`persistentvolumeclaim "${missing.name}" not found`)
      const coming = collect(pod, new Map())
      if (coming.size === 0) return undefined
      return {
        filter: ({ name, pods }) => {
          const absent = [...coming.values()].find((driver) => isMissing(driver, name))
          if (absent !== undefined) return unschedulable(`${absent} CSI driver is not installed on the node`)
          const limits =
            storage.csiNode(name)?.spec.drivers.filter(({ allocatable }) => allocatable?.count !== undefined) ?? []
          if (limits.length === 0) return undefined
          const there = attachedTo(name, new Map())
          for (const { pod } of pods.values()) collect(pod, there)
          const all = new Map([...there, ...coming])
          const countOf = (driver: string) =>
            all
              .values()
              .filter((one) => one === driver)
              .toArray().length
          const isFull = limits.some(
            ({ allocatable, name: driver }) =>
              [...coming].some(([volume, one]) => one === driver && !there.has(volume)) &&
              countOf(driver) > (allocatable?.count ?? 0)
          )
          return isFull ? exceeded : undefined
        }
      }
    }
  }
}
