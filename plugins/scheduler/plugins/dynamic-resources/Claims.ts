/** The claims of a Pod: which they are, what keeps the Pod from using them, and whether their devices are ready for it. */
import type { Key } from "../../../../kernel/resource/Kind.ts"
import type { Pod } from "../../../resources/contracts/core/v1.ts"
import type { AllocatedDeviceStatus, ResourceClaim } from "../../../resources/contracts/resource/v1.ts"

/** Source: resource.k8s.io/v1, ResourceClaimReservedForMaxSize. */
const users = 256

export const nameOf = ({ metadata }: ResourceClaim) => `${metadata.namespace}/${metadata.name}`

export const isUser = ({ status }: ResourceClaim, { metadata }: Pod) =>
  (status.reservedFor ?? []).some(({ uid }) => uid === metadata.uid)

/** As many Pods as may use it do. */
export const isFull = (claim: ResourceClaim, pod: Pod) =>
  (claim.status.reservedFor ?? []).length >= users && !isUser(claim, pod)

/** They are there; or why the Pod has to wait. */
export const claimsOf = (
  { metadata: { name: pod, namespace = "", uid }, spec, status }: Pod,
  get: (key: Key) => ResourceClaim | undefined
): ReadonlyArray<ResourceClaim> | string => {
  const found: Array<ResourceClaim> = []
  for (const { name: key, resourceClaimName } of spec.resourceClaims ?? []) {
    const made = status.resourceClaimStatuses?.find(({ name }) => name === key)
    // That none is needed is said by a status without a name.
    if (resourceClaimName === undefined && made !== undefined && made.resourceClaimName === undefined) continue
    const name = resourceClaimName ?? made?.resourceClaimName
    if (name === undefined) return `pod "${namespace}/${pod}": ResourceClaim not created yet`
    const claim = get({ namespace, name })
    if (claim === undefined) return `could not find ResourceClaim "${namespace}/${name}"`
    if (claim.metadata.deletionTimestamp !== undefined) return `resourceclaim "${name}" is being deleted`
    const isOwned = claim.metadata.ownerReferences?.some((owner) => owner.controller === true && owner.uid === uid)
    if (resourceClaimName === undefined && isOwned !== true)
      return `ResourceClaim ${namespace}/${name} was not created for Pod ${namespace}/${pod} (Pod is not owner)`
    found.push(claim)
  }
  return found
}

const conditionOf = ({ conditions = [] }: AllocatedDeviceStatus, name: string) =>
  conditions.find(({ type }) => type === name)

/** Whether drivers say that its devices are ready to be used; or what went wrong with one. */
export const isReady = ({ metadata, status: { allocation, devices = [] } }: ResourceClaim): boolean | string => {
  if (allocation === undefined) return false
  for (const { bindingConditions = [], bindingFailureConditions = [], device, driver, pool } of allocation.devices.results ??
    []) {
    if (bindingConditions.length === 0) continue
    const said = devices.find((one) => one.device === device && one.driver === driver && one.pool === pool)
    if (said === undefined) return false
    const failed = bindingFailureConditions.map((name) => conditionOf(said, name)).find((one) => one?.status === "True")
    if (failed !== undefined)
      return `device binding failed: claim=${metadata.name}, reason=${failed.reason}, message=${JSON.stringify(failed.message)}`
    if (bindingConditions.some((name) => conditionOf(said, name)?.status !== "True")) return false
  }
  return true
}

export const mustBeReady = ({ status: { allocation } }: ResourceClaim) =>
  (allocation?.devices.results ?? []).some(({ bindingConditions = [] }) => bindingConditions.length > 0)

/** Its devices have been given so long to become ready. Times in milliseconds. */
export const isLate = (claim: ResourceClaim, patience: number, now: number) => {
  const since = claim.status.allocation?.allocationTimestamp
  return mustBeReady(claim) && since !== undefined && Date.parse(since) + patience < now
}
