/**
 * A failure as Kubernetes shows it, and back: the `Status` object that kubectl and client libraries read. The words are those
 * of the upstream API server, because scripts and tests of users match them. Source: API conventions, "Response Status Kind".
 */
import { Schema } from "effect"
import { Unavailable } from "../plugin/Contract.ts"
import type { WireObject } from "./Api.ts"
import * as Errors from "./Errors.ts"
import { detailsOf, type Failure, messageOf, ownerOf, quote, type Where } from "./Messages.ts"

export { type Failure, messageOf } from "./Messages.ts"

const { Int, String: Text, Struct, optionalKey } = Schema

export const Status = Struct({
  metadata: optionalKey(Struct({ continue: optionalKey(Text) })),
  status: optionalKey(Text),
  message: optionalKey(Text),
  reason: optionalKey(Text),
  details: optionalKey(Errors.Details),
  code: optionalKey(Int)
})
export type Status = typeof Status.Type

/** The cause by which both of our ends keep what a 503 says of a write. */
const applied = "WriteApplied"

const details = (error: Failure): Status["details"] => {
  switch (error._tag) {
    case "Invalid": {
      const causes = error.causes.map(({ detail, field, type }) => ({ reason: type, message: detail, field }))
      return { ...detailsOf({ ...error, resource: error.kind }), causes }
    }
    case "ApplyConflict": {
      const causes = error.causes.map((cause) => ({
        reason: "FieldManagerConflict",
        message: `conflict with ${ownerOf(cause)}`,
        field: cause.field
      }))
      return { causes }
    }
    case "TooLargeResourceVersion": {
      const causes = [{ reason: "ResourceVersionTooLarge", message: "Too large resource version" }]
      return { causes, retryAfterSeconds: 1 }
    }
    case "TooManyRequests":
      return {
        ...(error.causes !== undefined && { causes: error.causes }),
        ...(error.retryAfterSeconds > 0 && { retryAfterSeconds: error.retryAfterSeconds })
      }
    case "Unavailable": {
      const causes = [{ reason: applied, message: error.applied }]
      return error.applied === "no" ? { causes, retryAfterSeconds: 1 } : { causes }
    }
    case "NotFound":
    case "AlreadyExists":
    case "Conflict":
    case "MethodNotAllowed":
      return detailsOf(error)
    case "Forbidden":
      return { ...detailsOf(error), ...(error.causes !== undefined && { causes: error.causes }) }
    default:
      return undefined
  }
}

/** Whether a write was done is not known: its client has to look, and must not be told to send it again. */
const unknown = { code: 504, reason: "Timeout" }

const told = ({ code, detail, details, reason }: Errors.StatusError) => ({
  kind: "Status",
  apiVersion: "v1",
  metadata: {},
  status: "Failure",
  message: detail,
  ...(reason !== "" && { reason }),
  ...(details !== undefined && { details }),
  code
})

/** The `Status` that tells of a failure; `code` is also the HTTP status. */
export const toStatus = (error: Failure): WireObject & Status & { readonly code: number } => {
  if (error._tag === "StatusError") return told(error)
  const more = details(error)
  const token = error._tag === "Expired" ? error.token : undefined
  const { code, reason } =
    error._tag === "Unavailable" && error.applied === "unknown" ? unknown : Errors.statusOf[error._tag]
  return {
    kind: "Status",
    apiVersion: "v1",
    metadata: token === undefined ? {} : { continue: token },
    status: "Failure",
    message: messageOf(error),
    reason,
    ...(more !== undefined && { details: more }),
    code
  }
}

/** What a request was about: a Status does not name the namespace, and may leave out the rest. */
export interface Asked extends Where {
  readonly namespace: string
}

const after = (message: string, mark: string) => {
  const at = message.indexOf(mark)
  return at < 0 ? message : message.slice(at + mark.length)
}

