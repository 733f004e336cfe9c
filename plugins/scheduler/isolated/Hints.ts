/** What a plugin of another isolate hopes for, in the scheduler's own words. */
import * as Changes from "../contracts/Changes.ts"
import type { Description } from "../contracts/SchedulerPoints.ts"

const kinds: { readonly [kind: string]: (actions: ReadonlyArray<Changes.Action>) => Changes.Hint } = {
  Node: Changes.onNode,
  Pod: Changes.onPod,
  PersistentVolumeClaim: Changes.onClaim,
  PersistentVolume: Changes.onVolume,
  StorageClass: Changes.onClass,
  CSINode: Changes.onCsiNode,
  CSIDriver: Changes.onCsiDriver,
  CSIStorageCapacity: Changes.onCsiCapacity,
  ResourceClaim: Changes.onResourceClaim
}
const actions: ReadonlyArray<Changes.Action> = [
  "Add",
  "Update",
  "Delete",
  "UpdateAllocatable",
  "UpdateLabels",
  "UpdateTaints",
  "ScaleDown"
]

/** Nothing, if it hopes for what is not known here: then any change is worth another try. */
export const hintsOf = ({ hints }: Description): ReadonlyArray<Changes.Hint> | undefined => {
  const known = hints?.flatMap((hint) => {
    const known = actions.filter((action) => hint.actions.includes(action))
    return known.length === hint.actions.length ? (kinds[hint.kind]?.(known) ?? []) : []
  })
  return known?.length === hints?.length ? known : undefined
}
