/** What is counted of policies, under upstream's names: expressions that refuse, warn or are noted, and mutations. */
import { Effect, Metric } from "effect"

const boundaries = [5e-7, 0.001, 0.01, 0.1, 1]
const validations = {
  total: Metric.counter("apiserver_validating_admission_policy_check_total", {
    description: "Validations that did not hold, by policy, binding, and what followed.",
    incremental: true
  }),
  seconds: Metric.histogram("apiserver_validating_admission_policy_check_duration_seconds", {
    description: "How long validations that did not hold took, by policy, binding, and what followed.",
    boundaries
  })
}
const mutations = {
  total: Metric.counter("apiserver_mutating_admission_policy_check_total", {
    description: "Mutations, by policy, binding, and whether they could be made.",
    incremental: true
  }),
  seconds: Metric.histogram("apiserver_mutating_admission_policy_check_duration_seconds", {
    description: "How long mutations took, by policy, binding, and whether they could be made.",
    boundaries
  })
}

const count = ({ seconds, total }: typeof validations, labels: Record<string, string>, took: number) =>
  Effect.andThen(
    Metric.update(Metric.withAttributes(total, labels), 1),
    Metric.update(Metric.withAttributes(seconds, labels), took)
  )

interface About {
  readonly policy: string
  readonly binding: string
  readonly seconds: number
}

/** Upstream calls what does not hold an error, whether it is false or cannot be told. */
export const unmet = ({ binding, policy, seconds }: About, action: string) =>
  count(
    validations,
    { policy, policy_binding: binding, error_type: "invalid_error", enforcement_action: action.toLowerCase() },
    seconds
  )

export const mutated = ({ binding, policy, seconds }: About, isDone: boolean) =>
  count(mutations, { policy, policy_binding: binding, error_type: isDone ? "no_error" : "invalid_error" }, seconds)
