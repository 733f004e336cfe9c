// Generated from the API description of Kubernetes 1.36 by plugins/resources/generate. Do not edit.
import * as Field from "../../../../kernel/resource/Field.ts"
import * as Kind from "../../../../kernel/resource/Kind.ts"
import { ObjectMetaDraft, type ObjectMeta } from "../../../../kernel/resource/Metadata.ts"
import * as HorizontalPodAutoscalerConversion from "../autoscaling/HorizontalPodAutoscalerConversion.ts"
import * as autoscalingV1 from "../autoscaling/v1.ts"
import * as metaV1 from "../meta/v1.ts"

const { Int32, Int64, Quantity, Text, Time, asJson, define, defaulted, list, optional, struct } = Field

export interface ContainerResourceMetricSource {
  readonly container: string
  readonly name: string
  readonly target: MetricTarget
}
export const ContainerResourceMetricSource: Field.Lazy<ContainerResourceMetricSource> = define("autoscaling.v2.ContainerResourceMetricSource", () =>
  struct({
    container: Text,
    name: Text,
    target: MetricTarget()
  }), { parts: ["container","name","target"] })

export interface ContainerResourceMetricStatus {
  readonly container: string
  readonly current: MetricValueStatus
  readonly name: string
}
export const ContainerResourceMetricStatus: Field.Lazy<ContainerResourceMetricStatus> = define("autoscaling.v2.ContainerResourceMetricStatus", () =>
  struct({
    container: Text,
    current: MetricValueStatus(),
    name: Text
  }), { parts: ["container","current","name"] })

export interface CrossVersionObjectReference {
  readonly apiVersion?: string
  readonly kind: string
  readonly name: string
}
export const CrossVersionObjectReference: Field.Lazy<CrossVersionObjectReference> = define("autoscaling.v2.CrossVersionObjectReference", () =>
  struct({
    apiVersion: optional(Text),
    kind: Text,
    name: Text
  }), { omitted: ["apiVersion"], parts: ["kind","name"] })

export interface ExternalMetricSource {
  readonly metric: MetricIdentifier
  readonly target: MetricTarget
}
export const ExternalMetricSource: Field.Lazy<ExternalMetricSource> = define("autoscaling.v2.ExternalMetricSource", () =>
  struct({
    metric: MetricIdentifier(),
    target: MetricTarget()
  }), { parts: ["metric","target"] })

export interface ExternalMetricStatus {
  readonly current: MetricValueStatus
  readonly metric: MetricIdentifier
}
export const ExternalMetricStatus: Field.Lazy<ExternalMetricStatus> = define("autoscaling.v2.ExternalMetricStatus", () =>
  struct({
    current: MetricValueStatus(),
    metric: MetricIdentifier()
  }), { parts: ["current","metric"] })

export interface HPAScalingPolicy {
  readonly periodSeconds: number
  readonly type: string
  readonly value: number
}
export const HPAScalingPolicy: Field.Lazy<HPAScalingPolicy> = define("autoscaling.v2.HPAScalingPolicy", () =>
  struct({
    periodSeconds: Int32,
    type: Text,
    value: Int32
  }), { parts: ["periodSeconds","type","value"] })

export interface HPAScalingRules {
  readonly policies?: ReadonlyArray<HPAScalingPolicy>
  readonly selectPolicy?: string
  readonly stabilizationWindowSeconds?: number
  readonly tolerance?: string
}
export const HPAScalingRules: Field.Lazy<HPAScalingRules> = define("autoscaling.v2.HPAScalingRules", () =>
  struct({
    policies: optional(list(HPAScalingPolicy(), { list: "atomic" })),
    selectPolicy: optional(Text),
    stabilizationWindowSeconds: optional(Int32),
    tolerance: optional(Quantity)
  }))

export interface HorizontalPodAutoscaler {
  readonly metadata: ObjectMeta
  readonly spec: HorizontalPodAutoscalerSpec
  readonly status: HorizontalPodAutoscalerStatus
}
export interface HorizontalPodAutoscalerDraft {
  readonly metadata: ObjectMetaDraft
  readonly spec: HorizontalPodAutoscalerSpecDraft
  readonly status?: HorizontalPodAutoscalerStatusDraft
}
export const HorizontalPodAutoscalerSchema: Field.Lazy<HorizontalPodAutoscalerDraft> = define("autoscaling.v2.HorizontalPodAutoscaler", () =>
  struct({
    metadata: defaulted(ObjectMetaDraft(), {}),
    spec: HorizontalPodAutoscalerSpec(),
    status: defaulted(HorizontalPodAutoscalerStatus(), {})
  }), { parts: ["metadata","spec","status"] })
