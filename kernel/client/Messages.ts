/** What each failure says, in the words of the upstream API server, because scripts and tests of users match them. */
import { Predicate } from "effect"
import type { Unavailable } from "../plugin/Contract.ts"
import type * as Errors from "./Errors.ts"

export type Failure = Errors.ApiError | Unavailable

export interface Where {
  readonly group: string
  readonly resource: string
  readonly name: string
}

export const quote = (text: string) => JSON.stringify(text)
export const qualified = (name: string, group: string) => (group === "" ? name : `${name}.${group}`)
export const resourceOf = ({ group, resource }: Where) => qualified(resource, group)
export const detailsOf = ({ group, resource, name }: Where) => ({
  ...(name !== "" && { name }),
  ...(group !== "" && { group }),
  ...(resource !== "" && { kind: resource })
})

/** One error stands alone, several in brackets, none twice. */
const aggregate = (messages: ReadonlyArray<string>) => {
  const different = [...new Set(messages)]
  return different.length === 1 ? `${different[0]}` : `[${different.join(", ")}]`
}

export const ownerOf = ({ detail }: { readonly detail: string }) => detail.replace(/^conflict with /, "")
const applyConflict = ({ causes }: Errors.ApplyConflict) => {
  const [only] = causes
  if (only !== undefined && causes.length === 1) {
    return `Apply failed with 1 conflict: conflict with ${ownerOf(only)}: ${only.field}`
  }
  const groups = [...Map.groupBy(causes, ownerOf)].toSorted(([a], [b]) => (a < b ? -1 : 1))
  const lines = groups.map(
    ([owner, fields]) => `conflicts with ${owner}:\n${fields.map((it) => `- ${it.field}`).join("\n")}`
  )
  return `Apply failed with ${causes.length} conflicts: ${lines.join("\n")}`
}

const forbidden = ({ detail, ...at }: Errors.Forbidden) => {
  if (at.resource === "") return `forbidden: ${detail}`
  return at.name === ""
    ? `${resourceOf(at)} is forbidden: ${detail}`
    : `${resourceOf(at)} ${quote(at.name)} is forbidden: ${detail}`
}

const causeText = (cause: unknown): string =>
  Predicate.hasProperty(cause, "message") && cause.message !== "" ? String(cause.message) : String(cause)

export const messageOf = (error: Failure): string => {
  switch (error._tag) {
    case "NotFound":
      if (error.resource === "") return "the server could not find the requested resource"
      return `${resourceOf(error)} ${quote(error.name)} not found`
    case "AlreadyExists":
      return `${error.isEnding === true ? "object is being deleted: " : ""}${resourceOf(error)} ${quote(error.name)} already exists`
    case "Conflict":
      return `Operation cannot be fulfilled on ${resourceOf(error)} ${quote(error.name)}: ${error.detail}`
    case "ApplyConflict":
      return applyConflict(error)
    case "Invalid": {
      // What cannot be processed, whatever the object is: the causes say why.
      if (error.kind === "" && error.group === "") return "the server rejected our request due to an error in our request"
      const about = `${qualified(error.kind, error.group)} ${quote(error.name)} is invalid`
      if (error.causes.length === 0) return about
      return `${about}: ${aggregate(error.causes.map(({ detail, field }) => `${field}: ${detail}`))}`
    }
    case "Forbidden":
      return forbidden(error)
    case "MethodNotAllowed":
      if (error.resource === "") return "the server does not allow this method on the requested resource"
      return `${error.verb} is not supported on resources of kind ${quote(resourceOf(error))}`
    case "TooLargeResourceVersion":
      return `Timeout: Too large resource version: ${error.asked}, current: ${error.current}`
    case "RequestTooLarge":
      return `Request entity too large: limit is ${error.limit}`
    case "UnsupportedMediaType":
      return `the body of the request was in an unknown format - accepted media types include: ${error.supported.join(", ")}`
    case "Unavailable":
      return `${error.contract} is unavailable: ${causeText(error.cause)}`
    default:
      return error.detail
  }
}
