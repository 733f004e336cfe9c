/** The scheduler's figures, under the names that dashboards for Kubernetes ask for. Times are given in milliseconds. */
import { Effect, Metric } from "effect"

export type Result = "scheduled" | "unschedulable" | "error"

export type Point = "PreFilter" | "Filter" | "PostFilter" | "Score" | "Reserve" | "Permit" | "PreBind" | "Bind" | "PostBind"

/** Each is made once: what makes a metric looks it up among all. */
const once = <Key, A>(make: (key: Key) => A) => {
  const made = new Map<Key, A>()
  return (key: Key) => {
    const found = made.get(key) ?? make(key)
    made.set(key, found)
    return found
  }
}

const powers = (start: number, count: number) => Array.from({ length: count }, (_, index) => start * 2 ** index)

export const make = Effect.fnUntraced(function* (profile: string) {
  const context = yield* Effect.context<never>()
  const attempts = once((result: Result) =>
    Metric.counter("scheduler_schedule_attempts_total", {
      description: "Number of attempts to schedule pods, by the result",
      attributes: { result, profile },
      incremental: true
    })
  )
  const durations = once((result: Result) =>
    Metric.histogram("scheduler_scheduling_attempt_duration_seconds", {
      description: "Scheduling attempt latency in seconds (scheduling algorithm + binding)",
      attributes: { result, profile },
      boundaries: powers(0.001, 15)
    })
  )
  const algorithm = Metric.histogram("scheduler_scheduling_algorithm_duration_seconds", {
    description: "Scheduling algorithm latency in seconds",
    boundaries: powers(0.001, 15)
  })
  const waited = once((attempts: string) =>
    Metric.histogram("scheduler_pod_scheduling_sli_duration_seconds", {
      description: "E2e latency for a pod being scheduled, from the time the pod enters the scheduling queue",
      attributes: { attempts },
      boundaries: powers(0.01, 20)
    })
  )
  const tries = Metric.histogram("scheduler_pod_scheduling_attempts", {
    description: "Number of attempts to successfully schedule a pod",
    boundaries: [1, 2, 4, 8, 16]
  })
  const pending = once((queue: string) =>
    Metric.gauge("scheduler_pending_pods", {
      description: "Number of pending pods, by the queue type",
      attributes: { queue }
    })
  )
  const points = once((key: string) => {
    const [extension_point = "", status = ""] = key.split("/")
    return Metric.histogram("scheduler_framework_extension_point_duration_seconds", {
      description: "Latency for running all plugins of a specific extension point",
      attributes: { extension_point, status, profile },
      boundaries: powers(0.0001, 12)
    })
  })
  const victims = Metric.histogram("scheduler_preemption_victims", {
    description: "Number of selected preemption victims",
    boundaries: powers(1, 7)
  })
  const preemptions = Metric.counter("scheduler_preemption_attempts_total", {
    description: "Total preemption attempts in the cluster till now",
    incremental: true
  })
  const said = new Map<string, number>()
  return {
    /** Nanoseconds. */
    point: (name: Point, status: "Success" | "Unschedulable" | "Error", nanos: bigint) =>
      points(`${name}/${status}`).updateUnsafe(Number(nanos) / 1e9, context),
    preempting: () => preemptions.updateUnsafe(1, context),
    victims: (count: number) => victims.updateUnsafe(count, context),
    chosen: (millis: number) => algorithm.updateUnsafe(millis / 1000, context),
    ended: (result: Result, millis: number) => {
      attempts(result).updateUnsafe(1, context)
      durations(result).updateUnsafe(millis / 1000, context)
    },
    placed: (count: number, millis: number) => {
      tries.updateUnsafe(count, context)
      waited(count > 15 ? "16+" : `${count}`).updateUnsafe(millis / 1000, context)
    },
    waiting: (sizes: { readonly [queue: string]: number }) => {
      for (const queue in sizes) {
        const size = sizes[queue] ?? 0
        if (said.get(queue) === size) continue
        said.set(queue, size)
        pending(queue).updateUnsafe(size, context)
      }
    }
  }
})

export type Metrics = Effect.Success<ReturnType<typeof make>>

/** Of the queue, which all profiles share. */
export const incoming = Effect.map(Effect.context<never>(), (context) => {
  const pods = once((key: string) => {
    const [queue = "", event = ""] = key.split("/")
    return Metric.counter("scheduler_queue_incoming_pods_total", {
      description: "Number of pods added to scheduling queues by event and queue type",
      attributes: { queue, event },
      incremental: true
    })
  })
  return (queue: string, event: string) => pods(`${queue}/${event}`).updateUnsafe(1, context)
})
