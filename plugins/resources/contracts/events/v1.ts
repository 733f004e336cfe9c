// Generated from the API description of Kubernetes 1.36 by plugins/resources/generate. Do not edit.
import * as Field from "../../../../kernel/resource/Field.ts"
import * as Kind from "../../../../kernel/resource/Kind.ts"
import { ObjectMetaDraft, type ObjectMeta } from "../../../../kernel/resource/Metadata.ts"
import * as coreV1 from "../core/v1.ts"

const { Int32, MicroTime, Text, Time, asJson, define, defaulted, optional, struct } = Field

export interface Event {
  readonly action?: string
  readonly deprecatedCount?: number
  readonly deprecatedFirstTimestamp?: string
  readonly deprecatedLastTimestamp?: string
  readonly deprecatedSource?: coreV1.EventSource
  readonly eventTime: string
  readonly metadata: ObjectMeta
  readonly note?: string
  readonly reason?: string
  readonly regarding?: coreV1.ObjectReference
  readonly related?: coreV1.ObjectReference
  readonly reportingController?: string
  readonly reportingInstance?: string
  readonly series?: EventSeries
  readonly type?: string
}
export interface EventDraft {
  readonly action?: string
  readonly deprecatedCount?: number
  readonly deprecatedFirstTimestamp?: string
  readonly deprecatedLastTimestamp?: string
  readonly deprecatedSource?: coreV1.EventSource
  readonly eventTime: string
  readonly metadata: ObjectMetaDraft
  readonly note?: string
  readonly reason?: string
  readonly regarding?: coreV1.ObjectReference
  readonly related?: coreV1.ObjectReference
  readonly reportingController?: string
  readonly reportingInstance?: string
  readonly series?: EventSeries
  readonly type?: string
}
export const EventSchema: Field.Lazy<EventDraft> = define("events.v1.Event", () =>
  struct({
    action: optional(Text),
    deprecatedCount: optional(Int32),
    deprecatedFirstTimestamp: optional(Time),
    deprecatedLastTimestamp: optional(Time),
    deprecatedSource: optional(coreV1.EventSource()),
    eventTime: MicroTime,
    metadata: defaulted(ObjectMetaDraft(), {}),
    note: optional(Text),
    reason: optional(Text),
    regarding: optional(coreV1.ObjectReference()),
    related: optional(coreV1.ObjectReference()),
    reportingController: optional(Text),
    reportingInstance: optional(Text),
    series: optional(EventSeries()),
    type: optional(Text)
  }))
export const Event = Kind.make<Event, EventDraft>({
  kind: "Event",
  plural: "events",
  singular: "event",
  namespaced: true,
  storage: "events.events.k8s.io",
  verbs: ["list","watch","deletecollection","create","delete","get","patch","update"],
  shortNames: ["ev"],
  log: "events",
  versions: [{ group: "events.k8s.io", version: "v1", schema: asJson(EventSchema) }]
})

export interface EventSeries {
  readonly count: number
  readonly lastObservedTime: string
}
export const EventSeries: Field.Lazy<EventSeries> = define("events.v1.EventSeries", () =>
  struct({
    count: Int32,
    lastObservedTime: MicroTime
  }))
