/** The figures of a work queue, under the names that dashboards for Kubernetes ask for. Durations are given in milliseconds. */
import { Effect, Metric } from "effect"

const boundaries = Array.from({ length: 12 }, (_, exponent) => 10 ** (exponent - 8))

export const retries = (name: string) =>
  Metric.counter("workqueue_retries_total", {
    description: "Total number of retries handled by workqueue",
    attributes: { name },
    incremental: true
  })

export const workqueue = Effect.fnUntraced(function* (name: string) {
  const context = yield* Effect.context<never>()
  const attributes = { name }
  const depth = Metric.gauge("workqueue_depth", { description: "Current depth of workqueue", attributes })
  const adds = Metric.counter("workqueue_adds_total", {
    description: "Total number of adds handled by workqueue",
    attributes,
    incremental: true
  })
  const retried = retries(name)
  const waited = Metric.histogram("workqueue_queue_duration_seconds", {
    description: "How long in seconds an item stays in workqueue before being requested",
    attributes,
    boundaries
  })
  const worked = Metric.histogram("workqueue_work_duration_seconds", {
    description: "How long in seconds processing an item from workqueue takes",
    attributes,
    boundaries
  })
  return {
    added: (waiting: number) => {
      adds.updateUnsafe(1, context)
      depth.updateUnsafe(waiting, context)
    },
    started: (millis: number) => waited.updateUnsafe(millis / 1000, context),
    done: (millis: number, waiting: number) => {
      worked.updateUnsafe(millis / 1000, context)
      depth.updateUnsafe(waiting, context)
    },
    retried: () => retried.updateUnsafe(1, context)
  }
})
