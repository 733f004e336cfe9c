/** JSON patch: a list of operations on places of a document, all of them or none. Source: RFC 6902, RFC 6901. */
import { Predicate, Result, Schema } from "effect"
import { BadRequest, Invalid, StatusError } from "../client/Errors.ts"
import * as Equal from "./JsonEqual.ts"

type Json = Schema.Json
const { Json, String: Text, Struct } = Schema

const Operations = Schema.Array(
  Schema.Union([
    Struct({ op: Schema.Literals(["add", "replace", "test"]), path: Text, value: Schema.optionalKey(Json) }),
    Struct({ op: Schema.Literal("remove"), path: Text }),
    Struct({ op: Schema.Literals(["move", "copy"]), path: Text, from: Text })
  ])
)
export type Operations = typeof Operations.Type
type Operation = Operations[number]

const isObject = (value: Json | undefined): value is Schema.JsonObject => Predicate.isObject(value) && !Array.isArray(value)
const isList = (value: Json | undefined): value is Schema.JsonArray => Array.isArray(value)

/** More are refused, as Kubernetes does: each costs a walk. */
const limit = 10_000

const decodeOperations = Schema.decodeUnknownResult(Operations)
/** What is no list of objects is no patch, a BadRequest; an operation that makes no sense is a patch that does not apply: why. */
export const decode = (body: Json): Result.Result<Operations, BadRequest | StatusError | string> => {
  const malformed = (why: string) => Result.fail(new BadRequest({ detail: `error decoding patch: ${why}` }))
  if (!isList(body)) return malformed("a JSON patch is a list of operations")
  if (body.length > limit)
    return Result.fail(
      new StatusError({
        code: 413,
        reason: "RequestEntityTooLarge",
        detail: `Request entity too large: The allowed maximum operations in a JSON patch is ${limit}, got ${body.length}`
      })
    )
  if (!body.every(isObject)) return malformed("an operation of a JSON patch is an object")
  return Result.mapError(decodeOperations(body), ({ message }) => message)
}

/** The steps of a JSON pointer; `undefined` if it is none. */
const steps = (pointer: string) => {
  if (pointer === "") return []
  if (!pointer.startsWith("/")) return undefined
  return pointer
    .slice(1)
    .split("/")
    .map((step) => step.replaceAll("~1", "/").replaceAll("~0", "~"))
}

/** Counted from the end if it is negative, as the library does that Kubernetes uses. */
const indexIn = (list: Schema.JsonArray, step: string) => {
  if (!/^(?:0|-?[1-9]\d*)$/.test(step)) return undefined
  const index = Number(step) < 0 ? list.length + Number(step) : Number(step)
  return index >= 0 && index < list.length ? index : undefined
}

const child = (value: Json | undefined, step: string): Json | undefined => {
  if (isList(value)) return value[indexIn(value, step) ?? -1]
  return isObject(value) && Object.hasOwn(value, step) ? value[step] : undefined
}

const read = (document: Json, path: ReadonlyArray<string>) => path.reduce<Json | undefined>(child, document)

/** What takes the place of a value, or `undefined`: the place does not exist. `removed`: nothing takes it. */
const removed = Symbol("removed")
type Change = (before: Json | undefined) => Json | typeof removed | undefined

const withField = (object: Schema.JsonObject, name: string, value: Json | typeof removed) => {
  const fields = new Map(Object.entries(object))
  if (value === removed) fields.delete(name)
  else fields.set(name, value)
  return Object.fromEntries(fields)
}

/** `insert`: at the end of its path a list grows instead of having an item replaced. */
const edit = (document: Json, path: ReadonlyArray<string>, insert: boolean, change: Change): Json | undefined => {
  const [step, ...rest] = path
  if (step === undefined) {
    const value = change(document)
    return value === removed ? null : value
  }
  const last = rest.length === 0
  const inside = (before: Json | undefined): Json | typeof removed | undefined => {
    if (last) return change(before)
    return before === undefined ? undefined : edit(before, rest, insert, change)
  }
  if (isList(document)) {
    const index =
      last && insert && (step === "-" || step === `${document.length}`) ? document.length : indexIn(document, step)
    if (index === undefined) return undefined
    const value = inside(last && insert ? undefined : document[index])
    if (value === undefined) return undefined
    return document.toSpliced(index, last && insert ? 0 : 1, ...(value === removed ? [] : [value]))
  }
  if (!isObject(document)) return undefined
  const value = inside(child(document, step))
  return value === undefined ? undefined : withField(document, step, value)
}

const one = (document: Json, operation: Operation): Result.Result<Json, string> => {
  const { op, path } = operation
  const to = steps(path)
  const from = "from" in operation ? steps(operation.from) : []
  const missing = (pointer: string) => Result.fail(`${op} operation does not apply: doc is missing path: ${pointer}`)
  if (to === undefined) return missing(path)
  const at = (where: ReadonlyArray<string>, insert: boolean, change: Change, source = document) =>
    Result.fromNullishOr(
      edit(source, where, insert, change),
      () => `${op} operation does not apply: doc is missing path: ${path}`
    )
  switch (op) {
    case "add":
      return at(to, true, () => operation.value ?? null)
    case "replace":
      // A field that is not there is set, as in the library that Kubernetes uses; an item of a list has to be there.
      return at(to, false, (before) =>
        before === undefined && isList(read(document, to.slice(0, -1))) ? undefined : (operation.value ?? null)
      )
    case "remove":
      return at(to, false, (before) => (before === undefined ? undefined : removed))
    case "test": {
      // An absent field is equal to null, as in the library that Kubernetes uses.
      const found = read(document, to) ?? null
      return Equal.equal(found, operation.value ?? null)
        ? Result.succeed(document)
        : Result.fail(`testing value ${path} failed: test failed`)
    }
    default: {
      const value = from && read(document, from)
      // A field that is not there is copied as null, as in the library that Kubernetes uses.
      const isAbsent = op === "copy" && from !== undefined && isObject(read(document, from.slice(0, -1)))
      if (from === undefined || (value === undefined && !isAbsent)) return missing(operation.from)
      if (op === "copy") return at(to, true, () => value ?? null)
      if (path === operation.from) return Result.succeed(document)
      if (path.startsWith(`${operation.from}/`))
        return Result.fail(`${op} operation does not apply: cannot move ${operation.from} into itself`)
      return Result.flatMap(
        at(from, false, () => removed),
        (without) => at(to, true, () => value, without)
      )
    }
  }
}

/** Fails with what did not apply: a test, or a place that is not there. */
export const apply = (document: Json, operations: Operations): Result.Result<Json, string> =>
  operations.reduce<Result.Result<Json, string>>(
    (result, operation) => Result.flatMap(result, (value) => one(value, operation)),
    Result.succeed(document)
  )

/** One that does not apply is told as upstream tells it; why is among the causes. */
const inapplicable = (detail: string) => {
  const causes = [{ field: "patch", type: "FieldValueInvalid", detail } as const]
  return new Invalid({ group: "", resource: "", namespace: "", name: "", kind: "", causes })
}

/** Decodes and applies. */
export const patch = (document: Json, body: Json): Result.Result<Json, BadRequest | Invalid | StatusError> =>
  Result.mapError(
    Result.flatMap(decode(body), (operations) => apply(document, operations)),
    (error) => (typeof error === "string" ? inapplicable(error) : error)
  )
