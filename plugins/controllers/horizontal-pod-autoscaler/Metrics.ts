/** The figures of the autoscaler, under upstream's names. */
import { Clock, Effect, Metric } from "effect"
import type { Key } from "../../../kernel/resource/Kind.ts"

const named = (name: string) => `horizontal_pod_autoscaler_controller_${name}`
/** From a millisecond to 16 seconds, in seconds. */
const boundaries = Array.from({ length: 15 }, (_, exponent) => 0.001 * 2 ** exponent)

export interface Result {
  /** By how many Pods the target has changed. */
  readonly change: number
  readonly isFailed: boolean
}

const labelsOf = ({ change, isFailed }: Result) => ({
  action: change > 0 ? "scale_up" : change < 0 ? "scale_down" : "none",
  error: isFailed ? "internal" : "none"
})

const total = (attributes: ReturnType<typeof labelsOf>) =>
  Metric.counter(named("reconciliations_total"), {
    description: "Number of reconciliations of HPA controller",
    attributes,
    incremental: true
  })
const duration = (attributes: ReturnType<typeof labelsOf>) =>
  Metric.histogram(named("reconciliation_duration_seconds"), {
    description: "The time(seconds) that the HPA controller takes to reconcile once",
    attributes,
    boundaries
  })
const known = Metric.gauge(named("num_horizontal_pod_autoscalers"), {
  description: "Current number of controlled HPA objects."
})

/** Counts and times one look at an autoscaler. */
export const measured = Effect.fnUntraced(function* <A extends Result, E, R>(look: Effect.Effect<A, E, R>) {
  const start = yield* Clock.currentTimeMillis
  const tell = Effect.fnUntraced(function* (result: Result) {
    const labels = labelsOf(result)
    yield* Metric.update(total(labels), 1)
    yield* Metric.update(duration(labels), ((yield* Clock.currentTimeMillis) - start) / 1000)
  })
  return yield* look.pipe(
    Effect.tap(tell),
    Effect.tapError(() => tell({ change: 0, isFailed: true }))
  )
})

export const desired = ({ name, namespace }: Key, replicas: number) =>
  Metric.update(
    Metric.gauge(named("desired_replicas"), {
      description: "Current desired replica count for HPA objects.",
      attributes: { namespace, hpa_name: name }
    }),
    replicas
  )

export const counted = (autoscalers: number) => Metric.update(known, autoscalers)