export const HorizontalPodAutoscaler = Kind.make<HorizontalPodAutoscaler, HorizontalPodAutoscalerDraft>({
  kind: "HorizontalPodAutoscaler",
  plural: "horizontalpodautoscalers",
  singular: "horizontalpodautoscaler",
  namespaced: true,
  storage: "horizontalpodautoscalers.autoscaling",
  verbs: ["list","watch","deletecollection","create","delete","get","patch","update"],
  subresources: ["status"],
  shortNames: ["hpa"],
  categories: ["all"],
  versions: [
    { group: "autoscaling", version: "v2", schema: asJson(HorizontalPodAutoscalerSchema) },
    { group: "autoscaling", version: "v1", schema: asJson(() => autoscalingV1.HorizontalPodAutoscalerSchema()), convert: HorizontalPodAutoscalerConversion }
  ]
})

export interface HorizontalPodAutoscalerBehavior {
  readonly scaleDown?: HPAScalingRules
  readonly scaleUp?: HPAScalingRules
}
export const HorizontalPodAutoscalerBehavior: Field.Lazy<HorizontalPodAutoscalerBehavior> = define("autoscaling.v2.HorizontalPodAutoscalerBehavior", () =>
  struct({
    scaleDown: optional(HPAScalingRules()),
    scaleUp: optional(HPAScalingRules())
  }))

export interface HorizontalPodAutoscalerCondition {
  readonly lastTransitionTime?: string
  readonly message?: string
  readonly reason?: string
  readonly status: string
  readonly type: string
}
export const HorizontalPodAutoscalerCondition: Field.Lazy<HorizontalPodAutoscalerCondition> = define("autoscaling.v2.HorizontalPodAutoscalerCondition", () =>
  struct({
    lastTransitionTime: optional(Time),
    message: optional(Text),
    reason: optional(Text),
    status: Text,
    type: Text
  }), { omitted: ["message","reason"], parts: ["status","type"] })

export interface HorizontalPodAutoscalerSpec {
  readonly behavior?: HorizontalPodAutoscalerBehavior
  readonly maxReplicas: number
  readonly metrics?: ReadonlyArray<MetricSpec>
  readonly minReplicas: number
  readonly scaleTargetRef: CrossVersionObjectReference
}
export interface HorizontalPodAutoscalerSpecDraft {
  readonly behavior?: HorizontalPodAutoscalerBehavior
  readonly maxReplicas: number
  readonly metrics?: ReadonlyArray<MetricSpec>
  readonly minReplicas?: number
  readonly scaleTargetRef: CrossVersionObjectReference
}
export const HorizontalPodAutoscalerSpec: Field.Lazy<HorizontalPodAutoscalerSpec> = define("autoscaling.v2.HorizontalPodAutoscalerSpec", () =>
  struct({
    behavior: optional(HorizontalPodAutoscalerBehavior()),
    maxReplicas: Int32,
    metrics: optional(list(MetricSpec(), { list: "atomic" })),
    minReplicas: defaulted(Int32, 1),
    scaleTargetRef: CrossVersionObjectReference()
  }), { parts: ["maxReplicas","scaleTargetRef"] })

export interface HorizontalPodAutoscalerStatus {
  readonly conditions?: ReadonlyArray<HorizontalPodAutoscalerCondition>
  readonly currentMetrics?: ReadonlyArray<MetricStatus>
  readonly currentReplicas?: number
  readonly desiredReplicas: number
  readonly lastScaleTime?: string
  readonly observedGeneration?: number
}
export interface HorizontalPodAutoscalerStatusDraft {
  readonly conditions?: ReadonlyArray<HorizontalPodAutoscalerCondition>
  readonly currentMetrics?: ReadonlyArray<MetricStatus>
  readonly currentReplicas?: number
  readonly desiredReplicas?: number
  readonly lastScaleTime?: string
  readonly observedGeneration?: number
}
export const HorizontalPodAutoscalerStatus: Field.Lazy<HorizontalPodAutoscalerStatus> = define("autoscaling.v2.HorizontalPodAutoscalerStatus", () =>
  struct({
    conditions: optional(list(HorizontalPodAutoscalerCondition(), { list: "map", keys: ["type"], patch: ["merge"], mergeKey: "type" })),
    currentMetrics: optional(list(MetricStatus(), { list: "atomic" })),
    currentReplicas: optional(Int32),
    desiredReplicas: defaulted(Int32, 0),
    lastScaleTime: optional(Time),
    observedGeneration: optional(Int64)
  }), { omitted: ["currentReplicas"], parts: ["currentMetrics","desiredReplicas"] })

export interface MetricIdentifier {
  readonly name: string
  readonly selector?: metaV1.LabelSelector
}
export const MetricIdentifier: Field.Lazy<MetricIdentifier> = define("autoscaling.v2.MetricIdentifier", () =>
  struct({
    name: Text,
    selector: optional(metaV1.LabelSelector())
  }), { parts: ["name"] })

