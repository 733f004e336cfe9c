/** What writers may not change, for the kinds that decide it themselves. */
import type { ObjectMeta } from "../../kernel/resource/Metadata.ts"

interface HasStatus {
  readonly metadata: ObjectMeta
  readonly status: unknown
}

/** A write of `status` changes the status and the metadata; any other changes all but the status. */
export const statusApart = <A extends HasStatus>(object: A, old: A, subresource: string): A => {
  if (subresource !== "status") return { ...object, status: old.status }
  const { ownerReferences: _, ...metadata } = object.metadata
  const { ownerReferences } = old.metadata
  return { ...old, metadata: { ...metadata, ...(ownerReferences && { ownerReferences }) }, status: object.status }
}
