/**
 * How strict the kinds are with their writers, by storage: seen of kube-apiserver 1.36, because no description says it. Custom
 * resources and all other kinds are changed without saying of which version, and their metadata with their status.
 */
import type { Resource } from "../../kernel/resource/Kind.ts"
import type { Strategy } from "../../kernel/resource/Strategy.ts"
import { dropping } from "./core/PodFeatures.ts"

const conditional = new Set([
  "apiservices.apiregistration.k8s.io",
  "csidrivers.storage.k8s.io",
  "csinodes.storage.k8s.io",
  "csistoragecapacities.storage.k8s.io",
  "customresourcedefinitions.apiextensions.k8s.io",
  "leases.coordination.k8s.io",
  "mutatingadmissionpolicies.admissionregistration.k8s.io",
  "mutatingadmissionpolicybindings.admissionregistration.k8s.io",
  "mutatingwebhookconfigurations.admissionregistration.k8s.io",
  "poddisruptionbudgets.policy",
  "runtimeclasses.node.k8s.io",
  "validatingadmissionpolicies.admissionregistration.k8s.io",
  "validatingadmissionpolicybindings.admissionregistration.k8s.io",
  "validatingwebhookconfigurations.admissionregistration.k8s.io",
  "volumeattachments.storage.k8s.io"
])

const alone = new Set([
  "apiservices.apiregistration.k8s.io",
  "flowschemas.flowcontrol.apiserver.k8s.io",
  "prioritylevelconfigurations.flowcontrol.apiserver.k8s.io",
  "resourceclaims.resource.k8s.io",
  "servicecidrs.networking.k8s.io",
  "validatingadmissionpolicies.admissionregistration.k8s.io",
  "volumeattachments.storage.k8s.io"
])

/** Of old, and kept for the clients that rely on it. */
const orphaning = new Set(["jobs.batch", "replicationcontrollers"])

/** Whose generation is counted otherwise than by whether they have a status. */
const counted = new Map([
  ["deviceclasses.resource.k8s.io", true],
  ["resourceslices.resource.k8s.io", true],
  ["resourceclaims.resource.k8s.io", false],
  ["servicecidrs.networking.k8s.io", false],
  ["volumeattachments.storage.k8s.io", false]
])

export const withWrites = <A extends Resource>(storage: string, strategy: Strategy<A> | undefined) => {
  const generation = counted.get(storage)
  const withoutFeatures = dropping<A>(storage)
  const writes = {
    ...(withoutFeatures && { withoutFeatures }),
    ...(conditional.has(storage) && { isConditional: true }),
    ...(alone.has(storage) && { keptByStatus: "metadata" as const }),
    ...(storage === "deployments.apps" && { keptByStatus: "labels" as const }),
    ...(storage === "certificatesigningrequests.certificates.k8s.io" && { unowned: ["spec"] }),
    ...(orphaning.has(storage) && { isOrphaning: true }),
    ...(generation !== undefined && { generation })
  }
  return { ...writes, ...strategy }
}
