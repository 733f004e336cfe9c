/** What the door itself refuses, before there is a request on objects: the failures that only HTTP knows. */
import { Schema } from "effect"
import type { WireObject } from "../../kernel/client/Api.ts"
import { NotFound } from "../../kernel/client/Errors.ts"
import { type Failure, toStatus } from "../../kernel/client/Status.ts"

export class Refused extends Schema.TaggedError<Refused>()("Refused", {
  code: Schema.Int,
  reason: Schema.String,
  detail: Schema.String
}) {}

/** All that can go wrong at the door. */
export type DoorError = Failure | Refused

export const notFound = new NotFound({ group: "", resource: "", namespace: "", name: "" })

/** Of a path that leads to no API at all: a text, as upstream answers it, and no Status. */
export const noPage = new Refused({ code: 404, reason: "NotFound", detail: "404 page not found" })

export const methodNotAllowed = new Refused({
  code: 405,
  reason: "MethodNotAllowed",
  detail: "the server does not allow this method on the requested resource"
})

export const notAcceptable = (detail: string) => new Refused({ code: 406, reason: "NotAcceptable", detail })

export const badGateway = (detail: string) => new Refused({ code: 502, reason: "InternalError", detail })

export const internal = (detail: string) =>
  new Refused({ code: 500, reason: "InternalError", detail: `Internal error occurred: ${detail}` })

export const statusOf = (error: DoorError): WireObject & { readonly code: number } =>
  error._tag === "Refused"
    ? {
        kind: "Status",
        apiVersion: "v1",
        metadata: {},
        status: "Failure",
        message: error.detail,
        reason: error.reason,
        details: {},
        code: error.code
      }
    : toStatus(error)
