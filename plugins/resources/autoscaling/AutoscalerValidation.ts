/** What is wrong with what a HorizontalPodAutoscaler goes by, and how fast it may go. */
import * as Causes from "../../../kernel/resource/Causes.ts"
import * as Names from "../../../kernel/resource/Names.ts"
import * as Quantity from "../../../kernel/resource/Quantity.ts"
import { each, enumerated, inside, required, requiredName, when } from "../../../kernel/resource/Rules.ts"
import type {
  CrossVersionObjectReference,
  HorizontalPodAutoscaler,
  HPAScalingRules,
  MetricIdentifier,
  MetricSpec,
  MetricTarget
} from "../contracts/autoscaling/v2.ts"

const validateReference = (
  { apiVersion = "", kind, name }: CrossVersionObjectReference,
  field: string,
  needsGroup: boolean
): Causes.Causes => [
  ...requiredName(`${field}.kind`, kind, Names.pathSegment),
  ...requiredName(`${field}.name`, name, Names.pathSegment),
  ...when(needsGroup && !apiVersion.includes("/"), () =>
    Causes.invalid(`${field}.apiVersion`, apiVersion, "apiVersion must specify API group")
  )
]

const kinds = ["Object", "Pods", "Resource", "ContainerResource", "External"] as const
const sources = {
  Object: "object",
  Pods: "pods",
  Resource: "resource",
  ContainerResource: "containerResource",
  External: "external"
} as const

/** In the order in which they are looked at. */
const looked = ["object", "external", "pods", "resource", "containerResource"] as const

const validateMetric = (metric: MetricSpec, field: string): Causes.Causes => {
  const { type } = metric
  const given = looked.filter((name) => metric[name] !== undefined)
  const kind = kinds.find((one) => one === type)
  const expected = kind && sources[kind]
  const isMissing = expected !== undefined && metric[expected] === undefined
  const isOnly = expected === undefined && given.length === 1
  const others = isMissing || isOnly ? [] : given.filter((name) => name !== expected)
  const words = kinds.toSorted()
  return [
    ...when(type === "", () => Causes.required(`${field}.type`, "must specify a metric source type")),
    ...(type === "" ? [Causes.notSupported(`${field}.type`, type, words)] : enumerated(`${field}.type`, type, words)),
    // Of several only the first is looked at.
    ...given.slice(0, 1).flatMap((name) => validateSource(metric, name, field)),
    ...when(isMissing, () =>
      Causes.required(`${field}.${expected}`, "must populate information for the given metric source")
    ),
    ...others.map((name) => Causes.forbidden(`${field}.${name}`, "must populate the given metric source only"))
  ]
}

const validateSource = (
  { containerResource, external, object, pods, resource }: MetricSpec,
  name: (typeof looked)[number],
  field: string
): Causes.Causes => {
  switch (name) {
    case "object":
      return inside(object, ({ describedObject, metric: of, target }) => [
        ...validateReference(describedObject, `${field}.object.describedObject`, false),
        ...validateIdentifier(of, `${field}.object.metric`),
        ...validateTarget(target, `${field}.object.target`),
        ...when(target.value === undefined && target.averageValue === undefined, () =>
          Causes.required(`${field}.object.target.averageValue`, "must set either a target value or averageValue")
        )
      ])
    case "external":
      return inside(external, ({ metric: of, target }) => validateExternal(of, target, `${field}.external`))
    case "pods":
      return inside(pods, ({ metric: of, target }) => [
        ...validateIdentifier(of, `${field}.pods.metric`),
        ...validateTarget(target, `${field}.pods.target`),
        ...when(target.averageValue === undefined, () =>
          Causes.required(`${field}.pods.target.averageValue`, "must specify a positive target averageValue")
        )
      ])
    case "resource":
      return inside(resource, ({ name, target }) => validateResource(name, target, `${field}.resource`))
    case "containerResource":
      return inside(containerResource, ({ container, name, target }) => [
        ...requiredName(`${field}.containerResource.container`, container, Names.dns1123Label, "must specify a container"),
        ...validateResource(name, target, `${field}.containerResource`)
      ])
  }
}

const validateExternal = (of: MetricIdentifier, target: MetricTarget, field: string): Causes.Causes => [
  ...validateIdentifier(of, `${field}.metric`),
  ...validateTarget(target, `${field}.target`),
  ...when(target.value === undefined && target.averageValue === undefined, () =>
    Causes.required(`${field}.target.averageValue`, "must set either a target value for metric or a per-pod target")
  ),
  ...when(target.value !== undefined && target.averageValue !== undefined, () =>
    Causes.forbidden(`${field}.target.value`, "may not set both a target value for metric and a per-pod target")
  )
]

