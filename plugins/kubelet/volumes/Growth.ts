/** What a claim says of a volume that was made larger and of which the node has yet to make use. Source: KEP-1790, KEP-556. */
import * as Quantity from "../../../kernel/resource/Quantity.ts"
import type { PersistentVolumeClaim } from "../../resources/contracts/core/v1.ts"

const pending = "FileSystemResizePending"

export const isPending = ({ status }: PersistentVolumeClaim) =>
  (status.conditions ?? []).some(({ status, type }) => type === pending && status === "True")

export const wanted = ({ spec }: PersistentVolumeClaim) => Quantity.value(Quantity.of(spec.resources.requests?.["storage"]))

export const done = (claim: PersistentVolumeClaim, bytes: number): PersistentVolumeClaim => {
  const { allocatedResourceStatuses: _, allocatedResources: __, conditions = [], ...status } = claim.status
  const left = conditions.filter(({ type }) => type !== pending && type !== "Resizing")
  const storage = Quantity.format(Quantity.fromValue(bytes, "BinarySI"))
  return {
    ...claim,
    status: { ...status, capacity: { ...status.capacity, storage }, ...(left.length > 0 && { conditions: left }) }
  }
}
