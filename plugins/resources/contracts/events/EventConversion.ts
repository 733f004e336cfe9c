/**
 * An Event as events.k8s.io/v1 shows it, and as core/v1 does, in which it is stored: some of its fields have other names.
 * Source: API reference, Event of both groups.
 */
import type { Schema } from "effect"

const names: ReadonlyArray<readonly [events: string, core: string]> = [
  ["regarding", "involvedObject"],
  ["note", "message"],
  ["reportingController", "reportingComponent"],
  ["deprecatedSource", "source"],
  ["deprecatedFirstTimestamp", "firstTimestamp"],
  ["deprecatedLastTimestamp", "lastTimestamp"],
  ["deprecatedCount", "count"]
]
const coreOf = new Map(names)
const eventsOf = new Map(names.map(([events, core]) => [core, events]))

const renamed = (object: Schema.JsonObject, nameOf: ReadonlyMap<string, string>): Schema.JsonObject =>
  Object.fromEntries(Object.entries(object).map(([name, value]) => [nameOf.get(name) ?? name, value]))

/** In core/v1 they are always there, in events.k8s.io/v1 only where somebody said something. */
const reporter = ["reportingComponent", "reportingInstance"]
const unsaid = Object.fromEntries(reporter.map((name) => [name, ""]))
const isSaid = ([name, value]: readonly [string, Schema.Json]) => !(reporter.includes(name) && value === "")

export const from = (wire: Schema.JsonObject) => ({ ...unsaid, ...renamed(wire, coreOf) })
export const to = (object: Schema.JsonObject) => renamed(Object.fromEntries(Object.entries(object).filter(isSaid)), eventsOf)
