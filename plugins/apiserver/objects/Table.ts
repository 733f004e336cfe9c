/**
 * Objects as rows of a table: what `kubectl get` shows. The columns are the kind's, with NAME before and AGE after them.
 * Source: meta.k8s.io/v1 Table; API concepts, "Receiving resources as Tables".
 */
import { Result } from "effect"
import { BadRequest } from "../../../kernel/client/Errors.ts"
import * as Age from "../../../kernel/resource/Age.ts"
import type { Resource } from "../../../kernel/resource/Kind.ts"
import type { Served } from "../../../kernel/resource/Kinds.ts"
import type { Column } from "../../../kernel/resource/Strategy.ts"
import type { At } from "../../../kernel/pipeline/Pipeline.ts"
import type { Row } from "../../../kernel/table/Row.ts"
import type { Form } from "../Accept.ts"
import { bytesOf, encode, partialOf, type Serves, wireOf } from "./Encoding.ts"

export type Include = "None" | "Metadata" | "Object"

export const include = (query: URLSearchParams): Result.Result<Include, BadRequest> => {
  const text = query.get("includeObject") ?? ""
  if (text === "" || text === "Metadata") return Result.succeed("Metadata")
  if (text === "None" || text === "Object") return Result.succeed(text)
  const detail = `Unable to convert to Table as requested: includeObject: Invalid value: ${JSON.stringify(text)}: must be 'Metadata', 'Object', 'None', or empty`
  return Result.fail(new BadRequest({ detail }))
}

const name: Column<Resource> = {
  name: "Name",
  type: "string",
  format: "name",
  description: "The name, which is unique within a namespace among the objects of a kind.",
  value: ({ metadata }) => metadata.name
}
const age: Column<Resource> = {
  name: "Age",
  type: "string",
  description: "How long ago the object was created.",
  value: ({ metadata }, now) => Age.since(metadata.creationTimestamp, now)
}

const all = ({ columns: own = [], onlyColumns }: Served["strategy"]): ReadonlyArray<Column<Resource>> => {
  const names = new Set(own.map((column) => column.name.toLowerCase()))
  if (onlyColumns === true) return [name, ...own]
  // Some kinds show their date of creation instead, or what matters more.
  if (["age", "created at", "last seen"].some((one) => names.has(one))) return names.has("name") ? own : [name, ...own]
  // Wide columns come last, as upstream has them.
  const narrow = own.filter((column) => column.wide !== true)
  const wide = own.filter((column) => column.wide === true)
  return [...(names.has("name") ? [] : [name]), ...narrow, age, ...wide]
}

const kept = new WeakMap<Served, ReadonlyArray<Column<Resource>>>()
export const columnsOf = (served: Served): ReadonlyArray<Column<Resource>> => {
  const found = kept.get(served)
  if (found !== undefined) return found
  const columns = all(served.strategy)
  kept.set(served, columns)
  return columns
}

/** A Scale is shown as such, whatever it is of. Its rows hold Scales, hence the cast. */
const scaleOf = (object: Resource) =>
  object as Resource & { readonly spec?: { readonly replicas?: number }; readonly status?: { readonly replicas?: number } }
const ofScale: ReadonlyArray<Column<Resource>> = [
  { ...name, format: "" },
  {
    name: "Desired",
    type: "integer",
    description: "How many there should be.",
    value: (object) => scaleOf(object).spec?.replicas ?? 0
  },
  {
    name: "Available",
    type: "integer",
    description: "How many there are.",
    value: (object) => scaleOf(object).status?.replicas ?? 0
  },
  age
]
const columnsIn = ({ serves: { served, subresource } }: Style) => (subresource === "scale" ? ofScale : columnsOf(served))

const definition = ({ description, format, name, priority, type, wide }: Column<Resource>) => ({
  name,
  type,
  format: format ?? "",
  description,
  priority: priority ?? (wide === true ? 1 : 0)
})

const definitions = (style: Style) => JSON.stringify(columnsIn(style).map(definition))

/** How the rows of one answer are made. */
export interface Style {
  readonly serves: Serves & Partial<Pick<At, "subresource">>
  readonly include: Include
  readonly version: Form["version"]
  /** In milliseconds. */
  readonly now: number
}

const objectOf = ({ include, serves, version }: Style, row: Row): Uint8Array => {
  if (include === "Object") return bytesOf(serves, row)
  return include === "Metadata" ? partialOf(row, version) : encode(null)
}

const utf8 = new TextEncoder()
const end = utf8.encode("}")

const cell = (column: Column<Resource>, object: Resource, now: number) => {
  const value = column.value(object, now)
  return value === undefined ? "" : value
}

const rowOf = function* (style: Style, row: Row): Generator<Uint8Array> {
  // Columns of a kind that others convert are those of the version that is shown; it has the shape of an object, hence the cast.
  const isConverted = style.serves.served.kind.convert !== undefined
  const object = isConverted ? (wireOf(style.serves, row) as unknown as Resource) : row.object
  const cells = columnsIn(style).map((column) => cell(column, object, style.now))
  yield utf8.encode(`{"cells":${JSON.stringify(cells)},"object":`)
  yield objectOf(style, row)
  yield end
}

/** `metadata` of the list; `titled`: with its columns, which a watch tells only once. */
export const parts = function* (style: Style, rows: Iterable<Row>, metadata: object, titled = true): Generator<Uint8Array> {
  const columns = titled ? definitions(style) : "null"
  yield utf8.encode(
    `{"kind":"Table","apiVersion":"meta.k8s.io/${style.version}","metadata":${JSON.stringify(metadata)},"columnDefinitions":${columns},"rows":[`
  )
  let comma = ""
  for (const row of rows) {
    if (comma !== "") yield utf8.encode(comma)
    comma = ","
    yield* rowOf(style, row)
  }
  yield utf8.encode("]}")
}

/** What a watch for Tables is told instead of an object: an empty row with the bookmark in it. */
export const bookmark = (style: Style, metadata: object): string => {
  const cells = columnsOf(style.serves.served).map(({ type }) => (type === "integer" ? 0 : ""))
  const object = { kind: "PartialObjectMetadata", apiVersion: `meta.k8s.io/${style.version}`, metadata }
  return JSON.stringify({
    kind: "Table",
    apiVersion: `meta.k8s.io/${style.version}`,
    metadata,
    columnDefinitions: null,
    rows: [{ cells, object: style.include === "None" ? null : object }]
  })
}
