/**
 * A metric (or its status) of a HorizontalPodAutoscaler in the form that the annotations of autoscaling/v1 hold, and in that of
 * v2: the same values under other names. Source: API reference of both versions.
 */
import type { Schema } from "effect"

type Json = Schema.Json
type JsonObject = Schema.JsonObject
type Table = ReadonlyArray<readonly [older: string, newer: readonly [string, string?]]>

const resource: Table = [
  ["name", ["name"]],
  ["targetAverageUtilization", ["target", "averageUtilization"]],
  ["targetAverageValue", ["target", "averageValue"]],
  ["currentAverageUtilization", ["current", "averageUtilization"]],
  ["currentAverageValue", ["current", "averageValue"]]
]
const tables: { readonly [source: string]: Table } = {
  resource,
  containerResource: [["container", ["container"]], ...resource],
  pods: [
    ["metricName", ["metric", "name"]],
    ["selector", ["metric", "selector"]],
    ["targetAverageValue", ["target", "averageValue"]],
    ["currentAverageValue", ["current", "averageValue"]]
  ],
  external: [
    ["metricName", ["metric", "name"]],
    ["metricSelector", ["metric", "selector"]],
    ["targetValue", ["target", "value"]],
    ["targetAverageValue", ["target", "averageValue"]],
    ["currentValue", ["current", "value"]],
    ["currentAverageValue", ["current", "averageValue"]]
  ],
  object: [
    ["target", ["describedObject"]],
    ["metricName", ["metric", "name"]],
    ["selector", ["metric", "selector"]],
    ["targetValue", ["target", "value"]],
    ["currentValue", ["current", "value"]]
  ]
}

const isObject = (value: Json | undefined): value is JsonObject =>
  typeof value === "object" && value !== null && !Array.isArray(value)
const get = (object: JsonObject, [first, second]: readonly [string, string?]) => {
  const value = object[first]
  return second === undefined ? value : isObject(value) ? value[second] : undefined
}

const each = (metric: JsonObject, convert: (source: JsonObject, name: string) => JsonObject): JsonObject =>
  Object.fromEntries(
    Object.entries(metric).map(([name, value]) => [name, isObject(value) && name in tables ? convert(value, name) : value])
  )

export const older = (metric: JsonObject) =>
  each(metric, (source, name) => {
    const values = (tables[name] ?? []).flatMap(([field, path]) => {
      const value = get(source, path)
      return value === undefined ? [] : [[field, value] as const]
    })
    const average =
      name === "object" ? (get(source, ["target", "averageValue"]) ?? get(source, ["current", "averageValue"])) : undefined
    return { ...Object.fromEntries(values), ...(average !== undefined && { averageValue: average }) }
  })

export const newer = (metric: JsonObject) =>
  each(metric, (source, name) => {
    const output: { [field: string]: Json } = {}
    const put = (value: Json | undefined, [first, second]: readonly [string, string?]) => {
      const before = output[first]
      if (value !== undefined)
        output[first] = second === undefined ? value : { ...(isObject(before) && before), [second]: value }
    }
    for (const [field, path] of tables[name] ?? []) put(source[field], path)
    // Of an object's metric v1 has one name for both, and `currentValue` only where it is a status.
    if (name === "object")
      put(source["averageValue"], [source["currentValue"] === undefined ? "target" : "current", "averageValue"])
    const { target } = output
    return isObject(target) ? { ...output, target: { type: targetType(target), ...target } } : output
  })

const targetType = ({ averageUtilization, averageValue }: JsonObject) =>
  averageUtilization !== undefined ? "Utilization" : averageValue !== undefined ? "AverageValue" : "Value"
