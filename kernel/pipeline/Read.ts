/** get and list: from the tables, at the revision that the caller wants. Source: API concepts, "Resource versions"; KEP-2340. */
import { Effect, Result } from "effect"
import { BadRequest, Expired, Invalid, NotFound, TooLargeResourceVersion } from "../client/Errors.ts"
import * as Causes from "../resource/Causes.ts"
import type { Row } from "../table/Row.ts"
import { pathOf } from "../table/Rows.ts"
import type { LogName } from "../table/Tables.ts"
import { attributesOf, authorize } from "./Authorize.ts"
import * as Conversion from "./Conversion.ts"
import * as Continue from "./Continue.ts"
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

/** What fits into 64 bits, as upstream has it. No log comes to numbers that JavaScript cannot tell apart: they are all too large. */
export const parseRevision = (text: string): Result.Result<number, BadRequest> => {
  const detail = noRevision(text)
  if (detail !== undefined) return Result.fail(new BadRequest({ detail }))
  return Result.succeed(Math.min(Number(text), Number.MAX_SAFE_INTEGER))
}

const maxRevision = 2n ** 64n - 1n

/** Why it is none, as the conversion of Go's library words it. */
export const noRevision = (text: string) => {
  const isNumber = /^\d+$/.test(text)
  if (isNumber && BigInt(text) <= maxRevision) return undefined
  const why = isNumber ? "value out of range" : "invalid syntax"
  return `resourceVersion: Invalid value: ${JSON.stringify(text)}: strconv.ParseUint: parsing ${JSON.stringify(text)}: ${why}`
}

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

const tooOld = new Expired({ detail: "The resourceVersion for the provided list is too old." })
/** What is left, as of whenever it is asked for. */
const continueTooOld = (start: string) =>
  new Expired({
    detail:
      "The provided continue parameter is too old to display a consistent list result. You can start a new list without the continue parameter, " +
      "or use the continue token in this response to retrieve the remainder of the results. Continuing with the provided token results in an inconsistent list.",
    token: Continue.encode({ start })
  })

interface Source {
  readonly rows: Iterable<Row>
  readonly revision: number
}

/** At which revision a list is wanted exactly; nothing for as of now, or later. A limit without a word on it means so, too. */
const exactly = (
  { limit = 0, resourceVersion = "", resourceVersionMatch }: ListOptions,
  token: Continue.Token | undefined
) => {
  if (token !== undefined) return Result.succeed(token.revision)
  if (resourceVersion === "" || resourceVersion === "0") return Result.succeed(undefined)
  const isExact = resourceVersionMatch === "Exact" || (resourceVersionMatch === undefined && limit > 0)
  return Result.map(listRevision(resourceVersion), (revision) => (isExact ? revision : undefined))
}

const listRevision = (text: string) =>
  Result.mapError(parseRevision(text), ({ detail }) => new BadRequest({ detail: `invalid resource version: ${detail}` }))

/** What the tables have to know before a page is taken from them. */
const needs = (options: ListOptions, token: Continue.Token | undefined): ReadOptions => {
  if (token === undefined) return options
  return token.revision === undefined ? {} : { resourceVersion: `${token.revision}` }
}

/** What is made of the rows of a list, at the moment at which they are as of the revision that is told with them. */
const listed = Effect.fnUntraced(function* <A>(
  environment: Environment,
  at: At,
  options: ListOptions,
  token: Continue.Token | undefined,
  make: (source: Source) => A
) {
  const rows = environment.tables.of(at.served.kind)
  const exact = yield* Effect.fromResult(exactly(options, token))
  yield* arrive(environment, at, needs(options, token))
  const start = token?.start
  // The tables may be further than what was waited for, and must not move on before the rows are read.
  const current = environment.tables.revision(at.served.kind.log)
  if (exact === undefined || exact === current) return make({ rows: rows.list(at.namespace, start), revision: current })
  const then = rows.at(exact, at.namespace, start)
  if (then !== undefined) return make({ rows: then, revision: exact })
  return yield* start === undefined ? tooOld : continueTooOld(start)
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
  const { continue: text = "", resourceVersion = "" } = options
  const token = text === "" ? undefined : yield* Effect.fromResult(Continue.decode(text))
  if (token !== undefined && resourceVersion !== "" && resourceVersion !== "0") return yield* twoVersions
  const selection = yield* Effect.fromResult(selected)
  // Whatever there is, is all at hand: it is not cut into pages.
  const make = (source: Source) => page(source, selection, resourceVersion === "0" ? 0 : options.limit)
  if (!selection.isConverted) return yield* listed(environment, at, options, token, make)
  const all = ({ revision, rows }: Source) => ({ revision, rows: [...rows] })
  const source = yield* listed(environment, at, options, token, all)
  yield* Conversion.prepare(at, source.rows)
  return make(source)
})

const twoVersions = new BadRequest({ detail: "specifying resource version is not allowed when using continue" })

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
  const next = Continue.encode({ revision, start: pathOf(last) })
  return { revision, rows: chosen, continue: next, ...(selects ? {} : { remaining }) }
}
