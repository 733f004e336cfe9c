/** HorizontalPodAutoscalers, as the API server treats them. */
import * as Causes from "../../../kernel/resource/Causes.ts"
import { required } from "../../../kernel/resource/Rules.ts"
import type { Strategy } from "../../../kernel/resource/Strategy.ts"
import { none, text, unset } from "../Columns.ts"
import type { HorizontalPodAutoscaler, MetricSpec, MetricTarget } from "../contracts/autoscaling/v2.ts"

/** Without a metric it goes by the processor. */
const byProcessor: ReadonlyArray<MetricSpec> = [
  { type: "Resource", resource: { name: "cpu", target: { type: "Utilization", averageUtilization: 80 } } }
]

const targetText = ({ averageUtilization, averageValue, value }: MetricTarget) =>
  averageUtilization === undefined ? (averageValue ?? value ?? "") : `${averageUtilization}%`

const targets = ({ spec: { metrics = [] }, status: { currentMetrics = [] } }: HorizontalPodAutoscaler) => {
  const all = metrics.map((metric, index) => {
    const source = metric.resource ?? metric.containerResource ?? metric.pods ?? metric.object ?? metric.external
    const now = currentMetrics[index]
    const current = (now?.resource ?? now?.containerResource ?? now?.pods ?? now?.object ?? now?.external)?.current
    const shown = current === undefined ? "<unknown>" : targetText({ type: "", ...current })
    const name = metric.resource ?? metric.containerResource
    return `${name === undefined ? "" : `${name.name}: `}${shown}/${source === undefined ? unset : targetText(source.target)}`
  })
  if (all.length === 0) return none
  return `${all.slice(0, 2).join(", ")}${all.length > 2 ? ` + ${all.length - 2} more...` : ""}`
}

export const strategy: Strategy<HorizontalPodAutoscaler> = {
  generation: false,
  defaults: (one) => ((one.spec.metrics ?? []).length > 0 ? one : { ...one, spec: { ...one.spec, metrics: byProcessor } }),
  validate: ({ spec: { maxReplicas, minReplicas, scaleTargetRef } }) => [
    ...(minReplicas < 1 ? [Causes.invalid("spec.minReplicas", minReplicas, "must be greater than or equal to 1")] : []),
    ...(maxReplicas < 1 ? [Causes.invalid("spec.maxReplicas", maxReplicas, "must be greater than 0")] : []),
    ...(maxReplicas < minReplicas
      ? [Causes.invalid("spec.maxReplicas", maxReplicas, "must be greater than or equal to `minReplicas`")]
      : []),
    ...required("spec.scaleTargetRef.kind", scaleTargetRef.kind),
    ...required("spec.scaleTargetRef.name", scaleTargetRef.name)
  ],
  columns: [
    text("Reference", "What it scales.", ({ spec }) => `${spec.scaleTargetRef.kind}/${spec.scaleTargetRef.name}`),
    text("Targets", "What it goes by.", targets),
    text("MinPods", "The fewest.", ({ spec }) => `${spec.minReplicas}`),
    text("MaxPods", "The most.", ({ spec }) => `${spec.maxReplicas}`),
    text("Replicas", "How many there are.", ({ status }) => `${status.currentReplicas}`)
  ]
}
