/**
 * What is wrong with an Event, by the group it is written in: little of one of old, more of one that says when it happened, and most
 * of one of events.k8s.io, which does not change any more. Messages name the fields of core/v1, in which events are kept.
 */
import * as Causes from "../../../kernel/resource/Causes.ts"
import * as Names from "../../../kernel/resource/Names.ts"
import { named, required, when } from "../../../kernel/resource/Rules.ts"
import { same } from "../apps/Workloads.ts"
import type { Event } from "../contracts/core/v1.ts"

/** An event of a namespace is of an object in it; one of the cluster's objects is in `default`. */
const validateNamespace = ({ eventTime, involvedObject: { namespace = "" }, metadata }: Event): Causes.Causes => {
  const isOfCluster = namespace === "" && (metadata.namespace === "kube-system" || metadata.namespace === "default")
  const isThere = eventTime === undefined ? metadata.namespace === namespace : namespace !== ""
  return when(!isOfCluster && !isThere, () =>
    Causes.invalid("involvedObject.namespace", namespace, "does not match event.namespace")
  )
}

const longest = { reportingInstance: 128, action: 128, reason: 128, message: 1024 } as const

const tooLong = (event: Event, name: keyof typeof longest) =>
  when(Buffer.byteLength(event[name] ?? "") > longest[name], () =>
    Causes.invalid(name, "", `can have at most ${longest[name]} characters`)
  )

/** `controller`: what the group calls the one who reports. */
const validateReport = (event: Event, controller: string): Causes.Causes => {
  const { reportingComponent = "", reportingInstance } = event
  if (event.eventTime === undefined) return validateNamespace(event)
  return [
    ...validateNamespace(event),
    ...required(controller, reportingComponent),
    ...named(controller, reportingComponent, Names.labelKey),
    ...required("reportingInstance", reportingInstance),
    ...tooLong(event, "reportingInstance"),
    ...required("action", event.action),
    ...tooLong(event, "action"),
    ...required("reason", event.reason),
    ...tooLong(event, "reason"),
    ...tooLong(event, "message")
  ]
}

/** As who writes core/v1 has to say it. */
export const validateCore = (event: Event, old: Event | undefined): Causes.Causes =>
  old === undefined ? validateReport(event, "reportingComponent") : []

const validateSeries = ({ series }: Event): Causes.Causes =>
  series === undefined
    ? []
    : [
        ...when((series.count ?? 0) < 2, () => Causes.invalid("series.count", "", "should be at least 2")),
        ...when(series.lastObservedTime === undefined, () => Causes.required("series.lastObservedTime"))
      ]

const isSaid = (value: object | undefined) => Object.values(value ?? {}).some((one) => one !== "")

/** What only old events have. */
const validateUnset = ({ count = 0, firstTimestamp, lastTimestamp, source }: Event): Causes.Causes =>
  Object.entries({
    firstTimestamp: firstTimestamp !== undefined,
    lastTimestamp: lastTimestamp !== undefined,
    count: count !== 0,
    source: isSaid(source)
  }).flatMap(([name, isSet]) => when(isSet, () => Causes.invalid(name, "", "needs to be unset")))

const types = ["Normal", "Warning"]

const validateNew = (event: Event): Causes.Causes => [
  ...when(event.eventTime === undefined, () => Causes.required("eventTime")),
  ...validateReport(event, "reportingController"),
  ...validateSeries(event),
  ...when(!types.includes(event.type ?? ""), () => Causes.invalid("type", "", `has invalid value: ${event.type ?? ""}`)),
  ...validateUnset(event)
]

const fixed = [
  ...(["involvedObject", "reason", "message", "source", "firstTimestamp", "lastTimestamp", "count", "type"] as const),
  ...(["eventTime", "action", "related", "reportingComponent", "reportingInstance"] as const)
]

const validateChange = (event: Event, old: Event): Causes.Causes => [
  ...validateReport(event, "reportingController"),
  ...(same(event.series, old.series) ? [] : validateSeries(event)),
  ...fixed.flatMap((name) =>
    when(!same(event[name], old[name]), () =>
      Causes.immutable(name === "reportingComponent" ? "reportingController" : name, event[name])
    )
  )
]

/** As who writes events.k8s.io/v1 has to say it. */
export const validateEvents = (event: Event, old: Event | undefined): Causes.Causes =>
  old === undefined ? validateNew(event) : validateChange(event, old)
