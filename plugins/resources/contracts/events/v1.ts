// Generated from the API description of Kubernetes 1.36 by plugins/resources/generate. Do not edit.
import * as Field from "../../../../kernel/resource/Field.ts"
import { ObjectMetaDraft, type ObjectMeta } from "../../../../kernel/resource/Metadata.ts"
import * as coreV1 from "../core/v1.ts"

const { Int32, MicroTime, Text, Time, define, defaulted, optional, struct } = Field

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
    action: optional(Text),
    deprecatedCount: optional(Int32),
    deprecatedFirstTimestamp: optional(Time),
    deprecatedLastTimestamp: optional(Time),
    deprecatedSource: defaulted(coreV1.EventSource(), {}),
    eventTime: optional(MicroTime),
    metadata: defaulted(ObjectMetaDraft(), {}),
    note: optional(Text),
    reason: optional(Text),
    regarding: defaulted(coreV1.ObjectReference(), {}),
    related: optional(coreV1.ObjectReference()),
    reportingController: optional(Text),
    reportingInstance: optional(Text),
    series: optional(EventSeries()),
    type: optional(Text)
  }), { omitted: ["action","deprecatedCount","note","reason","reportingController","reportingInstance","type"], parts: ["deprecatedSource","metadata","regarding"] })

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
    count: defaulted(Int32, 0),
    lastObservedTime: optional(MicroTime)
  }), { parts: ["count"] })
