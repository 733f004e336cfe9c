/** Where autoscalers read: metrics.k8s.io, custom.metrics.k8s.io and external.metrics.k8s.io, whoever serves them. */
import { Effect, Result, Schema } from "effect"
import { Api } from "../../../kernel/client/Api.ts"
import { type Failure, messageOf } from "../../../kernel/client/Status.ts"
import { Time } from "../../../kernel/resource/Field.ts"
import * as Quantity from "../../../kernel/resource/Quantity.ts"
import { millisOf } from "../../resources/contracts/Time.ts"
import { milli, type Sample, type Samples } from "./Usage.ts"

const { Array: List, Int, Record, String: Text, Struct, optionalKey } = Schema

/** A metric that could not be read; the message as upstream words it. */
export class NoMetrics extends Schema.TaggedError<NoMetrics>()("NoMetrics", { detail: Text }) {
  override get message() {
    return this.detail
  }
}

const Amount = Text.check(Schema.makeFilter((text) => Result.isSuccess(Quantity.parse(text)) || "is no quantity"))
const PodMetrics = Struct({
  metadata: Struct({ name: Text }),
  timestamp: Time,
  window: Text,
  containers: List(Struct({ name: Text, usage: Record(Text, Amount) }))
})
const MetricValue = Struct({
  describedObject: Struct({ name: Text }),
  timestamp: Time,
  windowSeconds: optionalKey(Int),
  value: Amount
})
const MetricValues = Struct({ items: List(MetricValue) })
const ExternalValue = Struct({ value: Amount })

const decodePods = Schema.decodeUnknownEffect(List(PodMetrics))
const decodeValues = Schema.decodeUnknownEffect(MetricValues)
const decodeExternal = Schema.decodeUnknownEffect(List(ExternalValue))

/** Go's way to write durations: `1m30.5s`. */
const units = new Map([
  ["h", 3_600_000],
  ["m", 60_000],
  ["s", 1000],
  ["ms", 1]
])
export const duration = (text: string) =>
  [...text.matchAll(/([\d.]+)(h|ms|m|s)/g)].reduce(
    (sum, [, amount, unit = ""]) => sum + Number(amount) * (units.get(unit) ?? 0),
    0
  )

const nowhere = (api: string, { group, resource }: { readonly group: string; readonly resource: string }) =>
  api === "custom"
    ? "no custom metrics API (custom.metrics.k8s.io) registered"
    : `the server could not find the requested resource (get ${resource}.${group})`
const reasonOf = (api: string, error: Failure | Schema.SchemaError) => {
  if (error._tag === "NotFound") return nowhere(api, error)
  return error._tag === "SchemaError" ? error.message : messageOf(error)
}
const failed = (api: string) => (error: Failure | Schema.SchemaError) =>
  new NoMetrics({ detail: `unable to fetch metrics from ${api} metrics API: ${reasonOf(api, error)}` })
const empty = (api: string) => new NoMetrics({ detail: `no metrics returned from ${api} metrics API` })

const defaultWindow = 60_000
/** The versions that adapters serve, the newer first. */
const versions = ["v1beta2", "v1beta1"]

/** What an object is called in the path of a custom metric: `deployments.apps`. */
export interface Described {
  readonly resource: string
  readonly name: string
  readonly namespace: string
}

const withSelector = (name: string, selector: string) => (selector === "" ? {} : { [name]: selector })

export const make = Effect.gen(function* () {
  const api = yield* Api

  /** Of each Pod the sum of its containers, or one of them. A Pod of which a container is not measured is left out. */
  const resource = Effect.fnUntraced(function* (namespace: string, labelSelector: string, name: string, container: string) {
    const of = { group: "metrics.k8s.io", version: "v1beta1", resource: "pods", namespace, labelSelector }
    const pods = yield* Effect.flatMap(api.list(of), ({ items }) => decodePods(items)).pipe(
      Effect.mapError(failed("resource"))
    )
    if (pods.length === 0) return yield* empty("resource")
    const samples = new Map<string, Sample>()
    for (const { containers, metadata, timestamp, window } of pods) {
      const measured = container === "" ? containers : containers.filter((one) => one.name === container)
      const amounts = measured.flatMap(({ usage }) => usage[name] ?? [])
      if (measured.length === 0 || amounts.length < measured.length) continue
      const value = amounts.reduce((sum, amount) => sum + milli(amount), 0)
      samples.set(metadata.name, { value, at: millisOf(timestamp), window: duration(window) })
    }
    return samples
  })

  const custom = ({ name, namespace, resource }: Described, metric: string, query: { readonly [name: string]: string }) => {
    const ask = (version: string) =>
      api.get({ group: "custom.metrics.k8s.io", version, resource, namespace, name, subresource: metric, query })
    const [newest = "", older = ""] = versions
    return Effect.catchTag(ask(newest), "NotFound", () => ask(older)).pipe(
      Effect.flatMap(decodeValues),
      Effect.mapError(failed("custom")),
      Effect.filterOrFail(
        ({ items }) => items.length > 0,
        () => empty("custom")
      )
    )
  }

  const pods = (namespace: string, labelSelector: string, metric: string, metricSelector: string) =>
    custom({ resource: "pods", name: "*", namespace }, metric, {
      ...withSelector("labelSelector", labelSelector),
      ...withSelector("metricLabelSelector", metricSelector)
    }).pipe(
      Effect.map(
        ({ items }): Samples =>
          new Map(
            items.map(({ describedObject, timestamp, value, windowSeconds }) => {
              const window = windowSeconds === undefined ? defaultWindow : windowSeconds * 1000
              return [describedObject.name, { value: milli(value), at: millisOf(timestamp), window }]
            })
          )
      )
    )

  const object = (described: Described, metric: string, metricSelector: string) =>
    Effect.map(custom(described, metric, withSelector("metricLabelSelector", metricSelector)), ({ items }) =>
      milli(items[0]?.value ?? "0")
    )

  /** The sum of all series. */
  const external = (namespace: string, metric: string, labelSelector: string) => {
    const of = { group: "external.metrics.k8s.io", version: "v1beta1", resource: metric, namespace, labelSelector }
    return Effect.flatMap(api.list(of), ({ items }) => decodeExternal(items)).pipe(
      Effect.mapError(failed("external")),
      Effect.filterOrFail(
        (items) => items.length > 0,
        () => empty("external")
      ),
      Effect.map((items) => items.reduce((sum, { value }) => sum + milli(value), 0))
    )
  }

  return { resource, pods, object, external }
})
export type Sources = Effect.Success<typeof make>
