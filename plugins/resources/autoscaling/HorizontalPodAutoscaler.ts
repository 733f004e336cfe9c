/** HorizontalPodAutoscalers, as the API server treats them. */
import type { Strategy } from "../../../kernel/resource/Strategy.ts"
import { none, text, unset } from "../Columns.ts"
import type {
  HorizontalPodAutoscaler,
  HorizontalPodAutoscalerBehavior,
  MetricSpec,
  MetricTarget
} from "../contracts/autoscaling/v2.ts"
import { validate } from "./AutoscalerValidation.ts"

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

/** Who says something of how fast it goes gets the usual for what it does not say. */
const withRules = ({ scaleDown, scaleUp }: HorizontalPodAutoscalerBehavior): HorizontalPodAutoscalerBehavior => ({
  scaleUp: {
    stabilizationWindowSeconds: 0,
    selectPolicy: "Max",
    policies: [
      { type: "Pods", value: 4, periodSeconds: 15 },
      { type: "Percent", value: 100, periodSeconds: 15 }
    ],
    ...scaleUp
  },
  scaleDown: { selectPolicy: "Max", policies: [{ type: "Percent", value: 100, periodSeconds: 15 }], ...scaleDown }
})

export const strategy: Strategy<HorizontalPodAutoscaler> = {
  generation: false,
  defaults: (one) => {
    const { behavior, metrics = [] } = one.spec
    if (behavior === undefined && metrics.length > 0) return one
    return {
      ...one,
      spec: {
        ...one.spec,
        ...(metrics.length === 0 && { metrics: byProcessor }),
        ...(behavior && { behavior: withRules(behavior) })
      }
    }
  },
  validate,
  columns: [
    text("Reference", "What it scales.", ({ spec }) => `${spec.scaleTargetRef.kind}/${spec.scaleTargetRef.name}`),
    text("Targets", "What it goes by.", targets),
    text("MinPods", "The fewest.", ({ spec }) => `${spec.minReplicas}`),
    text("MaxPods", "The most.", ({ spec }) => spec.maxReplicas),
    text("Replicas", "How many there are.", ({ status }) => status.currentReplicas ?? 0)
  ]
}
