/** The figures of claims, under upstream's names. */
import { Effect, Metric } from "effect"
import type { ResourceClaim } from "../../resources/contracts/resource/v1.ts"
import { annotation, wantsAdminAccess } from "./Generated.ts"

const extended = "resource.kubernetes.io/extended-resource-claim"

export const created = (status: "success" | "failure", adminAccess: boolean) =>
  Metric.update(
    Metric.counter("resourceclaim_controller_creates_total", {
      description: "Number of ResourceClaims creation requests, categorized by creation status and admin access",
      attributes: { status, admin_access: `${adminAccess}` },
      incremental: true
    }),
    1
  )

const sourceOf = ({ metadata: { annotations = {} } }: ResourceClaim) => {
  if (annotations[extended] === "true") return "extended_resource"
  return annotations[annotation] ? "resource_claim_template" : ""
}
const gauge = (labels: string) => {
  const [allocated = "", admin_access = "", source = ""] = labels.split("/")
  return Metric.gauge("resourceclaim_controller_resource_claims", {
    description: "Number of ResourceClaims, categorized by allocation status, admin access, and source",
    attributes: { allocated, admin_access, source }
  })
}

/** Counts claims; what there were some of and are none now, is said to be 0. */
export const counting = () => {
  const known = new Set<string>()
  return (claims: ReadonlyArray<ResourceClaim>) => {
    const groups = Map.groupBy(
      claims,
      (claim) => `${claim.status.allocation !== undefined}/${wantsAdminAccess(claim)}/${sourceOf(claim)}`
    )
    for (const labels of groups.keys()) known.add(labels)
    return Effect.forEach(known, (labels) => Metric.update(gauge(labels), groups.get(labels)?.length ?? 0), {
      discard: true
    })
  }
}
