/** What is counted of webhooks, under upstream's names, so that its dashboards and alerts work here. */
import { Effect, Metric } from "effect"

const calls = Metric.histogram("apiserver_admission_webhook_admission_duration_seconds", {
  description: "How long admission webhooks took, by name, type, operation, and whether they refused.",
  boundaries: [0.005, 0.025, 0.1, 0.5, 1, 2.5, 10, 25]
})
const requests = Metric.counter("apiserver_admission_webhook_request_total", {
  description: "Calls of admission webhooks, by name, type, operation, code, and whether they refused.",
  incremental: true
})
const rejections = Metric.counter("apiserver_admission_webhook_rejection_count", {
  description: "Requests refused because of a webhook, by name, type, operation, code, and whether it was asked in vain.",
  incremental: true
})
const failedOpen = Metric.counter("apiserver_admission_webhook_fail_open_count", {
  description: "Requests let through although a webhook could not be asked, by name and type.",
  incremental: true
})
const excluded = Metric.counter("apiserver_admission_match_condition_exclusions_total", {
  description: "Requests that match conditions kept from a webhook, by name, kind, type and operation.",
  incremental: true
})

export type Type = "admit" | "validating"
export interface About {
  readonly name: string
  readonly type: Type
  readonly operation: string
}
/** Whose fault it was: the webhook could not be asked, it refused, or the server could not use what it said. */
export type Fault = "calling_webhook_error" | "no_error" | "apiserver_internal_error"

/** Codes above 600 are counted as that, lest a webhook could make up labels. */
const codeOf = (code: number) => `${Math.min(code, 600)}`

const once = (metric: typeof requests, labels: Record<string, string>) =>
  Metric.update(Metric.withAttributes(metric, labels), 1)

export const called = (about: About, seconds: number, code: number, rejected: boolean) =>
  Effect.andThen(
    Metric.update(Metric.withAttributes(calls, { ...about, rejected: `${rejected}` }), seconds),
    once(requests, { ...about, code: codeOf(code), rejected: `${rejected}` })
  )
export const rejected = (about: About, fault: Fault, code: number) =>
  once(rejections, { ...about, error_type: fault, rejection_code: codeOf(code) })
export const failOpen = ({ name, type }: About) => once(failedOpen, { name, type })
export const exclusion = (about: About) => once(excluded, { ...about, kind: "webhook" })
