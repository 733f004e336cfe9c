/** One request as the audit log tells of it: an event at each of its stages, to each sink as much as its policy wants. */
import type { Schema } from "effect"
import { randomUUID } from "node:crypto"
import type { User } from "../../kernel/pipeline/Attributes.ts"
import type { Event, Recording, Request, Sink } from "./contracts/Auditor.ts"
import { type Level, levels, type Stage } from "./contracts/Policy.ts"
import type { Wanted } from "./Matching.ts"

type Json = Schema.Json
type JsonObject = Schema.JsonObject

const rank = (level: Level) => levels.indexOf(level)
const isObject = (value: Json | undefined): value is JsonObject =>
  typeof value === "object" && value !== null && !Array.isArray(value)
const textOf = (value: Json | undefined) => (typeof value === "string" ? value : "")
/** Without what is empty, as Go writes it. */
const given = (fields: { readonly [name: string]: Json | undefined }): JsonObject => {
  const kept: { [name: string]: Json } = {}
  for (const [name, value] of Object.entries(fields)) if (value !== undefined && value !== "") kept[name] = value
  return kept
}

const userOf = ({ extra, groups, name, uid }: User): JsonObject =>
  given({
    username: name,
    uid,
    groups: groups.length > 0 ? [...groups] : undefined,
    extra: extra === undefined ? undefined : Object.fromEntries(Object.entries(extra).map(([key, all]) => [key, [...all]]))
  })

/** In microseconds, as Kubernetes writes times that need it. */
const timeOf = (millis: number) => new Date(millis).toISOString().replace("Z", "000Z")

const unmanaged = (object: Json | undefined): Json | undefined => {
  if (!isObject(object)) return object
  const { items, metadata } = object
  if (Array.isArray(items)) return { ...object, items: items.map((item: Json) => unmanaged(item) ?? null) }
  if (!isObject(metadata)) return object
  const { managedFields: _, ...rest } = metadata
  return { ...object, metadata: rest }
}

/** A failure with its words; of a success the code is all. */
const responseOf = (code: number, object: Json | undefined): JsonObject => {
  if (!isObject(object) || object["kind"] !== "Status") return { metadata: {}, code }
  const { details, message, reason, status } = object
  return given({ metadata: {}, status, message, reason, details, code })
}

/** What the object that was sent says of itself, where the address does not. */
const referenceOf = ({ object }: Request, sent: Json | undefined): JsonObject | undefined => {
  if (object === undefined) return undefined
  const { group, name, namespace, resource, subresource, version } = object
  const metadata = isObject(sent) && isObject(sent["metadata"]) ? sent["metadata"] : {}
  return given({
    resource,
    namespace: namespace || textOf(metadata["namespace"]),
    name: name || textOf(metadata["name"]),
    uid: textOf(metadata["uid"]),
    apiGroup: group,
    apiVersion: version,
    resourceVersion: textOf(metadata["resourceVersion"]),
    subresource
  })
}

export interface Listener {
  readonly sink: Sink
  readonly wanted: Wanted
}

/** `now` in milliseconds. The first event is told at once. */
export const make = (request: Request, listeners: ReadonlyArray<Listener>, now: () => number): Recording => {
  const id = randomUUID()
  const received = now()
  const annotations: { [key: string]: string } = {}
  const most = Math.max(...listeners.map(({ wanted }) => rank(wanted.level)))
  let [sent, answered]: [Json | undefined, Json | undefined] = [undefined, undefined]
  let other: User | undefined
  let response: JsonObject | undefined
  let isOver = false

  const eventOf = (stage: Stage, at: number, { level, omitManagedFields }: Wanted): Event => {
    const shown = (object: Json | undefined) => (omitManagedFields ? unmanaged(object) : object)
    return given({
      kind: "Event",
      apiVersion: "audit.k8s.io/v1",
      level,
      auditID: id,
      stage,
      requestURI: request.uri,
      verb: request.verb,
      user: request.user === undefined ? {} : userOf(request.user),
      impersonatedUser: other === undefined ? undefined : userOf(other),
      sourceIPs: [...request.addresses],
      userAgent: request.userAgent,
      objectRef: referenceOf(request, sent),
      responseStatus: response,
      requestObject: rank(level) >= rank("Request") ? shown(sent) : undefined,
      responseObject: level === "RequestResponse" ? shown(answered) : undefined,
      requestReceivedTimestamp: timeOf(received),
      stageTimestamp: timeOf(at),
      annotations: Object.keys(annotations).length > 0 ? { ...annotations } : undefined
    })
  }
  const tell = (stage: Stage) => {
    const at = now()
    for (const { sink, wanted } of listeners) if (!wanted.omitStages.has(stage)) sink.write(eventOf(stage, at, wanted))
  }
  const over = (stage: Stage) => {
    if (isOver) return
    isOver = true
    tell(stage)
  }
  // Of whom nobody knows only what he was answered is told.
  const isUnknown = request.user === undefined
  if (!isUnknown) tell("RequestReceived")
  return {
    id,
    wantsRequest: most >= rank("Request"),
    wantsResponse: most >= rank("RequestResponse"),
    annotate: (key, value) => {
      annotations[key] ??= value
    },
    impersonated: (user) => {
      other = user
    },
    sent: (object) => {
      sent = object
    },
    started: (code) => {
      response = responseOf(code, undefined)
      if (!isOver) tell("ResponseStarted")
    },
    complete: (code, object) => {
      if (isOver) return
      response = responseOf(code, object)
      answered = object
      over(isUnknown ? "ResponseStarted" : "ResponseComplete")
    },
    panicked: (why) => {
      response = given({ metadata: {}, status: "Failure", message: why, reason: "InternalError", code: 500 })
      over("Panic")
    }
  }
}
