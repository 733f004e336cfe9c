/** Events: what they are found by, and how they are shown. */
import type { Schema } from "effect"
import * as Age from "../../../kernel/resource/Age.ts"
import type { Strategy } from "../../../kernel/resource/Strategy.ts"
import { text, unknown, wide } from "../Columns.ts"
import * as EventConversion from "../contracts/events/EventConversion.ts"
import { validateCore, validateEvents } from "./EventValidation.ts"
import * as Core from "../contracts/core/v1.ts"

const lastSeen = ({ eventTime, firstTimestamp, lastTimestamp, series }: Core.Event) =>
  series?.lastObservedTime ?? lastTimestamp ?? firstTimestamp ?? eventTime
const firstSeen = ({ eventTime, firstTimestamp }: Core.Event) => firstTimestamp ?? eventTime

const objectOf = ({ involvedObject: { kind = "", name = "" } }: Core.Event) => `${kind.toLowerCase()}/${name}`
const sourceOf = ({ reportingComponent = "", reportingInstance = "", source }: Core.Event) => {
  const { component = reportingComponent, host = reportingInstance } = source ?? {}
  return host === "" ? component : `${component}, ${host}`
}

/** They have been decoded, hence the casts. */
const asCore = (object: Schema.JsonObject) => object as unknown as Core.Event
const asStored = (shown: Schema.JsonObject) => EventConversion.from(shown) as unknown as Core.Event

const ofCore = (object: Schema.JsonObject, old: Schema.JsonObject | undefined) =>
  validateCore(asCore(object), old && asCore(old))
const ofEvents = (object: Schema.JsonObject, old: Schema.JsonObject | undefined) =>
  validateEvents(asStored(object), old && asStored(old))

const [first, ...others] = Core.Event.versions
/** Who writes it as events.k8s.io has it has to say more. */
export const kind: typeof Core.Event = {
  ...Core.Event,
  versions: [
    { ...first, validate: ofCore, selectable: (field) => !/^regarding\.|^reportingController$/.test(field) },
    ...others.map((version) => ({
      ...version,
      validate: ofEvents,
      selectable: (field: string) => !/^involvedObject\.|^(?:source|reportingComponent)$/.test(field)
    }))
  ]
}

export const strategy: Strategy<Core.Event> = {
  // Old events are called after what they are of.
  names: () => [],
  createOnUpdate: true,
  selectable: {
    "involvedObject.kind": ({ involvedObject }) => involvedObject.kind ?? "",
    "involvedObject.namespace": ({ involvedObject }) => involvedObject.namespace ?? "",
    "involvedObject.name": ({ involvedObject }) => involvedObject.name ?? "",
    "involvedObject.uid": ({ involvedObject }) => involvedObject.uid ?? "",
    "involvedObject.apiVersion": ({ involvedObject }) => involvedObject.apiVersion ?? "",
    "involvedObject.resourceVersion": ({ involvedObject }) => involvedObject.resourceVersion ?? "",
    "involvedObject.fieldPath": ({ involvedObject }) => involvedObject.fieldPath ?? "",
    ...Object.fromEntries(
      ["kind", "namespace", "name", "uid", "apiVersion", "resourceVersion", "fieldPath"].map((name) => [
        `regarding.${name}`,
        ({ involvedObject }: Core.Event) => String(new Map<string, unknown>(Object.entries(involvedObject)).get(name) ?? "")
      ])
    ),
    reportingController: ({ reportingComponent = "" }) => reportingComponent,
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
    wide(text("Count", "How often it happened.", ({ count = 0, series }) => series?.count ?? (count > 0 ? count : 1))),
    wide({
      name: "Name",
      type: "string",
      format: "name",
      description: "The name of the event.",
      value: ({ metadata }) => metadata.name
    })
  ]
}
