/** Pods, as the API server treats them. */
import * as Causes from "../../../kernel/resource/Causes.ts"
import { when } from "../../../kernel/resource/Rules.ts"
import type { Strategy } from "../../../kernel/resource/Strategy.ts"
import type { Pod, PodStatus } from "../contracts/core/v1.ts"
import { statusApart } from "../Updates.ts"
import { profileWarnings, validateProfiles, withProfiles } from "./AppArmor.ts"
import { columns } from "./PodColumns.ts"
import * as PodDefaults from "./PodDefaults.ts"
import * as PodWarnings from "./PodWarnings.ts"
import * as PodResize from "./PodResize.ts"
import * as PodStatuses from "./PodStatus.ts"
import { validateUpdate } from "./PodUpdate.ts"
import { validatePod } from "./PodValidation.ts"
import * as QualityOfService from "./QualityOfService.ts"

/** What only its node may say of it begins empty. */
const firstStatus = ({ spec }: Pod): PodStatus => ({
  phase: "Pending",
  qosClass: QualityOfService.of(spec),
  ...((spec.schedulingGates ?? []).length > 0 && {
    conditions: [
      {
        type: "PodScheduled",
        status: "False",
        reason: "SchedulingGated",
        message: "Scheduling is blocked due to non-empty scheduling gates"
      }
    ]
  })
})

const withStatus = (pod: Pod): Pod => {
  const status = PodStatuses.withAddresses(pod.status)
  return status === pod.status ? pod : { ...pod, status }
}

const prepareUpdate = (pod: Pod, old: Pod, subresource: string): Pod => {
  if (subresource === "ephemeralcontainers") {
    const { ephemeralContainers } = pod.spec
    const { ephemeralContainers: _, ...spec } = old.spec
    const { managedFields, resourceVersion } = pod.metadata
    const metadata = { ...old.metadata, ...(managedFields && { managedFields }), resourceVersion }
    return { ...old, metadata, spec: { ...spec, ...(ephemeralContainers && { ephemeralContainers }) } }
  }
  if (subresource === "resize") return PodResize.prepare(pod, old)
  // Eviction says that it comes.
  if (subresource === "eviction") return pod
  // Who does not say of which class it is does not mean another.
  const { qosClass = old.status.qosClass } = pod.status
  return statusApart({ ...pod, status: { ...pod.status, ...(qosClass && { qosClass }) } }, old, subresource)
}

/** Nobody waits for a Pod that no node runs, or that has ended. */
const graceSeconds = ({ spec, status }: Pod, asked: number | undefined) => {
  if (!spec.nodeName || status.phase === "Succeeded" || status.phase === "Failed") return 0
  const grace = asked ?? spec.terminationGracePeriodSeconds
  return grace < 0 ? 1 : grace
}

export const strategy: Strategy<Pod> = {
  earlyWarnings: profileWarnings,
  warnings: PodWarnings.ofPod,
  defaults: (pod) => withStatus(PodDefaults.pod(pod)),
  prepareCreate: (pod) => ({ ...withProfiles(pod), status: firstStatus(pod) }),
  prepareUpdate,
  validate: (pod, old) => [
    ...validatePod(pod),
    ...(old === undefined ? validateProfiles(pod) : []),
    ...when(old === undefined && (pod.spec.ephemeralContainers ?? []).length > 0, () =>
      Causes.forbidden("spec.ephemeralContainers", "cannot be set on create")
    )
  ],
  validateStatus: PodStatuses.validate,
  validateUpdate: (pod, old, subresource) =>
    subresource === "resize" ? PodResize.validate(pod, old) : validateUpdate(pod, old, subresource),
  uncounted: ["eviction"],
  graceSeconds,
  selectable: {
    "spec.nodeName": ({ spec }) => spec.nodeName ?? "",
    "spec.restartPolicy": ({ spec }) => spec.restartPolicy,
    "spec.schedulerName": ({ spec }) => spec.schedulerName,
    "spec.serviceAccountName": ({ spec }) => spec.serviceAccountName ?? "",
    "spec.hostNetwork": ({ spec }) => String(spec.hostNetwork ?? false),
    "status.phase": ({ status }) => status.phase ?? "",
    "status.podIP": ({ status }) => status.podIPs?.[0]?.ip ?? status.podIP ?? "",
    "status.podIPs": ({ status }) => (status.podIPs ?? []).map(({ ip }) => ip).join(","),
    "status.nominatedNodeName": ({ status }) => status.nominatedNodeName ?? ""
  },
  columns
}
