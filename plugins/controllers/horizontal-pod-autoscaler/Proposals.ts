/** What each metric of an autoscaler proposes, and what all of them come to: the largest, unless one is unknown and fewer would be wanted. */
import { Clock, Effect, Result } from "effect"
import * as Selector from "../../../kernel/resource/Selector.ts"
import type {
  CrossVersionObjectReference,
  HorizontalPodAutoscaler,
  MetricIdentifier,
  MetricSpec,
  MetricStatus,
  MetricTarget
} from "../../resources/contracts/autoscaling/v2.ts"
import type { Pod } from "../../resources/contracts/core/v1.ts"
import { type Described, NoMetrics, type Sources } from "./Sources.ts"
import * as Usage from "./Usage.ts"

/** A metric that proposes nothing; `reason` is that of the condition, `whole` the detail with what it was asked for. */
export interface Unknown {
  readonly reason: string
  readonly detail: string
  readonly whole: string
}
export interface Proposed {
  readonly replicas: number
  /** For people: what it goes by. */
  readonly metric: string
  readonly status: MetricStatus
}

/** The target as it is, when the metrics are read. */
export interface Target {
  readonly namespace: string
  readonly specReplicas: number
  readonly statusReplicas: number
  readonly selector: string
  readonly pods: ReadonlyArray<Pod>
  readonly tolerances: Usage.Tolerances
  /** The plural of a kind, with its group, as it stands in paths of custom metrics. */
  readonly resourceOf: (reference: CrossVersionObjectReference) => string | undefined
}

const defaultTolerance = 0.1
const toleranceOf = (text: string | undefined) => (text === undefined ? defaultTolerance : Usage.milli(text) / 1000)
export const tolerances = ({ spec: { behavior } }: HorizontalPodAutoscaler): Usage.Tolerances => ({
  up: toleranceOf(behavior?.scaleUp?.tolerance),
  down: toleranceOf(behavior?.scaleDown?.tolerance)
})

const selectorOf = ({ selector }: MetricIdentifier) => Selector.format(Selector.ofObject(selector) ?? Selector.everything)

/** As Go prints a selector in a message. */
const printed = ({ selector }: MetricIdentifier) => {
  if (selector === undefined) return "nil"
  const labels = Object.entries(selector.matchLabels ?? {}).map(([key, value]) => `${key}: ${value},`)
  const expressions = (selector.matchExpressions ?? []).map(
    ({ key, operator, values = [] }) =>
      `LabelSelectorRequirement{Key:${key},Operator:${operator},Values:[${values.join(" ")}],}`
  )
  return `&LabelSelector{MatchLabels:map[string]string{${labels.join("")}},MatchExpressions:[]LabelSelectorRequirement{${expressions.map((one) => `${one},`).join("")}},}`
}

type Answer<R = never> = Effect.Effect<Proposed, Unknown, R>
const unknown = (reason: string, what: string) => (detail: string) => ({
  reason,
  detail,
  whole: `failed to get ${what}: ${detail}`
})

/** The calculation fails for the same reason as the reading. */
const calculated = (result: Result.Result<Usage.Proposal, string>) => Effect.fromResult(result)
const withPods = (pods: ReadonlyArray<Pod>) =>
  pods.length === 0 ? Effect.fail("no pods returned by selector while calculating replica count") : Effect.void