const isCauseType = Schema.is(Errors.Cause.fields.type)
const invalidCauses = (
  causes: ReadonlyArray<{ readonly reason?: string; readonly message?: string; readonly field?: string }>
): ReadonlyArray<Errors.Cause> =>
  causes.map(({ field = "", message = "", reason }) => ({
    field,
    type: isCauseType(reason) ? reason : "FieldValueInvalid",
    detail: message
  }))

const reasonOfCode: { readonly [code: number]: string } = {
  400: "BadRequest",
  401: "Unauthorized",
  403: "Forbidden",
  404: "NotFound",
  405: "MethodNotAllowed",
  406: "BadRequest",
  410: "Expired",
  413: "RequestEntityTooLarge",
  415: "UnsupportedMediaType",
  422: "Invalid",
  429: "TooManyRequests"
}

const decode = Schema.decodeUnknownOption(Status)
const readStatus = (json: unknown, code: number): Status => {
  const read = decode(json)
  if (read._tag === "Some") return read.value
  return { code, message: typeof json === "string" && json.trim() !== "" ? json.trim() : `the server answered ${code}` }
}

/** The failure that a `Status` tells of. `json` may also be whatever a proxy on the way has answered with. */
export const fromStatus = (json: unknown, asked: Asked, httpCode = 500): Failure => {
  const { details: about = {}, metadata, code = httpCode, message = "", reason = "" } = readStatus(json, httpCode)
  const { causes = [], retryAfterSeconds = 1 } = about
  const has = (word: string) => causes.find((cause) => cause.reason === word)
  const where = {
    group: about.group ?? asked.group,
    resource: about.kind ?? asked.resource,
    namespace: asked.namespace,
    name: about.name ?? asked.name
  }
  switch (reason === "" || reason === "Unknown" ? (reasonOfCode[code] ?? "") : reason) {
    case "NotFound":
      return new Errors.NotFound(where)
    case "AlreadyExists":
      return new Errors.AlreadyExists(where)
    case "Conflict": {
      if (!has("FieldManagerConflict")) {
        return new Errors.Conflict({ ...where, detail: after(message, `${quote(where.name)}: `) })
      }
      const owners = causes.map(({ field = "", message = "" }) => ({ field, detail: message }))
      return new Errors.ApplyConflict({ ...where, causes: owners })
    }
    case "Invalid":
      return new Errors.Invalid({
        ...where,
        resource: asked.resource,
        kind: about.kind ?? asked.resource,
        causes: causes.length > 0 ? invalidCauses(causes) : invalidCauses([{ message }])
      })
    case "BadRequest":
    case "NotAcceptable":
      return new Errors.BadRequest({ detail: message })
    case "Unauthorized":
      return new Errors.Unauthorized({ detail: message })
    case "Forbidden":
      return new Errors.Forbidden({ ...where, detail: after(message, "forbidden: ") })
    case "MethodNotAllowed":
      return new Errors.MethodNotAllowed({ ...where, verb: /^(.*) is not supported/.exec(message)?.[1] ?? "" })
    case "Expired":
    case "Gone":
      return new Errors.Expired({ detail: message, ...(metadata?.continue && { token: metadata.continue }) })
    case "TooManyRequests":
      return new Errors.TooManyRequests({ detail: message, retryAfterSeconds })
    case "RequestEntityTooLarge":
      return new Errors.RequestTooLarge({ limit: Number(/\d+/.exec(message)?.[0] ?? 0) })
    case "UnsupportedMediaType":
      return new Errors.UnsupportedMediaType({ given: "", supported: after(message, "include: ").split(", ") })
  }
  if (has("ResourceVersionTooLarge")) {
    const [asked = 0, current = 0] = (message.match(/\d+/g) ?? []).map(Number)
    return new Errors.TooLargeResourceVersion({ asked, current })
  }
  // It was heard and refused, such as by a webhook. An error inside the server may pass.
  if (reason !== "" && code < 500) return new Errors.StatusError({ code, reason, detail: message })
  const isKept = has(applied)?.message === "no"
  return new Unavailable({ contract: "kernel/Api", applied: isKept ? "no" : "unknown", cause: new Error(message) })
}
