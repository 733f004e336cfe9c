/** get and list: from the tables, at the revision that the caller wants. Source: API concepts, "Resource versions"; KEP-2340. */
import { Effect, Result, Schema } from "effect"
import { Base64Url } from "effect/encoding"
import { BadRequest, Expired, Invalid, NotFound, TooLargeResourceVersion } from "../client/Errors.ts"
import * as Causes from "../resource/Causes.ts"
import type { Row } from "../table/Row.ts"
import { pathOf } from "../table/Rows.ts"
import type { LogName } from "../table/Tables.ts"
import { attributesOf, authorize } from "./Authorize.ts"
import type { Environment } from "./Environment.ts"
import * as Patience from "./Patience.ts"
import type { At, Listed, ListOptions, ReadOptions } from "./Pipeline.ts"
import * as Select from "./Select.ts"

export const where = ({ name, namespace, served, version }: At) => ({
  group: version.group,
  resource: served.kind.plural,
  namespace,
  name
})

/** How long a reader waits for a revision that is not there yet. */
const patience = "3 seconds"

export const parseRevision = (text: string): Result.Result<number, BadRequest> =>
  /^\d{1,16}$/.test(text) ? Result.succeed(Number(text)) : Result.fail(new BadRequest({ detail: noRevision(text) }))

/** As the conversion of Go's library words it. */
export const noRevision = (text: string) =>
  `resourceVersion: Invalid value: ${JSON.stringify(text)}: strconv.ParseUint: parsing ${JSON.stringify(text)}: invalid syntax`

/** Waits until the tables know `revision`. */
export const reach = ({ tables }: Environment, log: LogName, revision: number) =>
  tables.passed(log, revision).pipe(
    Effect.timeoutOrElse({
      duration: patience,
      orElse: () => Effect.fail(new TooLargeResourceVersion({ asked: revision, current: tables.revision(log) }))
    })
  )

/** Brings the tables to where the caller wants to read them, or further. */
const arrive = Effect.fnUntraced(function* (environment: Environment, { served }: At, { resourceVersion }: ReadOptions) {
  const { log } = served.kind
  if (resourceVersion === undefined || resourceVersion === "") {
    yield* Patience.current(environment.tables, log, Patience.patience.read)
  } else {
    const revision = yield* Effect.fromResult(parseRevision(resourceVersion))
    if (revision > 0) yield* reach(environment, log, revision)
  }
})

export const get = Effect.fnUntraced(function* (environment: Environment, at: At, options: ReadOptions = {}) {
  yield* authorize(environment, attributesOf(at, "get"))
  yield* arrive(environment, at, options)
  const row = environment.tables.of(at.served.kind).get(pathOf(at))
  return row ?? (yield* new NotFound(where(at)))
})

/** Where the next page begins: after the key `start`, as of the revision `rv`. */
const Token = Schema.fromJsonString(Schema.Struct({ rv: Schema.Int, start: Schema.String }))
const encodeToken = Schema.encodeSync(Token)
const badToken = () =>
  new BadRequest({ detail: "invalid continue token: continue key is not valid: it was not made by this server" })
const decodeToken = (text: string) =>
  Base64Url.decodeString(text).pipe(Result.flatMap(Schema.decodeUnknownResult(Token)), Result.mapError(badToken))

const check = (at: At, { continue: token, resourceVersion = "", resourceVersionMatch }: ListOptions) => {
  const field = "resourceVersionMatch"
  const causes = [
    ...(resourceVersionMatch !== undefined && token !== undefined
      ? [Causes.forbidden(field, "resourceVersionMatch is forbidden when continue is provided")]
      : []),
    ...(resourceVersionMatch !== undefined && resourceVersion === ""
      ? [Causes.forbidden(field, "resourceVersionMatch is forbidden unless resourceVersion is provided")]
      : []),
    ...(resourceVersionMatch === "Exact" && resourceVersion === "0"
      ? [Causes.forbidden(field, `resourceVersionMatch "Exact" is forbidden for resourceVersion "0"`)]
      : [])
  ]
  return causes.length === 0 ? Effect.void : Effect.fail(new Invalid({ ...where(at), kind: "ListOptions", causes }))
}

const tooOld = (revision: number) =>
  new Expired({ detail: `The resourceVersion for the provided list is too old: ${revision}` })
const continueTooOld = (start: string, revision: number) =>
  new Expired({
    detail:
      "The provided continue parameter is too old to display a consistent list result. You can start a new list without the continue parameter, " +
      "or use the continue token in this response to retrieve the remainder of the results. Continuing with the provided token results in an inconsistent list.",
    token: Base64Url.encode(encodeToken({ rv: revision, start }))
  })

interface Source {
  readonly rows: Iterable<Row>
  readonly revision: number
}

/** What is made of the rows of a list, at the moment at which they are as of the revision that is told with them. */
const listed = Effect.fnUntraced(function* (
  environment: Environment,
  at: At,
  options: ListOptions,
  start: string | undefined,
  rv: number | undefined,
  make: (source: Source) => Listed
) {
  const rows = environment.tables.of(at.served.kind)
  const exact =
    rv ??
    (options.resourceVersionMatch === "Exact"
      ? yield* Effect.fromResult(parseRevision(options.resourceVersion ?? ""))
      : undefined)
  yield* arrive(environment, at, rv === undefined ? options : { resourceVersion: "0" })
  // The tables may be further than what was waited for, and must not move on before the rows are read.
  const current = environment.tables.revision(at.served.kind.log)
  if (exact === undefined || exact === current) return make({ rows: rows.list(at.namespace, start), revision: current })
  const then = rows.at(exact, at.namespace, start)
  if (then !== undefined) return make({ rows: then, revision: exact })
  return yield* start === undefined ? tooOld(exact) : continueTooOld(start, current)
})

/** Who asks for one object by a selector asks for that name, as with upstream. */
export const authorizeList = (environment: Pick<Environment, "authorizers">, at: At, options: ListOptions = {}) => {
  const selected = Select.compile(at, options)
  const named = Result.isSuccess(selected) ? (selected.success.name ?? "") : ""
  return Effect.as(authorize(environment, attributesOf({ ...at, name: named }, "list")), selected)
}

export const list = Effect.fnUntraced(function* (environment: Environment, at: At, options: ListOptions = {}) {
  const selected = yield* authorizeList(environment, at, options)
  yield* check(at, options)
  const token =
    options.continue === undefined || options.continue === ""
      ? undefined
      : yield* Effect.fromResult(decodeToken(options.continue))
  const selection = yield* Effect.fromResult(selected)
  const make = (source: Source) => page(source, selection, options.limit)
  return yield* listed(environment, at, options, token?.start, token?.rv, make)
})

const page = ({ revision, rows }: Source, { matches, selects }: Select.Selection, limit = 0): Listed => {
  const chosen: Array<Row> = []
  let remaining = 0
  for (const row of rows) {
    if (!matches(row)) continue
    if (limit === 0 || chosen.length < limit) chosen.push(row)
    else {
      remaining++
      // How many there are is told only where it costs no reading of what is not listed.
      if (selects) break
    }
  }
  const last = chosen.at(-1)
  if (remaining === 0 || last === undefined) return { revision, rows: chosen }
  const next = Base64Url.encode(encodeToken({ rv: revision, start: pathOf(last) }))
  return { revision, rows: chosen, continue: next, ...(selects ? {} : { remaining }) }
}
