/** What nodes and schedulers may say of a Pod, in Kubernetes' words: what a write of its status is checked for. */
import { isIPv4 } from "node:net"
import * as Causes from "../../../kernel/resource/Causes.ts"
import * as Names from "../../../kernel/resource/Names.ts"
import { address, each, named, when } from "../../../kernel/resource/Rules.ts"
import type { ContainerStatus, Pod, PodStatus } from "../contracts/core/v1.ts"

/** `podIP` is the first of `podIPs`, and counts where they differ: nodes of before write nothing else. */
export const withAddresses = (status: PodStatus): PodStatus => {
  const { podIP = "", podIPs = [] } = status
  const first = podIPs[0]?.ip ?? ""
  if (podIP === first) return status
  return podIP === "" ? { ...status, podIP: first } : { ...status, podIPs: [{ ip: podIP }] }
}

const isSeveral = (addresses: ReadonlyArray<{ readonly ip: string }>) =>
  addresses.length > 1 && (addresses.length > 2 || isIPv4(addresses[0]?.ip ?? "") === isIPv4(addresses[1]?.ip ?? ""))
const onePerFamily = "may specify no more than one IP for each IP family"

const validateAddresses = ({ hostIP = "", hostIPs = [], podIPs = [] }: PodStatus): Causes.Causes => {
  const [host] = hostIPs
  return [
    ...when(host !== undefined && host.ip !== hostIP, () =>
      Causes.invalid("status.hostIPs[0].ip", host?.ip, "must be equal to `hostIP`")
    ),
    ...each(hostIPs, "status.hostIPs", ({ ip }, field) => address(field, ip)),
    ...when(isSeveral(hostIPs), () => Causes.invalid("status.hostIPs", hostIPs, onePerFamily)),
    ...each(podIPs, "status.podIPs", ({ ip }, field) => address(field, ip)),
    ...when(isSeveral(podIPs), () => Causes.invalid("status.podIPs", podIPs, onePerFamily))
  ]
}

const counted = (field: string, generation: number | undefined): Causes.Causes =>
  when(generation !== undefined && generation < 0, () => Causes.invalid(field, generation, "must be a non-negative integer"))

const validateNomination = ({ nominatedNodeName: name = "" }: PodStatus, { spec, status }: Pod): Causes.Causes => {
  const field = "status.nominatedNodeName"
  if (name === "" || name === status.nominatedNodeName) return []
  return [
    ...named(field, name, Names.dns1123Subdomain),
    ...when(Boolean(spec.nodeName), () => Causes.forbidden(field, "may not be set on pods that are already bound to a node"))
  ]
}

type Statuses = ReadonlyArray<ContainerStatus> | undefined
/** What has ended, and is not to run again, stays ended. */
const validateEnd = (now: Statuses, before: Statuses, field: string, restartPolicy: string): Causes.Causes =>
  each(before, field, ({ name, state }, at) => {
    const ended = state?.terminated
    if (ended === undefined || (restartPolicy === "OnFailure" && ended.exitCode !== 0)) return []
    const isRisen = now?.some((one) => one.name === name && one.state?.terminated === undefined) === true
    return when(isRisen, () => Causes.forbidden(`${at}.state`, "may not be transitioned to non-terminated state"))
  })

const validateClaims = ({ spec, status }: Pod): Causes.Causes => [
  ...each(status.resourceClaimStatuses, "status.resourceClaimStatuses", ({ name }, field) =>
    when(spec.resourceClaims?.some((claim) => claim.name === name) !== true, () =>
      Causes.invalid(`${field}.name`, name, "must match the name of an entry in `spec.resourceClaims`")
    )
  ),
  ...when(status.extendedResourceClaimStatus?.requestMappings.length === 0, () =>
    Causes.required("status.extendedResourceClaimStatus.requestMappings", "at least one request mapping is required")
  )
]

export const validate = (pod: Pod, old: Pod): Causes.Causes => {
  const { spec, status } = pod
  return [
    ...validateAddresses(status),
    ...counted("status.observedGeneration", status.observedGeneration),
    ...each(status.conditions, "status.conditions", ({ observedGeneration, type }, field) => [
      ...named(`${field}.Type`, type, Names.labelKey),
      ...counted(`${field}.observedGeneration`, observedGeneration)
    ]),
    ...when(old.status.qosClass !== undefined && status.qosClass !== old.status.qosClass, () =>
      Causes.immutable("status.qosClass", status.qosClass)
    ),
    ...validateNomination(status, old),
    ...(spec.restartPolicy === "Always"
      ? []
      : validateEnd(status.containerStatuses, old.status.containerStatuses, "status.containerStatuses", spec.restartPolicy)),
    ...validateClaims(pod)
  ]
}