export interface MetricSpec {
  readonly containerResource?: ContainerResourceMetricSource
  readonly external?: ExternalMetricSource
  readonly object?: ObjectMetricSource
  readonly pods?: PodsMetricSource
  readonly resource?: ResourceMetricSource
  readonly type: string
}
export const MetricSpec: Field.Lazy<MetricSpec> = define("autoscaling.v2.MetricSpec", () =>
  struct({
    containerResource: optional(ContainerResourceMetricSource()),
    external: optional(ExternalMetricSource()),
    object: optional(ObjectMetricSource()),
    pods: optional(PodsMetricSource()),
    resource: optional(ResourceMetricSource()),
    type: Text
  }), { parts: ["type"] })

export interface MetricStatus {
  readonly containerResource?: ContainerResourceMetricStatus
  readonly external?: ExternalMetricStatus
  readonly object?: ObjectMetricStatus
  readonly pods?: PodsMetricStatus
  readonly resource?: ResourceMetricStatus
  readonly type: string
}
export const MetricStatus: Field.Lazy<MetricStatus> = define("autoscaling.v2.MetricStatus", () =>
  struct({
    containerResource: optional(ContainerResourceMetricStatus()),
    external: optional(ExternalMetricStatus()),
    object: optional(ObjectMetricStatus()),
    pods: optional(PodsMetricStatus()),
    resource: optional(ResourceMetricStatus()),
    type: Text
  }), { parts: ["type"] })

export interface MetricTarget {
  readonly averageUtilization?: number
  readonly averageValue?: string
  readonly type: string
  readonly value?: string
}
export const MetricTarget: Field.Lazy<MetricTarget> = define("autoscaling.v2.MetricTarget", () =>
  struct({
    averageUtilization: optional(Int32),
    averageValue: optional(Quantity),
    type: Text,
    value: optional(Quantity)
  }), { parts: ["type"] })

export interface MetricValueStatus {
  readonly averageUtilization?: number
  readonly averageValue?: string
  readonly value?: string
}
export const MetricValueStatus: Field.Lazy<MetricValueStatus> = define("autoscaling.v2.MetricValueStatus", () =>
  struct({
    averageUtilization: optional(Int32),
    averageValue: optional(Quantity),
    value: optional(Quantity)
  }))

export interface ObjectMetricSource {
  readonly describedObject: CrossVersionObjectReference
  readonly metric: MetricIdentifier
  readonly target: MetricTarget
}
export const ObjectMetricSource: Field.Lazy<ObjectMetricSource> = define("autoscaling.v2.ObjectMetricSource", () =>
  struct({
    describedObject: CrossVersionObjectReference(),
    metric: MetricIdentifier(),
    target: MetricTarget()
  }), { parts: ["describedObject","metric","target"] })

export interface ObjectMetricStatus {
  readonly current: MetricValueStatus
  readonly describedObject: CrossVersionObjectReference
  readonly metric: MetricIdentifier
}
export const ObjectMetricStatus: Field.Lazy<ObjectMetricStatus> = define("autoscaling.v2.ObjectMetricStatus", () =>
  struct({
    current: MetricValueStatus(),
    describedObject: CrossVersionObjectReference(),
    metric: MetricIdentifier()
  }), { parts: ["current","describedObject","metric"] })

export interface PodsMetricSource {
  readonly metric: MetricIdentifier
  readonly target: MetricTarget
}
export const PodsMetricSource: Field.Lazy<PodsMetricSource> = define("autoscaling.v2.PodsMetricSource", () =>
  struct({
    metric: MetricIdentifier(),
    target: MetricTarget()
  }), { parts: ["metric","target"] })

export interface PodsMetricStatus {
  readonly current: MetricValueStatus
  readonly metric: MetricIdentifier
}
export const PodsMetricStatus: Field.Lazy<PodsMetricStatus> = define("autoscaling.v2.PodsMetricStatus", () =>
  struct({
    current: MetricValueStatus(),
    metric: MetricIdentifier()
  }), { parts: ["current","metric"] })

export interface ResourceMetricSource {
  readonly name: string
  readonly target: MetricTarget
}
export const ResourceMetricSource: Field.Lazy<ResourceMetricSource> = define("autoscaling.v2.ResourceMetricSource", () =>
  struct({
    name: Text,
    target: MetricTarget()
  }), { parts: ["name","target"] })

export interface ResourceMetricStatus {
  readonly current: MetricValueStatus
  readonly name: string
}
export const ResourceMetricStatus: Field.Lazy<ResourceMetricStatus> = define("autoscaling.v2.ResourceMetricStatus", () =>
  struct({
    current: MetricValueStatus(),
    name: Text
  }), { parts: ["current","name"] })
