// Generated from the API description of Kubernetes 1.36 by plugins/resources/generate. Do not edit.
import * as Field from "../../../../kernel/resource/Field.ts"
import { ObjectMetaDraft, type ObjectMeta } from "../../../../kernel/resource/Metadata.ts"
import * as coreV1 from "../core/v1.ts"

const { Int32, MicroTime, Text, Time, define, defaulted, filled, fleeting, optional, struct } = Field

export interface Event {
  readonly action?: string
  readonly deprecatedCount?: number
  readonly deprecatedFirstTimestamp?: string
  readonly deprecatedLastTimestamp?: string
  readonly deprecatedSource: coreV1.EventSource
  readonly eventTime?: string
  readonly metadata: ObjectMeta
  readonly note?: string
  readonly reason?: string
  readonly regarding: coreV1.ObjectReference
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
  readonly eventTime?: string
  readonly metadata: ObjectMetaDraft
  readonly note?: string
  readonly reason?: string
  readonly regarding?: coreV1.ObjectReference
  readonly related?: coreV1.ObjectReference
  readonly reportingController?: string
  readonly reportingInstance?: string
  readonly series?: EventSeriesDraft
  readonly type?: string
}
export const EventSchema: Field.Lazy<EventDraft> = define("events.v1.Event", () =>
  struct({
    action: fleeting(Text),
    deprecatedCount: fleeting(Int32),
    deprecatedFirstTimestamp: optional(Time),
    deprecatedLastTimestamp: optional(Time),
    deprecatedSource: defaulted(coreV1.EventSource(), {}),
    eventTime: optional(MicroTime),
    metadata: defaulted(ObjectMetaDraft(), {}),
    note: fleeting(Text),
    reason: fleeting(Text),
    regarding: defaulted(coreV1.ObjectReference(), {}),
    related: optional(coreV1.ObjectReference()),
    reportingController: fleeting(Text),
    reportingInstance: fleeting(Text),
    series: optional(EventSeries()),
    type: fleeting(Text)
  }))

export interface EventSeries {
  readonly count: number
  readonly lastObservedTime?: string
}
export interface EventSeriesDraft {
  readonly count?: number
  readonly lastObservedTime?: string
}
export const EventSeries: Field.Lazy<EventSeries> = define("events.v1.EventSeries", () =>
  struct({
    count: filled(Int32, 0),
    lastObservedTime: optional(MicroTime)
  }))
