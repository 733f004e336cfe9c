/** What is counted of Pod security, under upstream's names. */
import { Metric } from "effect"
import type { Admitted } from "../../../kernel/pipeline/Policy.ts"
import type { LevelVersion, Policy } from "./Policy.ts"

/** Made with their labels, once: those that are added to a metric are made into its key anew whenever it is updated. */
const evaluations = (attributes: { readonly [label: string]: string }) =>
  Metric.counter("pod_security_evaluations_total", {
    description: "Policies evaluated, by decision, level, version, mode, operation and resource.",
    incremental: true,
    attributes
  })
const known = new Map<string, ReturnType<typeof evaluations>>()
const exemptions = Metric.counter("pod_security_exemptions_total", {
  description: "Requests that were exempt, by operation and resource.",
  incremental: true
})

/** Kinds that others define are not told apart, lest they could make up labels. */
const about = ({ attributes: { resource, subresource }, operation }: Admitted) => ({
  request_operation: operation.toLowerCase(),
  resource: resource === "pods" ? "pod" : "controller",
  subresource
})

export const evaluated = (request: Admitted, mode: keyof Policy, { level, minor }: LevelVersion, allowed: boolean) => {
  const labels = {
    ...about(request),
    decision: allowed ? "allow" : "deny",
    policy_level: level,
    policy_version: Number.isFinite(minor) ? (minor > 36 ? "future" : `v1.${minor}`) : "latest",
    mode
  }
  const key = Object.values(labels).join(" ")
  const counter = known.get(key) ?? evaluations(labels)
  known.set(key, counter)
  return Metric.update(counter, 1)
}
export const exempt = (request: Admitted) => Metric.update(Metric.withAttributes(exemptions, about(request)), 1)
