/**
 * What is counted of requests to the store. Where upstream has a name for a figure it is used, so that dashboards and alerts made
 * for an API server on etcd work here.
 */
import { Cause, type Context, Effect, Exit, Layer, Metric, Option } from "effect"
import { Log } from "./Log.ts"

type Service = Log["Service"]
type Change = Parameters<Service["append"]>[0]

type Labels = { readonly [label: string]: string }

const durations = (attributes: Labels) =>
  Metric.histogram("etcd_request_duration_seconds", {
    description: "How long requests to the store took, by operation and the storage it was about.",
    boundaries: [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.2, 0.4, 0.8, 1.5, 3, 6, 10],
    attributes
  })
const counter = (name: string, description: string) => (attributes: Labels) =>
  Metric.counter(name, { description, incremental: true, attributes })
const requests = counter("etcd_requests_total", "Requests to the store, by operation and the storage it was about.")
const errors = counter(
  "etcd_request_errors_total",
  "Requests that the store did not answer with what was asked for; a conflict is an answer."
)
const outcomes = counter(
  "keelson_store_appends_total",
  "Appends by log and outcome: done, conflict, too_large, refused (nothing was written) or unknown (its answer was lost)."
)

/** Each made once with its labels: those that are added to a metric are made into its key anew whenever it is updated. */
const cached = (make: (labels: Labels) => Metric.Metric<number, unknown>, context: Context.Context<never>) => {
  const known = new Map<string, Metric.Metric<number, unknown>>()
  return (labels: Labels, value: number) => {
    const key = Object.values(labels).join(" ")
    const found = known.get(key) ?? make(labels)
    known.set(key, found)
    found.updateUnsafe(value, context)
  }
}

const operationOf = ({ op, prev }: Change) => (op === "delete" ? "delete" : prev === 0 ? "create" : "update")
const storageOf = ({ key }: Change) => key.slice(0, Math.max(0, key.indexOf("/")))

const failureOf = <A, E>(exit: Exit.Exit<A, E>): E | undefined =>
  Exit.isFailure(exit) ? Option.getOrUndefined(Cause.findErrorOption(exit.cause)) : undefined

type Failure = Effect.Error<ReturnType<Service["append"]>>
const outcomeOf = (failure: Failure) => {
  if (failure._tag === "Conflict") return "conflict"
  if (failure._tag === "TooLarge") return "too_large"
  return failure.applied === "no" ? "refused" : "unknown"
}

export const layer: Layer.Layer<Log, never, Log> = Layer.effect(
  Log,
  Effect.gen(function* () {
    const log = yield* Log
    const context = yield* Effect.context<never>()
    const [count, fail, time, end] = [
      cached(requests, context),
      cached(errors, context),
      cached(durations, context),
      cached(outcomes, context)
    ]
    const timed = <A, E extends { readonly _tag: string }>(
      call: Effect.Effect<A, E>,
      operation: string,
      type: string,
      told?: (exit: Exit.Exit<A, E>) => void
    ) =>
      Effect.suspend(() => {
        const began = performance.now()
        return Effect.onExit(call, (exit) => {
          const failure = failureOf(exit)
          // Who was interrupted got no answer.
          if (Exit.isFailure(exit) && failure === undefined) return Effect.void
          const labels = { operation, type }
          count(labels, 1)
          time(labels, (performance.now() - began) / 1000)
          if (failure?._tag === "Unavailable") fail(labels, 1)
          told?.(exit)
          return Effect.void
        })
      })
    return Log.of({
      ...log,
      append: (change) =>
        timed(log.append(change), operationOf(change), storageOf(change), (exit) => {
          const failure = failureOf(exit)
          end({ log: change.log, outcome: failure === undefined ? "done" : outcomeOf(failure) }, 1)
        }),
      barrier: (of) => timed(log.barrier(of), "barrier", of.log),
      compact: (to) => timed(log.compact(to), "compact", to.log)
    })
  })
)