export const make = (sources: Sources) => {
  const asked = (target: Target, samples: Usage.Samples, resource: string) =>
    Effect.map(Clock.currentTimeMillis, (now): Usage.Asked => {
      const { pods, specReplicas, tolerances } = target
      return { current: specReplicas, pods, samples, resource, tolerances, now }
    })

  const resource = (target: Target, name: string, container: string, wanted: MetricTarget) =>
    Effect.gen(function* () {
      const { averageUtilization, averageValue } = wanted
      const samples = yield* Effect.mapError(
        sources.resource(target.namespace, target.selector, name, container),
        ({ message }) => `unable to get metrics for resource ${name}: ${message}`
      )
      yield* withPods(target.pods)
      const all = yield* asked(target, samples, name)
      if (averageValue !== undefined) return yield* calculated(Usage.byAmount(all, Usage.milli(averageValue)))
      return yield* calculated(Usage.byUtilization(all, averageUtilization ?? 0, container))
    }).pipe(
      Effect.mapError(
        (why) => `failed to get ${name} ${wanted.averageValue === undefined ? "utilization" : "usage"}: ${why}`
      )
    )

  const ofResource = (target: Target, name: string, wanted: MetricTarget, container = ""): Answer => {
    const isContainer = container !== ""
    const whole = isContainer ? "container resource" : "resource"
    const word = isContainer ? "container" : "resource"
    const reason = isContainer ? "FailedGetContainerResourceMetric" : "FailedGetResourceMetric"
    return resource(target, name, container, wanted).pipe(
      Effect.mapError(unknown(reason, `${name} ${word} metric value`)),
      Effect.map(({ replicas, usage, utilization }) => {
        const averageValue = Usage.quantity(usage, name === "memory" ? "BinarySI" : "DecimalSI")
        const current = { averageValue, ...(utilization !== undefined && { averageUtilization: utilization }) }
        const by = utilization === undefined ? "" : " utilization (percentage of request)"
        const status: MetricStatus = isContainer
          ? { type: "ContainerResource", containerResource: { name, container, current } }
          : { type: "Resource", resource: { name, current } }
        return { replicas, metric: `${name} ${whole}${by}`, status }
      })
    )
  }

  const ofPods = (target: Target, metric: MetricIdentifier, wanted: MetricTarget): Answer =>
    Effect.gen(function* () {
      const samples = yield* Effect.mapError(
        sources.pods(target.namespace, target.selector, metric.name, selectorOf(metric)),
        ({ message }) => `unable to get metric ${metric.name}: ${message}`
      )
      yield* withPods(target.pods)
      const all = yield* asked(target, samples, "")
      const { replicas, usage } = yield* calculated(Usage.byAmount(all, Usage.milli(wanted.averageValue ?? "0")))
      const status = { type: "Pods", pods: { metric, current: { averageValue: Usage.quantity(usage) } } }
      return { replicas, metric: `pods metric ${metric.name}`, status }
    }).pipe(Effect.mapError(unknown("FailedGetPodsMetric", "pods metric value")))

  /** By a total, or by what falls to each Pod. */
  const judged = (target: Target, usage: number, { averageValue, value }: MetricTarget) => {
    if (value !== undefined) {
      const { pods, specReplicas: current, tolerances } = target
      const proposal = Usage.byTotal({ current, pods, tolerances }, usage, Usage.milli(value))
      return { replicas: proposal.replicas, current: { value: Usage.quantity(proposal.usage) } }
    }
    const wanted = Usage.milli(averageValue ?? "0")
    const proposal = Usage.byShare(target.statusReplicas, target.tolerances, usage, wanted)
    return { replicas: proposal.replicas, current: { averageValue: Usage.quantity(proposal.usage) } }
  }

  const ofObject = (
    target: Target,
    { describedObject, metric, target: wanted }: NonNullable<MetricSpec["object"]>
  ): Answer =>
    Effect.gen(function* () {
      const { kind, name } = describedObject
      const resource = target.resourceOf(describedObject)
      const described: Described = { resource: resource ?? "", name, namespace: target.namespace }
      const reading: Effect.Effect<number, NoMetrics> =
        resource === undefined
          ? Effect.fail(new NoMetrics({ detail: `no matches for kind ${JSON.stringify(kind)}` }))
          : sources.object(described, metric.name, selectorOf(metric))
      const usage = yield* Effect.mapError(
        reading,
        ({ message }) => `unable to get metric ${metric.name}: ${kind} on ${target.namespace} ${name}/${message}`
      )
      const { current, replicas } = judged(target, usage, wanted)
      const status = { type: "Object", object: { metric, describedObject, current } }
      const by =
        wanted.value === undefined ? `external metric ${metric.name}(${printed(metric)})` : `${kind} metric ${metric.name}`
      return { replicas, metric: by, status }
    }).pipe(Effect.mapError(unknown("FailedGetObjectMetric", "object metric value")))

  const ofExternal = (target: Target, { metric, target: wanted }: NonNullable<MetricSpec["external"]>): Answer =>
    Effect.gen(function* () {
      const selector = selectorOf(metric)
      const usage = yield* Effect.mapError(
        sources.external(target.namespace, metric.name, selector),
        ({ message }) => `unable to get external metric ${target.namespace}/${metric.name}/${printed(metric)}: ${message}`
      )
      const { current, replicas } = judged(target, usage, wanted)
      const status = { type: "External", external: { metric, current } }
      return { replicas, metric: `external metric ${metric.name}(${printed(metric)})`, status }
    }).pipe(
      Effect.mapError(
        unknown(
          "FailedGetExternalMetric",
          `${metric.name} external metric value: failed to get external metric ${metric.name}`
        )
      )
    )

  return (target: Target, spec: MetricSpec): Answer => {
    if (spec.resource !== undefined) return ofResource(target, spec.resource.name, spec.resource.target)
    if (spec.containerResource !== undefined) {
      const { container, name, target: wanted } = spec.containerResource
      return ofResource(target, name, wanted, container)
    }
    if (spec.pods !== undefined) return ofPods(target, spec.pods.metric, spec.pods.target)
    if (spec.object !== undefined) return ofObject(target, spec.object)
    if (spec.external !== undefined) return ofExternal(target, spec.external)
    const detail = `unknown metric source type ${JSON.stringify(spec.type)}`
    return Effect.fail({ reason: "InvalidMetricSourceType", detail, whole: detail })
  }
}
export type Propose = ReturnType<typeof make>

/** All metrics together. */
export interface Combined {
  /** Nothing: too little is known to say. */
  readonly best: Proposed | undefined
  readonly statuses: ReadonlyArray<MetricStatus>
  readonly unknown: ReadonlyArray<Unknown>
}

export const combined = Effect.fnUntraced(function* (propose: Propose, target: Target, metrics: ReadonlyArray<MetricSpec>) {
  const results = yield* Effect.forEach(metrics, (metric) => Effect.result(propose(target, metric)))
  const known = results.flatMap((result) => (Result.isSuccess(result) ? [result.success] : []))
  const unknown = results.flatMap((result) => (Result.isFailure(result) ? [result.failure] : []))
  const largest = known.reduce<Proposed | undefined>(
    (best, one) => (best === undefined || one.replicas > best.replicas ? one : best),
    undefined
  )
  const isFewer = unknown.length > 0 && largest !== undefined && largest.replicas < target.specReplicas
  // What could not be read keeps its place in the status, empty, so that the others keep theirs.
  const statuses = results.map((result): MetricStatus => (Result.isSuccess(result) ? result.success.status : { type: "" }))
  const answer: Combined = { best: isFewer ? undefined : largest, statuses, unknown }
  return answer
})
