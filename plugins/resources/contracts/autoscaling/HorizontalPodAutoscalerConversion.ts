/**
 * A HorizontalPodAutoscaler as autoscaling/v1 shows it, and as v2 does, in which it is stored. What v1 has no fields for stands
 * in annotations, so that a client of v1 that writes back what it read loses nothing. Source: API reference of both versions.
 */
import type { Schema } from "effect"
import { older, newer } from "./MetricConversion.ts"

type Json = Schema.Json
type JsonObject = Schema.JsonObject

const prefix = "autoscaling.alpha.kubernetes.io"
const annotation = {
  metrics: `${prefix}/metrics`,
  currentMetrics: `${prefix}/current-metrics`,
  behavior: `${prefix}/behavior`,
  conditions: `${prefix}/conditions`
} as const

const isObject = (value: Json | undefined): value is JsonObject =>
  typeof value === "object" && value !== null && !Array.isArray(value)
const objectIn = (object: JsonObject, field: string): JsonObject => {
  const value = object[field]
  return isObject(value) ? value : {}
}
const listIn = (object: JsonObject, field: string): ReadonlyArray<JsonObject> => {
  const value = object[field]
  return Array.isArray(value) ? value.filter(isObject) : []
}
const present = (fields: { readonly [name: string]: Json | undefined }): JsonObject =>
  Object.fromEntries(
    Object.entries(fields).filter((entry): entry is [string, Json] => entry[1] !== undefined && !isEmpty(entry[1]))
  )
const isEmpty = (value: Json) => Array.isArray(value) && value.length === 0

/** The one metric that v1 has a field for. */
const isCpu = (part: "target" | "current") => (metric: JsonObject) => {
  const resource = objectIn(metric, "resource")
  return resource["name"] === "cpu" && objectIn(resource, part)["averageUtilization"] !== undefined
}
const utilization = (metric: JsonObject | undefined, part: "target" | "current") =>
  metric && objectIn(objectIn(metric, "resource"), part)["averageUtilization"]

export const to = (object: JsonObject): JsonObject => {
  const { behavior, metrics: _m, ...spec } = objectIn(object, "spec")
  const { conditions, currentMetrics: _c, ...status } = objectIn(object, "status")
  const [metrics, current] = [
    listIn(objectIn(object, "spec"), "metrics"),
    listIn(objectIn(object, "status"), "currentMetrics")
  ]
  const cpu = metrics.find(isCpu("target"))
  const texts = present({
    [annotation.metrics]: textOf(metrics.filter((metric) => metric !== cpu).map(older)),
    [annotation.currentMetrics]: textOf(current.map(older)),
    [annotation.behavior]: textOf(behavior),
    [annotation.conditions]: textOf(conditions)
  })
  const metadata = objectIn(object, "metadata")
  const annotations = { ...objectIn(metadata, "annotations"), ...texts }
  return {
    ...object,
    metadata: Object.keys(annotations).length > 0 ? { ...metadata, annotations } : metadata,
    spec: present({ ...spec, targetCPUUtilizationPercentage: utilization(cpu, "target") }),
    status: present({
      currentReplicas: 0,
      ...status,
      currentCPUUtilizationPercentage: utilization(current.find(isCpu("current")), "current")
    })
  }
}

export const from = (wire: JsonObject): JsonObject => {
  const { annotations: _a, ...metadata } = objectIn(wire, "metadata")
  const annotations = objectIn(objectIn(wire, "metadata"), "annotations")
  const { targetCPUUtilizationPercentage: target, ...spec } = objectIn(wire, "spec")
  const { currentCPUUtilizationPercentage: shown, currentReplicas = 0, ...status } = objectIn(wire, "status")
  const read = (name: string) => parsed(annotations[name])
  const currentMetrics = metricsIn(read(annotation.currentMetrics))
  const cpu = {
    type: "Resource",
    resource: { name: "cpu", target: { type: "Utilization", averageUtilization: target ?? 0 } }
  }
  const seen = { type: "Resource", resource: { name: "cpu", current: { averageUtilization: shown ?? 0 } } }
  const isMissing = shown !== undefined && !currentMetrics.some(isCpu("current"))
  const own = Object.entries(annotations).filter(([name]) => !Object.values<string>(annotation).includes(name))
  return {
    ...wire,
    metadata: { ...metadata, ...(own.length > 0 && { annotations: Object.fromEntries(own) }) },
    spec: present({
      ...spec,
      metrics: [...(target === undefined ? [] : [cpu]), ...metricsIn(read(annotation.metrics))],
      behavior: read(annotation.behavior)
    }),
    status: present({
      ...(currentReplicas !== 0 && { currentReplicas }),
      ...status,
      currentMetrics: [...(isMissing ? [seen] : []), ...currentMetrics],
      conditions: read(annotation.conditions)
    })
  }
}

const textOf = (value: Json | undefined) => (value === undefined || isEmpty(value) ? undefined : JSON.stringify(value))
const metricsIn = (value: Json | undefined) => (Array.isArray(value) ? value.filter(isObject).map(newer) : [])

/** What is no JSON was not written by this conversion, and says nothing. */
const parsed = (text: Json | undefined): Json | undefined => {
  try {
    return typeof text === "string" ? JSON.parse(text) : undefined
  } catch {
    return undefined
  }
}
