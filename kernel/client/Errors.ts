/**
 * What can go wrong with a request on objects: one class a fact, with the fields that its Status shows. Whoever asks for
 * objects, in the server or over HTTPS, meets these and `Unavailable`, and no others. Source: API conventions, "Response Status Kind".
 */
import { Schema } from "effect"
import type { Unavailable } from "../plugin/Contract.ts"
import { messageOf } from "./Messages.ts"

const { Array: List, Boolean: Bool, Int, Literals, String: Text, Struct, optionalKey } = Schema

/** Of what object it is told. `resource` is the plural; `namespace` and `name` are empty where there is none. */
const where = { group: Text, resource: Text, namespace: Text, name: Text }

/** `type` is Kubernetes' word for the cause; `detail` its message without the field. */
export const Cause = Struct({
  field: Text,
  type: Literals([
    "FieldValueRequired",
    "FieldValueInvalid",
    "FieldValueNotSupported",
    "FieldValueForbidden",
    "FieldValueDuplicate",
    "FieldValueTooLong",
    "FieldValueTooMany",
    "FieldValueNotFound",
    "FieldValueTypeInvalid",
    "InternalError"
  ]),
  detail: Text
})
export type Cause = typeof Cause.Type

export class NotFound extends Schema.TaggedError<NotFound>()("NotFound", where) {
  override get message(): string {
    return messageOf(this)
  }
}
/** `isEnding`: what has the name is being deleted. */
export class AlreadyExists extends Schema.TaggedError<AlreadyExists>()("AlreadyExists", {
  ...where,
  isEnding: optionalKey(Bool)
}) {
  override get message(): string {
    return messageOf(this)
  }
}
/** The object is no longer what the caller had read, or a precondition (uid, resourceVersion) does not hold. */
export class Conflict extends Schema.TaggedError<Conflict>()("Conflict", { ...where, detail: Text }) {
  override get message(): string {
    return messageOf(this)
  }
}
/** Server-side apply would take fields that others own. `causes`: the field, and who owns it. */
export class ApplyConflict extends Schema.TaggedError<ApplyConflict>()("ApplyConflict", {
  ...where,
  causes: List(Struct({ field: Text, detail: Text }))
}) {
  override get message(): string {
    return messageOf(this)
  }
}
/** `kind` as in `Pod "a" is invalid`. Without one the request cannot be carried out at all, such as a patch that does not apply. */
export class Invalid extends Schema.TaggedError<Invalid>()("Invalid", { ...where, kind: Text, causes: List(Cause) }) {
  override get message(): string {
    return messageOf(this)
  }
}
/** The request itself makes no sense: a body that is no object, a selector that does not parse, an option that is not known. */
export class BadRequest extends Schema.TaggedError<BadRequest>()("BadRequest", { detail: Text }) {
  override get message(): string {
    return messageOf(this)
  }
}
export class Unauthorized extends Schema.TaggedError<Unauthorized>()("Unauthorized", { detail: Text }) {
  override get message(): string {
    return messageOf(this)
  }
}
/** By authorization or by admission. */
export class Forbidden extends Schema.TaggedError<Forbidden>()("Forbidden", {
  ...where,
  detail: Text,
  /** What clients may act by, such as NamespaceTerminating. */
  causes: optionalKey(List(Struct({ reason: Text, message: Text, field: optionalKey(Text) })))
}) {
  override get message(): string {
    return messageOf(this)
  }
}
export class MethodNotAllowed extends Schema.TaggedError<MethodNotAllowed>()("MethodNotAllowed", { ...where, verb: Text }) {
  override get message(): string {
    return messageOf(this)
  }
}
/** The revision asked for is compacted, or a continue token too old. `token`: where a list may go on, inconsistently. */
export class Expired extends Schema.TaggedError<Expired>()("Expired", { detail: Text, token: optionalKey(Text) }) {
  override get message(): string {
    return messageOf(this)
  }
}
/** The revision asked for is not there, and did not come in time. */
export class TooLargeResourceVersion extends Schema.TaggedError<TooLargeResourceVersion>()("TooLargeResourceVersion", {
  asked: Int,
  current: Int
}) {
  override get message(): string {
    return messageOf(this)
  }
}
/** Such as an eviction that a disruption budget does not allow now. */
export class TooManyRequests extends Schema.TaggedError<TooManyRequests>()("TooManyRequests", {
  detail: Text,
  /** 0: whoever asks comes back when he likes. */
  retryAfterSeconds: Int,
  causes: optionalKey(List(Struct({ reason: Text, message: Text })))
}) {
  override get message(): string {
    return messageOf(this)
  }
}
export class RequestTooLarge extends Schema.TaggedError<RequestTooLarge>()("RequestTooLarge", { limit: Int }) {
  override get message(): string {
    return messageOf(this)
  }
}
export class UnsupportedMediaType extends Schema.TaggedError<UnsupportedMediaType>()("UnsupportedMediaType", {
  given: Text,
  supported: List(Text)
}) {
  override get message(): string {
    return messageOf(this)
  }
}
export const Details = Struct({
  name: optionalKey(Text),
  group: optionalKey(Text),
  kind: optionalKey(Text),
  uid: optionalKey(Text),
  causes: optionalKey(List(Struct({ reason: optionalKey(Text), message: optionalKey(Text), field: optionalKey(Text) }))),
  retryAfterSeconds: optionalKey(Int)
})

