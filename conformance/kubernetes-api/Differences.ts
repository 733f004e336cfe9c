/** In what two answers to one request differ, each difference by what it is about. */
import { canonical, fields, isList, isObject, items, type Json, type JsonObject, textOf } from "./Json.ts"
import type { Answer } from "./Scenario.ts"

export const aspects = [
  "code",
  "reason",
  "causes",
  "details",
  "managedFields",
  "object",
  "warnings",
  "message",
  "type"
] as const
export type Aspect = (typeof aspects)[number]

export interface Difference {
  readonly aspect: Aspect
  /** Where, in an object: `spec.template.spec.containers.*.resources`. */
  readonly path: string
  readonly ours: string
  readonly theirs: string
}

const isStatus = (body: Json): body is JsonObject => isObject(body) && body["kind"] === "Status"

const shown = (value: Json | undefined) => (value === undefined ? "nothing" : canonical(value).slice(0, 600))
const different = (aspect: Aspect, path: string, ours: Json | undefined, theirs: Json | undefined) =>
  shown(ours) === shown(theirs) ? [] : [{ aspect, path, ours: shown(ours), theirs: shown(theirs) }]

/** Which fields are wrong, and in which way; how often that is said does not count. */
const causesOf = ({ details }: JsonObject) => [
  ...new Set(
    items(fields(details)["causes"])
      .map((cause) => `${textOf(fields(cause)["field"])}: ${textOf(fields(cause)["reason"])}`)
      .toSorted()
  )
]

const ofStatuses = (ours: JsonObject, theirs: JsonObject): ReadonlyArray<Difference> => {
  const without = ({ details }: JsonObject) => {
    const { causes: _, ...rest } = fields(details)
    return rest
  }
  return [
    ...different("reason", "", ours["reason"], theirs["reason"]),
    ...different("causes", "", causesOf(ours), causesOf(theirs)),
    ...different("details", "", without(ours), without(theirs)),
    ...(inParts(ours) === inParts(theirs) ? [] : different("message", "", ours["message"], theirs["message"]))
  ]
}

/** Go's maps have no order, and so have lists of mistakes that come of them. */
const inParts = ({ message }: JsonObject) =>
  textOf(message).replace(" is invalid: ", ", ").replaceAll(/[[\]]/g, "").split(/, |\n/).toSorted().join("\n")

/** Without what has been compared as such. */
const withoutCauses = (status: JsonObject): JsonObject => {
  const { details, message: _, ...rest } = status
  const { causes: _c, ...others } = fields(details)
  return { ...rest, details: others }
}

/** An entry for each manager, whichever order they are in. */
const managedOf = (value: Json | undefined) =>
  items(value)
    .map((entry) => {
      const { fieldsV1, manager, operation, subresource = "" } = fields(entry)
      return [`${textOf(manager)} ${textOf(operation)} ${textOf(subresource)}`, { entry, fields: fieldsV1 }] as const
    })
    .toSorted(([a], [b]) => (a < b ? -1 : 1))

const ofManaged = (ours: Json | undefined, theirs: Json | undefined): ReadonlyArray<Difference> => {
  const [mine, other] = [managedOf(ours), managedOf(theirs)]
  const names = (all: typeof mine) => all.map(([name]) => name)
  if (canonical(names(mine)) !== canonical(names(other)))
    return different("managedFields", "entries", names(mine), names(other))
  return mine.flatMap(([name, { entry, fields: owned }], index) => {
    const against = other[index]?.[1]
    const inside = ofValues("managedFields", `${name}`, owned, against?.fields)
    return inside.length > 0 ? inside : different("managedFields", name, entry, against?.entry)
  })
}

/** Item by item where both have as many, else as a whole. */
const ofValues = (
  aspect: Aspect,
  path: string,
  ours: Json | undefined,
  theirs: Json | undefined
): ReadonlyArray<Difference> => {
  if (path.endsWith("metadata.managedFields")) return ofManaged(ours, theirs)
  if (isObject(ours) && isObject(theirs)) {
    const names = [...new Set([...Object.keys(ours), ...Object.keys(theirs)])]
    return names.flatMap((name) => ofValues(aspect, path === "" ? name : `${path}.${name}`, ours[name], theirs[name]))
  }
  if (isList(ours) && isList(theirs) && ours.length === theirs.length)
    return ours.flatMap((item, index) => ofValues(aspect, `${path}.*`, item, theirs[index]))
  return different(aspect, path, ours, theirs)
}

/** Both are normal. */
export const between = (ours: Answer, theirs: Answer): ReadonlyArray<Difference> => {
  const code = different("code", "", ours.code, theirs.code)
  const warnings = different("warnings", "", ours.warnings.toSorted(), theirs.warnings.toSorted())
  const type = different("type", "", ours.type, theirs.type)
  if (isStatus(ours.body) && isStatus(theirs.body)) {
    const inside = ofStatuses(ours.body, theirs.body)
    const rest = inside.length > 0 ? [] : ofValues("object", "", withoutCauses(ours.body), withoutCauses(theirs.body))
    return [...code, ...inside, ...rest, ...warnings, ...type]
  }
  // One did it and the other did not: the rest follows from that.
  if (code.length > 0) return [...code, ...different("object", "", brief(ours.body), brief(theirs.body))]
  return [...ofValues("object", "", ours.body, theirs.body), ...warnings, ...type]
}

const brief = (body: Json): Json =>
  isStatus(body) ? { reason: body["reason"] ?? null, message: body["message"] ?? null } : "an object"
