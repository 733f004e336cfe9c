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
  const unfinished = Metric.gauge("workqueue_unfinished_work_seconds", {
    description: "How many seconds of work has been done that is in progress and has not been observed by work_duration",
    attributes
  })
  const longest = Metric.gauge("workqueue_longest_running_processor_seconds", {
    description: "How many seconds has the longest running processor for workqueue been running",
    attributes
  })
  return {
    /** Of what is in hand: for how long each has been, from time to time. */
    inHand: (millis: ReadonlyArray<number>) => {
      unfinished.updateUnsafe(millis.reduce((sum, one) => sum + one, 0) / 1000, context)
      longest.updateUnsafe(millis.reduce((most, one) => Math.max(most, one), 0) / 1000, context)
    },
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