/** What somebody else has said, passed on as it is: a webhook's refusal, or an error inside the server. `details` as in a Status. */
export class StatusError extends Schema.TaggedError<StatusError>()("StatusError", {
  code: Int,
  reason: Text,
  detail: Text,
  details: optionalKey(Details)
}) {
  override get message(): string {
    return messageOf(this)
  }
}
/** An error inside the server, or in what it asks, as upstream tells it. */
export const internalError = (detail: string) =>
  new StatusError({
    code: 500,
    reason: "InternalError",
    detail: `Internal error occurred: ${detail}`,
    details: { causes: [{ message: detail }] }
  })

/** All of them: the errors of every method that reads or writes objects. */
export const all = [
  NotFound,
  AlreadyExists,
  Conflict,
  ApplyConflict,
  Invalid,
  BadRequest,
  Unauthorized,
  Forbidden,
  MethodNotAllowed,
  Expired,
  TooLargeResourceVersion,
  TooManyRequests,
  RequestTooLarge,
  UnsupportedMediaType,
  StatusError
] as const
export type ApiError = InstanceType<(typeof all)[number]>

/** How each failure looks to kubectl. One without a row does not compile. */
export const statusOf = {
  NotFound: { code: 404, reason: "NotFound" },
  AlreadyExists: { code: 409, reason: "AlreadyExists" },
  Conflict: { code: 409, reason: "Conflict" },
  ApplyConflict: { code: 409, reason: "Conflict" },
  Invalid: { code: 422, reason: "Invalid" },
  BadRequest: { code: 400, reason: "BadRequest" },
  Unauthorized: { code: 401, reason: "Unauthorized" },
  Forbidden: { code: 403, reason: "Forbidden" },
  MethodNotAllowed: { code: 405, reason: "MethodNotAllowed" },
  Expired: { code: 410, reason: "Expired" },
  TooLargeResourceVersion: { code: 504, reason: "Timeout" },
  TooManyRequests: { code: 429, reason: "TooManyRequests" },
  RequestTooLarge: { code: 413, reason: "RequestEntityTooLarge" },
  UnsupportedMediaType: { code: 415, reason: "UnsupportedMediaType" },
  // Its own are told.
  StatusError: { code: 500, reason: "InternalError" },
  Unavailable: { code: 503, reason: "ServiceUnavailable" }
} as const satisfies { readonly [_ in (ApiError | Unavailable)["_tag"]]: { readonly code: number; readonly reason: string } }
