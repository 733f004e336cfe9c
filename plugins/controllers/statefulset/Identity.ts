/** What makes each Pod of a StatefulSet itself: its ordinal, its names and its labels. Pure. */
import { controllerReference, keyOf } from "../../../kernel/resource/Kind.ts"
import { StatefulSet } from "../../resources/contracts/apps/v1.ts"
import type { Pod, PodDraft, PodTemplateSpec } from "../../resources/contracts/core/v1.ts"
import { hashLabel } from "../contracts/Revisions.ts"
import { claimName } from "./Claims.ts"

const nameLabel = "statefulset.kubernetes.io/pod-name"
const indexLabel = "apps.kubernetes.io/pod-index"

export const podName = ({ metadata }: StatefulSet, ordinal: number) => `${metadata.name}-${ordinal}`

/** Of a Pod that is called as this set's Pods are; undefined for any other. */
export const ordinalOf = (set: StatefulSet, { metadata: { name } }: Pod): number | undefined => {
  const ordinal = Number(/-(\d+)$/.exec(name)?.[1])
  return name === podName(set, ordinal) ? ordinal : undefined
}

export const firstOrdinal = ({ spec }: StatefulSet) => spec.ordinals?.start ?? 0
export const ordinals = (set: StatefulSet) =>
  Array.from({ length: set.spec.replicas }, (_, index) => firstOrdinal(set) + index)

/** Which revision a Pod is of: for StatefulSets the label has its whole name. */
export const revisionOf = ({ metadata }: Pod) => metadata.labels?.[hashLabel] ?? ""

const labelsOf = (set: StatefulSet, ordinal: number) => ({
  [nameLabel]: podName(set, ordinal),
  [indexLabel]: `${ordinal}`
})

/** The Pod with the labels that tell which one it is; itself if it has them. */
export const identified = (set: StatefulSet, pod: Pod): Pod => {
  const wanted = labelsOf(set, ordinalOf(set, pod) ?? 0)
  const { labels = {} } = pod.metadata
  if (Object.entries(wanted).every(([key, value]) => labels[key] === value)) return pod
  return { ...pod, metadata: { ...pod.metadata, labels: { ...labels, ...wanted } } }
}

export const newPod = (
  set: StatefulSet,
  ordinal: number,
  { metadata, spec }: PodTemplateSpec,
  revision: string
): PodDraft => {
  const name = podName(set, ordinal)
  const templates = (set.spec.volumeClaimTemplates ?? []).map(({ metadata }) => metadata.name ?? "")
  const claimed = templates.map((name) => ({
    name,
    persistentVolumeClaim: { claimName: claimName(set, name, ordinal) }
  }))
  const others = (spec.volumes ?? []).filter((volume) => !templates.includes(volume.name))
  return {
    metadata: {
      name,
      namespace: keyOf(set).namespace,
      labels: { ...metadata.labels, ...labelsOf(set, ordinal), [hashLabel]: revision },
      ...(metadata.annotations && { annotations: metadata.annotations }),
      ...(metadata.finalizers && { finalizers: metadata.finalizers }),
      ownerReferences: [controllerReference(StatefulSet, set)]
    },
    spec: {
      ...spec,
      hostname: name,
      ...(set.spec.serviceName && { subdomain: set.spec.serviceName }),
      ...(claimed.length + others.length > 0 && { volumes: [...claimed, ...others] })
    }
  }
}
