/** Which volume, of those that are there, a claim gets on a node: one that was set aside for it, or else the smallest that will do. Pure. */
import * as Quantity from "../../../../kernel/resource/Quantity.ts"
import * as Selector from "../../../../kernel/resource/Selector.ts"
import type { Node, PersistentVolume, PersistentVolumeClaim } from "../../../resources/contracts/core/v1.ts"
import { reaches } from "../../storage/Topology.ts"

const sizeOf = ({ spec }: PersistentVolume) => Quantity.of(spec.capacity?.["storage"])
export const wantedSize = ({ spec }: PersistentVolumeClaim) => Quantity.of(spec.resources.requests?.["storage"])

/** Set aside for a claim, by whoever made the volume or by a decision. */
export const isFor = ({ spec: { claimRef } }: PersistentVolume, { metadata }: PersistentVolumeClaim) =>
  claimRef !== undefined &&
  claimRef.name === metadata.name &&
  claimRef.namespace === metadata.namespace &&
  (!claimRef.uid || claimRef.uid === metadata.uid)

const couldServe = (volume: PersistentVolume, claim: PersistentVolumeClaim) =>
  (volume.spec.claimRef === undefined || isFor(volume, claim)) &&
  volume.metadata.deletionTimestamp === undefined &&
  volume.spec.volumeMode === claim.spec.volumeMode &&
  (volume.spec.volumeAttributesClassName ?? "") === (claim.spec.volumeAttributesClassName ?? "") &&
  Quantity.compare(sizeOf(volume), wantedSize(claim)) >= 0

/** The volumes are of the claim's class. */
export const find = (
  claim: PersistentVolumeClaim,
  volumes: ReadonlyArray<PersistentVolume>,
  node: Node,
  taken: ReadonlySet<string>
): PersistentVolume | undefined => {
  const { accessModes = [], selector } = claim.spec
  const selects = selector === undefined ? () => true : Selector.matcher(selector)
  const possible = volumes.filter((volume) => !taken.has(volume.metadata.uid) && couldServe(volume, claim))
  const setAside = possible.find((volume) => isFor(volume, claim))
  if (setAside !== undefined) return reaches(setAside, node) ? setAside : undefined
  return possible
    .filter(
      ({ metadata, spec, status }) =>
        status.phase === "Available" &&
        selects(metadata.labels) &&
        accessModes.every((mode) => spec.accessModes?.includes(mode))
    )
    .filter((volume) => reaches(volume, node))
    .reduce<PersistentVolume | undefined>(
      (smallest, volume) =>
        smallest === undefined || Quantity.compare(sizeOf(volume), sizeOf(smallest)) < 0 ? volume : smallest,
      undefined
    )
}
