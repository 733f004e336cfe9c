/** Claims that are made of templates for single Pods: what they are called, whose they are, and what they hold. Source: KEP-4381. */
import { controllerOf, controllerReference } from "../../../kernel/resource/Kind.ts"
import { Pod, type PodResourceClaim } from "../../resources/contracts/core/v1.ts"
import type { ResourceClaim, ResourceClaimDraft, ResourceClaimTemplate } from "../../resources/contracts/resource/v1.ts"

/** On a generated claim: by which name the Pod knows it. */
export const annotation = "resource.kubernetes.io/pod-claim-name"

/** What a Pod means by one of its claims: `undefined`, its claim has still to be made; `skipped`, it needs none. */
export const nameOf = (pod: Pod, { name, resourceClaimName, resourceClaimTemplateName }: PodResourceClaim) => {
  if (resourceClaimName !== undefined) return resourceClaimName
  if (resourceClaimTemplateName === undefined) return skipped
  const status = pod.status.resourceClaimStatuses?.find((one) => one.name === name)
  return status === undefined ? undefined : (status.resourceClaimName ?? skipped)
}
export const skipped = Symbol("no claim is needed")

export const isFor = (claim: ResourceClaim, { metadata }: Pod) => controllerOf(claim)?.uid === metadata.uid

/** The Pod by which a claim goes when that is over. */
export const podOf = (claim: ResourceClaim) => {
  const owner = controllerOf(claim)
  return owner?.kind === "Pod" && owner.apiVersion === "v1" ? owner : undefined
}

/** Room for five letters that are made up, behind a hyphen. */
const longest = 57

/** Both names are cut in proportion where they are too long, so that something is left of each. */
export const prefixOf = (pod: string, claim: string) => {
  const whole = `${pod}-${claim}-`
  const cut = (name: string) => name.slice(0, Math.floor((name.length * longest) / whole.length))
  return whole.length > longest ? `${cut(pod)}-${cut(claim)}` : whole
}

export const draftOf = (pod: Pod, claim: PodResourceClaim, { spec }: ResourceClaimTemplate): ResourceClaimDraft => {
  const { blockOwnerDeletion: _, ...owner } = controllerReference(Pod, pod)
  const { annotations, labels } = spec.metadata
  return {
    metadata: {
      generateName: prefixOf(pod.metadata.name, claim.name),
      namespace: pod.metadata.namespace ?? "",
      annotations: { ...annotations, [annotation]: claim.name },
      ...(labels && { labels }),
      ownerReferences: [owner]
    },
    spec: spec.spec
  }
}

export const wantsAdminAccess = ({ spec: { devices } }: Pick<ResourceClaim, "spec">) =>
  (devices.requests ?? []).some(({ exactly }) => exactly?.adminAccess === true)
