/**
 * The query of a request, read as the upstream API server reads it: names that it does not know are ignored, a flag is set
 * by any value but `false` and `0`, and options that do not go together are refused in its words.
 * Source: meta/v1 ListOptions and its validation (KEP-365, KEP-3157).
 */
import { Result } from "effect"
import type { ListOptions, SelectOptions, WatchOptions } from "../../kernel/pipeline/Pipeline.ts"
import { BadRequest, type Cause, Invalid } from "../../kernel/client/Errors.ts"
import * as Causes from "../../kernel/resource/Causes.ts"

/** As the conversion of Go's library words it. */
export const integer = (query: URLSearchParams, name: string): Result.Result<number | undefined, BadRequest> => {
  const text = query.get(name)
  if (text === null || text === "") return Result.succeed(undefined)
  return /^[+-]?\d{1,15}$/.test(text)
    ? Result.succeed(Number(text))
    : Result.fail(new BadRequest({ detail: `strconv.ParseInt: parsing ${JSON.stringify(text)}: invalid syntax` }))
}

export const flag = (query: URLSearchParams, name: string): boolean | undefined => {
  const text = query.get(name)?.toLowerCase()
  return text === undefined ? undefined : text !== "false" && text !== "0"
}

/** The options of an API's verb that contradict themselves or each other. */
export const invalidOptions = (kind: string, causes: ReadonlyArray<Cause>) =>
  new Invalid({ group: "meta.k8s.io", resource: "", namespace: "", name: "", kind, causes })

const orNothing = (text: string | null) => (text === null || text === "" ? undefined : text)

const field = "resourceVersionMatch"
const newerOk = "NotOlderThan"

const listCauses = (query: URLSearchParams): ReadonlyArray<Cause> => {
  const match = query.get(field) ?? ""
  const version = query.get("resourceVersion") ?? ""
  const causes: Array<Cause> = []
  if (match !== "") {
    if (version === "") causes.push(Causes.forbidden(field, `${field} is forbidden unless resourceVersion is provided`))
    if (orNothing(query.get("continue")) !== undefined) {
      causes.push(Causes.forbidden(field, `${field} is forbidden when continue is provided`))
    }
    if (match !== "Exact" && match !== newerOk) causes.push(Causes.notSupported(field, match, ["Exact", newerOk, ""]))
    if (match === "Exact" && version === "0") {
      causes.push(Causes.forbidden(field, `${field} "exact" is forbidden for resourceVersion "0"`))
    }
  }
  if (query.has("sendInitialEvents")) {
    causes.push(Causes.forbidden("sendInitialEvents", "sendInitialEvents is forbidden for list"))
  }
  return causes
}

/** What was not said of how a watch begins: without a version, or with 0, it begins with what there is. */
const beginning = (query: URLSearchParams) => {
  const match = query.get(field) ?? ""
  const version = query.get("resourceVersion") ?? ""
  const isSaid = query.has("sendInitialEvents") || match !== ""
  const isDefault = !isSaid && (version === "" || version === "0")
  return {
    match: isDefault ? newerOk : match,
    sendInitialEvents: isDefault ? true : flag(query, "sendInitialEvents")
  }
}

const watchCauses = (query: URLSearchParams): ReadonlyArray<Cause> => {
  const { match, sendInitialEvents } = beginning(query)
  const isInitial = sendInitialEvents !== undefined
  const causes: Array<Cause> = []
  if (isInitial && match !== newerOk) {
    causes.push(Causes.forbidden(field, `sendInitialEvents requires setting ${field} to ${newerOk}`))
  }
  if (match !== "") {
    if (!isInitial) {
      causes.push(Causes.forbidden(field, `${field} is forbidden for watch unless sendInitialEvents is provided`))
    }
    if (match !== newerOk) causes.push(Causes.notSupported(field, match, [newerOk]))
    if (orNothing(query.get("continue")) !== undefined) {
      causes.push(Causes.forbidden(field, `${field} is forbidden when continue is provided`))
    }
  }
  return causes
}

const none: ListOptions = {}

/** Leaves out what was not asked. */
const given = <A extends object>(options: { readonly [K in keyof A]: A[K] | undefined }): A =>
  // Only keys without a value are taken away, hence the cast.
  Object.fromEntries(Object.entries(options).filter(([, value]) => value !== undefined)) as A

export const selectors = (query: URLSearchParams): SelectOptions =>
  given<SelectOptions>({
    labelSelector: orNothing(query.get("labelSelector")),
    fieldSelector: orNothing(query.get("fieldSelector"))
  })

export const list = (query: URLSearchParams): Result.Result<ListOptions, BadRequest | Invalid> => {
  if (query.size === 0) return Result.succeed(none)
  const causes = listCauses(query)
  const limit = integer(query, "limit")
  if (Result.isFailure(limit)) return Result.fail(limit.failure)
  const timeout = integer(query, "timeoutSeconds")
  if (Result.isFailure(timeout)) return Result.fail(timeout.failure)
  if (causes.length > 0) return Result.fail(invalidOptions("ListOptions", causes))
  const match = query.get(field)
  return Result.succeed(
    given<ListOptions>({
      ...selectors(query),
      limit: limit.success !== undefined && limit.success > 0 ? limit.success : undefined,
      continue: orNothing(query.get("continue")),
      resourceVersion: orNothing(query.get("resourceVersion")),
      resourceVersionMatch: match === "Exact" || match === newerOk ? match : undefined
    })
  )
}

export interface Watching {
  readonly options: WatchOptions
  readonly timeoutSeconds: number | undefined
}

export const watch = (query: URLSearchParams): Result.Result<Watching, BadRequest | Invalid> => {
  const causes = watchCauses(query)
  const timeout = integer(query, "timeoutSeconds")
  if (Result.isFailure(timeout)) return Result.fail(timeout.failure)
  if (causes.length > 0) return Result.fail(invalidOptions("ListOptions", causes))
  const options = given<WatchOptions>({
    ...selectors(query),
    resourceVersion: orNothing(query.get("resourceVersion")),
    bookmarks: flag(query, "allowWatchBookmarks"),
    sendInitialEvents: beginning(query).sendInitialEvents
  })
  return Result.succeed({ options, timeoutSeconds: timeout.success })
}
