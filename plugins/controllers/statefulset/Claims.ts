/** The claims on volumes that belong to a Pod of a StatefulSet, and with whom they go. Pure. Source: KEP-1847. */
import { same } from "../../../kernel/resource/JsonEqual.ts"
import { controllerOf, controllerReference, keyOf } from "../../../kernel/resource/Kind.ts"
import type { OwnerReference } from "../../../kernel/resource/Metadata.ts"
import { StatefulSet } from "../../resources/contracts/apps/v1.ts"
import { type PersistentVolumeClaim, type PersistentVolumeClaimDraft, Pod } from "../../resources/contracts/core/v1.ts"

export const claimName = ({ metadata }: StatefulSet, template: string, ordinal: number) =>
  `${template}-${metadata.name}-${ordinal}`

const goesWithSet = ({ spec }: StatefulSet) => spec.persistentVolumeClaimRetentionPolicy.whenDeleted === "Delete"
const goesWithPod = ({ spec }: StatefulSet) => spec.persistentVolumeClaimRetentionPolicy.whenScaled === "Delete"

/** What the Pod of an ordinal claims. */
export const claimsOf = (set: StatefulSet, ordinal: number): ReadonlyArray<PersistentVolumeClaimDraft> =>
  (set.spec.volumeClaimTemplates ?? []).map(({ metadata, spec }) => ({
    metadata: {
      ...metadata,
      name: claimName(set, metadata.name ?? "", ordinal),
      namespace: keyOf(set).namespace,
      labels: { ...metadata.labels, ...set.spec.selector.matchLabels },
      ...(goesWithSet(set) && { ownerReferences: [controllerReference(StatefulSet, set)] })
    },
    ...(spec && { spec })
  }))

const isOf = (pod: Pod) => (owner: OwnerReference) => owner.kind === Pod.kind && owner.name === pod.metadata.name

/** It goes with a Pod that is no more: the next one of that name must not take it. */
export const isStale = (claim: PersistentVolumeClaim, pod: string) =>
  claim.metadata.ownerReferences?.some(({ kind, name }) => kind === Pod.kind && name === pod) === true

/**
 * With whom the claim of a Pod goes, by the policy; undefined if that is so already, or if somebody else controls it. `leaving`: the
 * Pod's ordinal is beyond the last.
 */
export const owners = (
  set: StatefulSet,
  pod: Pod,
  leaving: boolean,
  claim: PersistentVolumeClaim
): ReadonlyArray<OwnerReference> | undefined => {
  const { ownerReferences: before = [] } = claim.metadata
  const controller = controllerOf(claim)
  const ours = [set.metadata.uid, pod.metadata.uid]
  if (controller !== undefined && !ours.includes(controller.uid) && !isOf(pod)(controller)) return undefined
  const others = before.filter((owner) => owner.uid !== set.metadata.uid && !isOf(pod)(owner))
  const ends = leaving && goesWithPod(set)
  const after = [
    ...others,
    ...(ends ? [controllerReference(Pod, pod)] : goesWithSet(set) ? [controllerReference(StatefulSet, set)] : [])
  ]
  return same(before, after) ? undefined : after
}
