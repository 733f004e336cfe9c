/** What is wrong with an Event: little of one of old, more of one of events.k8s.io, which has to say who reports what. */
import * as Causes from "../../../kernel/resource/Causes.ts"
import * as Names from "../../../kernel/resource/Names.ts"
import { named, required, when } from "../../../kernel/resource/Rules.ts"
import type { Event } from "../contracts/core/v1.ts"
import type * as Events from "../contracts/events/v1.ts"

/** An event of a namespace is of an object in it; one of the cluster's objects is in `default`. */
const validateNamespace = ({ involvedObject: { namespace = "" }, metadata }: Event): Causes.Causes => {
  const place = namespace === "" ? "default" : namespace
  const isOfCluster = namespace === "" && metadata.namespace === "kube-system"
  return when(metadata.namespace !== place && !isOfCluster, () =>
    Causes.invalid("involvedObject.namespace", namespace, "does not match event.namespace")
  )
}

export const validate = (event: Event, old: Event | undefined): Causes.Causes =>
  old === undefined && event.eventTime === undefined ? validateNamespace(event) : []

const longest: { readonly [field: string]: number } = { reportingInstance: 128, action: 128, reason: 128, note: 1024 }
const limitOf = (field: string) => longest[field] ?? Number.POSITIVE_INFINITY
const types = ["Normal", "Warning"]

/** As events.k8s.io shows it. */
export const validateNew = (event: Events.Event): Causes.Causes => {
  const { action = "", eventTime, note = "", reason = "", series, type = "" } = event
  const { reportingController: controller = "", reportingInstance = "" } = event
  const tooLong = Object.entries({ reportingInstance, action, reason, note }).filter(
    ([name, text]) => Buffer.byteLength(text) > limitOf(name)
  )
  return [
    ...when(eventTime === undefined, () => Causes.required("eventTime")),
    ...when(series !== undefined && (series.count ?? 0) < 2, () =>
      Causes.invalid("series.count", "", "should be at least 2")
    ),
    ...when(series !== undefined && series.lastObservedTime === undefined, () => Causes.required("series.lastObservedTime")),
    ...required("reportingController", controller),
    ...named("reportingController", controller, Names.labelKey),
    ...required("reportingInstance", reportingInstance),
    ...required("action", action),
    ...required("reason", reason),
    ...tooLong.map(([name]) => Causes.invalid(name, "", `can have at most ${limitOf(name)} characters`)),
    ...when(!types.includes(type), () => Causes.invalid("type", "", `has invalid value: ${type}`))
  ]
}
