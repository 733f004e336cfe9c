/** What is left in a namespace that is being deleted, and the conditions that say so. The words are those that tools look for. */
import type { Resource } from "../../../kernel/resource/Kind.ts"
import type { NamespaceCondition } from "../../resources/contracts/core/v1.ts"
import { withCondition } from "../contracts/Statuses.ts"

export interface Remains {
  /** Such as `deployments.apps`. */
  readonly storage: string
  readonly objects: ReadonlyArray<{ readonly metadata: Pick<Resource["metadata"], "finalizers"> }>
}

export interface Outcome {
  readonly remains: ReadonlyArray<Remains>
  /** What could not be listed or deleted, and why. */
  readonly failures: ReadonlyArray<string>
}

/** How many objects each finalizer holds. */
export const finalizers = (remains: ReadonlyArray<Remains>): ReadonlyMap<string, number> => {
  const counts = new Map<string, number>()
  for (const { metadata } of remains.flatMap(({ objects }) => objects)) {
    for (const finalizer of metadata.finalizers ?? []) counts.set(finalizer, 1 + (counts.get(finalizer) ?? 0))
  }
  return counts
}

const listed = (parts: ReadonlyArray<string>) => parts.toSorted().join(", ")

export const conditions = (
  before: ReadonlyArray<NamespaceCondition> | undefined,
  { failures, remains }: Outcome,
  now: string
): ReadonlyArray<NamespaceCondition> => {
  const left = remains.filter(({ objects }) => objects.length > 0)
  // Upstream writes a core kind's storage with a dot at the end.
  const nameOf = (storage: string) => (storage.includes(".") ? storage : `${storage}.`)
  const content = left.map(({ objects, storage }) => `${nameOf(storage)} has ${objects.length} resource instances`)
  const held = [...finalizers(left)].map(([finalizer, count]) => `${finalizer} in ${count} resource instances`)
  const one = (type: string, bad: string | undefined, reasons: readonly [good: string, bad: string], good: string) => ({
    type,
    status: bad === undefined ? "False" : "True",
    reason: reasons[bad === undefined ? 0 : 1],
    message: bad ?? good
  })
  const all = [
    one(
      "NamespaceDeletionDiscoveryFailure",
      undefined,
      ["ResourcesDiscovered", "DiscoveryFailed"],
      "All resources successfully discovered"
    ),
    one(
      "NamespaceDeletionGroupVersionParsingFailure",
      undefined,
      ["ParsedGroupVersions", "GroupVersionParsingFailed"],
      "All legacy kube types successfully parsed"
    ),
    one(
      "NamespaceDeletionContentFailure",
      failures.length === 0
        ? undefined
        : `Failed to delete all resource types, ${failures.length} remaining: ${listed(failures)}`,
      ["ContentDeleted", "ContentDeletionFailed"],
      "All content successfully deleted, may be waiting on finalization"
    ),
    one(
      "NamespaceContentRemaining",
      content.length === 0 ? undefined : `Some resources are remaining: ${listed(content)}`,
      ["ContentRemoved", "SomeResourcesRemain"],
      "All content successfully removed"
    ),
    one(
      "NamespaceFinalizersRemaining",
      held.length === 0 ? undefined : `Some content in the namespace has finalizers remaining: ${listed(held)}`,
      ["ContentHasNoFinalizers", "SomeFinalizersRemain"],
      "All content-preserving finalizers finished"
    )
  ]
  return all.reduce<ReadonlyArray<NamespaceCondition>>(
    (found, condition) => withCondition(found, condition, now),
    before ?? []
  )
}
