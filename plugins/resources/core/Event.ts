/** Events: what they are found by, and how they are shown. */
import * as Age from "../../../kernel/resource/Age.ts"
import type { Strategy } from "../../../kernel/resource/Strategy.ts"
import { text, unknown, wide } from "../Columns.ts"
import type * as Core from "../contracts/core/v1.ts"

const lastSeen = ({ eventTime, firstTimestamp, lastTimestamp, series }: Core.Event) =>
  series?.lastObservedTime ?? lastTimestamp ?? firstTimestamp ?? eventTime
const firstSeen = ({ eventTime, firstTimestamp }: Core.Event) => firstTimestamp ?? eventTime

const objectOf = ({ involvedObject: { kind = "", name = "" } }: Core.Event) => `${kind.toLowerCase()}/${name}`
const sourceOf = ({ reportingComponent = "", reportingInstance = "", source }: Core.Event) => {
  const { component = reportingComponent, host = reportingInstance } = source ?? {}
  return host === "" ? component : `${component}, ${host}`
}

export const strategy: Strategy<Core.Event> = {
  selectable: {
    "involvedObject.kind": ({ involvedObject }) => involvedObject.kind ?? "",
    "involvedObject.namespace": ({ involvedObject }) => involvedObject.namespace ?? "",
    "involvedObject.name": ({ involvedObject }) => involvedObject.name ?? "",
    "involvedObject.uid": ({ involvedObject }) => involvedObject.uid ?? "",
    "involvedObject.apiVersion": ({ involvedObject }) => involvedObject.apiVersion ?? "",
    "involvedObject.resourceVersion": ({ involvedObject }) => involvedObject.resourceVersion ?? "",
    "involvedObject.fieldPath": ({ involvedObject }) => involvedObject.fieldPath ?? "",
    reason: ({ reason = "" }) => reason,
    reportingComponent: ({ reportingComponent = "" }) => reportingComponent,
    source: ({ reportingComponent = "", source }) => source?.component || reportingComponent,
    type: ({ type = "" }) => type
  },
  columns: [
    text("Last Seen", "When it happened last.", (event, now) => Age.since(lastSeen(event), now)),
    text("Type", "Whether it is a warning.", ({ type = "" }) => type),
    text("Reason", "What happened, in one word.", ({ reason = "" }) => reason),
    text("Object", "What it happened to.", objectOf),
    wide(text("Subobject", "Which part of it.", ({ involvedObject }) => involvedObject.fieldPath ?? "")),
    wide(text("Source", "Who saw it.", sourceOf)),
    text("Message", "What happened.", ({ message = "" }) => message.trim()),
    wide(
      text("First Seen", "When it happened first.", (event, now) =>
        firstSeen(event) ? Age.since(firstSeen(event), now) : unknown
      )
    ),
    wide(text("Count", "How often it happened.", ({ count = 0, series }) => `${series?.count ?? (count > 0 ? count : 1)}`)),
    wide({
      name: "Name",
      type: "string",
      format: "name",
      description: "The name of the event.",
      value: ({ metadata }) => metadata.name
    })
  ]
}
