/** The node is in the zone and region that its volumes' labels name. Volumes that say it by node affinity are VolumeBinding's. */
import type { PersistentVolume } from "../../../resources/contracts/core/v1.ts"
import { onClaim, onClass, onNode, onVolume } from "../../contracts/Changes.ts"
import { type Plugin, unresolvable } from "../../contracts/Framework.ts"
import { classNameOf, type Storage } from "../../storage/Storage.ts"

const elsewhere = unresolvable("node(s) had no available volume zone")

/** The older names, and what took their place. */
const labels: ReadonlyArray<readonly [name: string, now: string]> = [
  ["failure-domain.beta.kubernetes.io/zone", "topology.kubernetes.io/zone"],
  ["failure-domain.beta.kubernetes.io/region", "topology.kubernetes.io/region"],
  ["topology.kubernetes.io/zone", "topology.kubernetes.io/zone"],
  ["topology.kubernetes.io/region", "topology.kubernetes.io/region"]
]

interface Place {
  readonly name: string
  readonly now: string
  readonly values: ReadonlySet<string>
}

/** A volume may be in several zones: their names are joined. */
const placesOf = ({ metadata }: PersistentVolume): ReadonlyArray<Place> =>
  labels.flatMap(([name, now]) => {
    const value = metadata.labels?.[name]
    return value === undefined ? [] : [{ name, now, values: new Set(value.split("__")) }]
  })

export const make = (storage: Storage): Plugin => ({
  name: "VolumeZone",
  hints: [
    onClass(["Add"]),
    onNode(["Add", "UpdateLabels"]),
    onClaim(["Add", "Update"], ({ metadata }, { after }) => after?.metadata.namespace === metadata.namespace),
    onVolume(["Add", "Update"])
  ],
  preFilter: ({ pod }) => {
    const places: Array<Place> = []
    for (const { claim, name } of storage.claimsOf(pod)) {
      if (claim === undefined) return unresolvable(`persistentvolumeclaim "${name}" not found`)
      const { volumeName = "" } = claim.spec
      if (volumeName === "") {
        const className = classNameOf(claim)
        if (className === "") return unresolvable("PersistentVolumeClaim had no pv name and storageClass name")
        const found = storage.class(className)
        if (found === undefined) return unresolvable(`storageclass.storage.k8s.io "${className}" not found`)
        if (found.volumeBindingMode === "WaitForFirstConsumer") continue
        return unresolvable("PersistentVolume had no name")
      }
      const volume = storage.volume(volumeName)
      if (volume === undefined) return unresolvable(`persistentvolume "${volumeName}" not found`)
      places.push(...placesOf(volume))
    }
    if (places.length === 0) return undefined
    return {
      filter: ({ node: { metadata } }) => {
        const here = metadata.labels ?? {}
        // A cluster whose nodes name no zones has one.
        if (!labels.some(([name]) => here[name] !== undefined)) return undefined
        const isHere = places.every(({ name, now, values }) => values.has(here[name] ?? here[now] ?? ""))
        return isHere ? undefined : elsewhere
      }
    }
  }
})
