/** What becomes of an object, by its owners and by those that it owns. Pure. */
import type { Resource } from "../../../kernel/resource/Kind.ts"
import type { OwnerReference } from "../../../kernel/resource/Metadata.ts"

export const foreground = "foregroundDeletion"
export const orphan = "orphan"

export const ownersOf = ({ metadata }: Resource): ReadonlyArray<OwnerReference> => metadata.ownerReferences ?? []

const isMarked = ({ metadata }: Resource, finalizer: string) =>
  metadata.deletionTimestamp !== undefined && metadata.finalizers?.includes(finalizer) === true

/** It goes when those that it owns, and that hold it, are gone. */
export const waitsForDependents = (object: Resource) => isMarked(object, foreground)
export const letsDependentsGo = (object: Resource) => isMarked(object, orphan)

/** An owner as it was found: there, there but waiting for its dependents, or gone. */
export type Found = "solid" | "waiting" | "absent"

export interface Owner {
  readonly reference: OwnerReference
  readonly found: Found
  /** Another server answers for it. */
  readonly isForeign?: boolean
}

export type Fate =
  | { readonly _tag: "Stay" }
  /** Some owners are gone, others are there: the references to those that are gone are taken away. */
  | { readonly _tag: "Forget"; readonly uids: ReadonlySet<string> }
  | { readonly _tag: "Delete"; readonly propagationPolicy: "Foreground" | "Background" | "Orphan" }

const stay: Fate = { _tag: "Stay" }

/** Who has no owner left goes; who has one stays. */
export const fateOf = (object: Resource, owners: ReadonlyArray<Owner>, hasDependents: boolean): Fate => {
  if (owners.length === 0 || object.metadata.deletionTimestamp !== undefined) return stay
  const lost = owners.filter(({ found }) => found !== "solid")
  if (lost.length === 0) return stay
  if (lost.length < owners.length) return { _tag: "Forget", uids: new Set(lost.map(({ reference }) => reference.uid)) }
  const isAwaited = owners.some(({ found }) => found === "waiting")
  if (isAwaited && hasDependents) return { _tag: "Delete", propagationPolicy: "Foreground" }
  const { finalizers = [] } = object.metadata
  return {
    _tag: "Delete",
    propagationPolicy: finalizers.includes(orphan) ? "Orphan" : finalizers.includes(foreground) ? "Foreground" : "Background"
  }
}

/** Whether a dependent holds an owner that is deleted in the foreground. */
export const blocks = (dependent: Resource, uid: string) =>
  ownersOf(dependent).some((reference) => reference.uid === uid && reference.blockOwnerDeletion === true)

export const without = ({ metadata: { finalizers = [] } }: Resource, finalizer: string) =>
  finalizers.filter((name) => name !== finalizer)
