// Generated from the API description of Kubernetes 1.36 by plugins/resources/generate. Do not edit.
import * as Field from "../../../../kernel/resource/Field.ts"
import { ObjectMetaDraft, type ObjectMeta } from "../../../../kernel/resource/Metadata.ts"

const { Int32, Int64, Text, Time, define, defaulted, optional, struct } = Field

export interface CrossVersionObjectReference {
  readonly apiVersion?: string
  readonly kind: string
  readonly name: string
}
export const CrossVersionObjectReference: Field.Lazy<CrossVersionObjectReference> = define("autoscaling.v1.CrossVersionObjectReference", () =>
  struct({
    apiVersion: optional(Text),
    kind: Text,
    name: Text
  }), { atomic: true, omitted: ["apiVersion"], parts: ["kind","name"] })

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
export const HorizontalPodAutoscalerSchema: Field.Lazy<HorizontalPodAutoscalerDraft> = define("autoscaling.v1.HorizontalPodAutoscaler", () =>
  struct({
    metadata: defaulted(ObjectMetaDraft(), {}),
    spec: HorizontalPodAutoscalerSpec(),
    status: defaulted(HorizontalPodAutoscalerStatus(), {})
  }), { parts: ["metadata","spec","status"] })

export interface HorizontalPodAutoscalerSpec {
  readonly maxReplicas: number
  readonly minReplicas: number
  readonly scaleTargetRef: CrossVersionObjectReference
  readonly targetCPUUtilizationPercentage?: number
}
export interface HorizontalPodAutoscalerSpecDraft {
  readonly maxReplicas: number
  readonly minReplicas?: number
  readonly scaleTargetRef: CrossVersionObjectReference
  readonly targetCPUUtilizationPercentage?: number
}
export const HorizontalPodAutoscalerSpec: Field.Lazy<HorizontalPodAutoscalerSpec> = define("autoscaling.v1.HorizontalPodAutoscalerSpec", () =>
  struct({
    maxReplicas: Int32,
    minReplicas: defaulted(Int32, 1),
    scaleTargetRef: CrossVersionObjectReference(),
    targetCPUUtilizationPercentage: optional(Int32)
  }), { parts: ["maxReplicas","scaleTargetRef"] })

export interface HorizontalPodAutoscalerStatus {
  readonly currentCPUUtilizationPercentage?: number
  readonly currentReplicas: number
  readonly desiredReplicas: number
  readonly lastScaleTime?: string
  readonly observedGeneration?: number
}
export interface HorizontalPodAutoscalerStatusDraft {
  readonly currentCPUUtilizationPercentage?: number
  readonly currentReplicas?: number
  readonly desiredReplicas?: number
  readonly lastScaleTime?: string
  readonly observedGeneration?: number
}
export const HorizontalPodAutoscalerStatus: Field.Lazy<HorizontalPodAutoscalerStatus> = define("autoscaling.v1.HorizontalPodAutoscalerStatus", () =>
  struct({
    currentCPUUtilizationPercentage: optional(Int32),
    currentReplicas: defaulted(Int32, 0),
    desiredReplicas: defaulted(Int32, 0),
    lastScaleTime: optional(Time),
    observedGeneration: optional(Int64)
  }), { parts: ["currentReplicas","desiredReplicas"] })

export interface Scale {
  readonly apiVersion?: string
  readonly kind?: string
  readonly metadata?: ObjectMetaDraft
  readonly spec: ScaleSpec
  readonly status: ScaleStatus
}
export interface ScaleDraft {
  readonly apiVersion?: string
  readonly kind?: string
  readonly metadata?: ObjectMetaDraft
  readonly spec?: ScaleSpecDraft
  readonly status?: ScaleStatusDraft
}
export const Scale: Field.Lazy<Scale> = define("autoscaling.v1.Scale", () =>
  struct({
    apiVersion: optional(Text),
    kind: optional(Text),
    metadata: optional(ObjectMetaDraft()),
    spec: defaulted(ScaleSpec(), {}),
    status: defaulted(ScaleStatus(), {})
  }), { parts: ["metadata","spec","status"] })

export interface ScaleSpec {
  readonly replicas: number
}
export interface ScaleSpecDraft {
  readonly replicas?: number
}
export const ScaleSpec: Field.Lazy<ScaleSpec> = define("autoscaling.v1.ScaleSpec", () =>
  struct({
    replicas: defaulted(Int32, 0)
  }), { omitted: ["replicas"] })

export interface ScaleStatus {
  readonly replicas: number
  readonly selector?: string
}
export interface ScaleStatusDraft {
  readonly replicas?: number
  readonly selector?: string
}
export const ScaleStatus: Field.Lazy<ScaleStatus> = define("autoscaling.v1.ScaleStatus", () =>
  struct({
    replicas: defaulted(Int32, 0),
    selector: optional(Text)
  }), { omitted: ["selector"], parts: ["replicas"] })
