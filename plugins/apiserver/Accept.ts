/**
 * Which form of an answer a client wants: plain objects, Tables as kubectl shows them, or metadata alone; as JSON, YAML, protobuf
 * or CBOR.
 * Source: API concepts, "Resource representations".
 */
import { Result } from "effect"
import * as Cbor from "./Cbor.ts"
import * as Protobuf from "./protobuf/Protobuf.ts"
import { notAcceptable, type Refused } from "./Refused.ts"

export interface Form {
  readonly format: "json" | "yaml" | "protobuf" | "cbor"
  readonly as: "Object" | "Table" | "Partial" | "PartialList"
  /** Of meta.k8s.io, for Tables and metadata. */
  readonly version: "v1" | "v1beta1"
}

interface Range {
  readonly type: string
  readonly parameters: ReadonlyMap<string, string>
}

const plain: Form = { format: "json", as: "Object", version: "v1" }
const supported = `application/json, application/yaml, ${Protobuf.mediaType}`

export const ranges = (header: string): ReadonlyArray<Range> =>
  header.split(",").map((range) => {
    const [type = "", ...parameters] = range.split(";").map((part) => part.trim())
    const pairs = parameters.map((parameter): [string, string] => {
      const [name = "", value = ""] = parameter.split("=")
      return [name.trim().toLowerCase(), value.trim()]
    })
    return { type: type.toLowerCase(), parameters: new Map(pairs) }
  })

const formats: { readonly [type: string]: Form["format"] } = {
  "application/json": "json",
  "application/yaml": "yaml",
  [Protobuf.mediaType]: "protobuf",
  [Cbor.mediaType]: "cbor",
  [Cbor.watchType]: "cbor",
  "*/*": "json"
}
const forms: { readonly [kind: string]: Form["as"] } = {
  Table: "Table",
  PartialObjectMetadata: "Partial",
  PartialObjectMetadataList: "PartialList"
}

const formOf = ({ parameters, type }: Range): Form | undefined => {
  const format = formats[type]
  if (format === undefined) return undefined
  const kind = parameters.get("as")
  if (kind === undefined) return { ...plain, format }
  const as = forms[kind]
  const version = parameters.get("v")
  if (as === undefined || parameters.get("g") !== "meta.k8s.io") return undefined
  // Tables have no message.
  if (as === "Table" && format === "protobuf") return undefined
  return version === "v1" || version === "v1beta1" ? { format, as, version } : undefined
}

/** Clients say the same few things again and again. */
const known = new Map<string, ReadonlyArray<Form>>()
const knownLimit = 256

/** What is wanted most comes first; among equals, what was said first. */
const weight = ({ parameters }: Range) => {
  const q = Number(parameters.get("q") ?? 1)
  return Number.isNaN(q) ? 1 : q
}

const formsIn = (header: string): ReadonlyArray<Form> => {
  const found = known.get(header)
  if (found !== undefined) return found
  if (known.size >= knownLimit) known.clear()
  const forms = ranges(header)
    .toSorted((a, b) => weight(b) - weight(a))
    .flatMap((range) => formOf(range) ?? [])
  known.set(header, forms)
  return forms
}

/** How whoever sent a header wants to read, whatever it is about. */
export const formatOf = (header: string | undefined): Form["format"] =>
  (header === undefined ? undefined : formsIn(header)[0]?.format) ?? "json"

/** Whether a header has a type of ours at all, in whatever form. */
const hasType = (header: string) => ranges(header).some(({ type }) => formats[type] !== undefined)

/** What the objects of a request can be sent as. Kinds that only answer are no rows of a table; custom kinds have no message. */
export interface Offer {
  readonly isPlain: boolean
  readonly hasMessage: boolean
  /** Only then is a watch among what can be had. */
  readonly isList: boolean
}

const unknownTypes = (isList: boolean) => {
  const streams = isList ? `, application/json;stream=watch, ${Protobuf.mediaType};stream=watch` : ""
  return `406: Not Acceptable\n\nAvailable representations: ${supported}${streams}`
}

/** The first form that we have, in the order of the header. */
export const negotiate = (
  header: string | undefined,
  { hasMessage, isList, isPlain }: Offer
): Result.Result<Form, Refused> => {
  if (header === undefined || header === "") return Result.succeed(plain)
  const form = formsIn(header).find(({ as, format }) => (as === "Object" ? hasMessage || format !== "protobuf" : !isPlain))
  if (form !== undefined) return Result.succeed(form)
  return Result.fail(
    notAcceptable(hasType(header) ? `only the following media types are accepted: ${supported}` : unknownTypes(isList))
  )
}