const validateIdentifier = ({ name }: MetricIdentifier, field: string): Causes.Causes =>
  requiredName(`${field}.name`, name, Names.pathSegment, "must specify a metric name")

const validateResource = (name: string, target: MetricTarget, field: string): Causes.Causes => [
  ...required(`${field}.name`, name, "must specify a resource name"),
  ...validateTarget(target, `${field}.target`),
  ...when(target.averageUtilization === undefined && target.averageValue === undefined, () =>
    Causes.required(`${field}.target.averageUtilization`, "must set either a target raw value or a target utilization")
  ),
  ...when(target.averageUtilization !== undefined && target.averageValue !== undefined, () =>
    Causes.forbidden(`${field}.target.averageValue`, "may not set both a target raw value and a target utilization")
  )
]

const isPositive = (amount: string | undefined) => amount === undefined || Quantity.of(amount).nanos > 0n

const validateTarget = ({ averageUtilization, averageValue, type, value }: MetricTarget, field: string): Causes.Causes => [
  ...when(type === "", () => Causes.required(`${field}.type`, "must specify a metric target type")),
  ...when(!["AverageValue", "Utilization", "Value"].includes(type), () =>
    Causes.invalid(`${field}.type`, type, "must be either Utilization, Value, or AverageValue")
  ),
  ...when(!isPositive(value), () => Causes.invalid(`${field}.value`, value, "must be positive")),
  ...when(!isPositive(averageValue), () => Causes.invalid(`${field}.averageValue`, averageValue, "must be positive")),
  ...when(averageUtilization !== undefined && averageUtilization < 1, () =>
    Causes.invalid(`${field}.averageUtilization`, averageUtilization, "must be greater than 0")
  )
]

const most = { window: 3600, period: 1800 }

const validateRules = (rules: HPAScalingRules, field: string): Causes.Causes => {
  const { policies = [], selectPolicy, stabilizationWindowSeconds: window } = rules
  return [
    ...when(window !== undefined && window < 0, () =>
      Causes.invalid(`${field}.stabilizationWindowSeconds`, window, "must be greater than or equal to zero")
    ),
    ...when((window ?? 0) > most.window, () =>
      Causes.invalid(`${field}.stabilizationWindowSeconds`, window, `must be less than or equal to ${most.window}`)
    ),
    ...enumerated(`${field}.selectPolicy`, selectPolicy, ["Disabled", "Max", "Min"]),
    ...when(policies.length === 0, () => Causes.required(`${field}.policies`, "must specify at least one Policy")),
    ...each(policies, `${field}.policies`, ({ periodSeconds, type, value }, at) => [
      ...enumerated(`${at}.type`, type, ["Percent", "Pods"]),
      ...when(value <= 0, () => Causes.invalid(`${at}.value`, value, "must be greater than zero")),
      ...when(periodSeconds <= 0, () => Causes.invalid(`${at}.periodSeconds`, periodSeconds, "must be greater than zero")),
      ...when(periodSeconds > most.period, () =>
        Causes.invalid(`${at}.periodSeconds`, periodSeconds, `must be less than or equal to ${most.period}`)
      )
    ])
  ]
}

export const validate = ({ spec }: HorizontalPodAutoscaler): Causes.Causes => {
  const { behavior, maxReplicas, metrics = [], minReplicas, scaleTargetRef } = spec
  const isZeroable = metrics.some(({ type }) => type === "Object" || type === "External")
  return [
    ...when(minReplicas < 1, () => Causes.invalid("spec.minReplicas", minReplicas, "must be greater than or equal to 1")),
    ...when(maxReplicas === 0, () => Causes.required("spec.maxReplicas", "must be set and greater than 0")),
    ...when(maxReplicas < 0, () => Causes.invalid("spec.maxReplicas", maxReplicas, "must be greater than or equal to 1")),
    ...when(maxReplicas < minReplicas, () =>
      Causes.invalid("spec.maxReplicas", maxReplicas, "must be greater than or equal to `minReplicas`")
    ),
    ...validateReference(scaleTargetRef, "spec.scaleTargetRef", true),
    ...each(metrics, "spec.metrics", validateMetric),
    ...when(minReplicas === 0 && !isZeroable, () =>
      Causes.forbidden(
        "spec.metrics",
        "must specify at least one Object or External metric to support scaling to zero replicas"
      )
    ),
    ...inside(behavior?.scaleUp, (rules) => validateRules(rules, "spec.behavior.scaleUp")),
    ...inside(behavior?.scaleDown, (rules) => validateRules(rules, "spec.behavior.scaleDown"))
  ]
}
