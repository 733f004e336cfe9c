/**
 * Which form of an answer a client wants: plain objects, Tables as kubectl shows them, or metadata alone, as JSON or YAML.
 * Source: API concepts, "Resource representations".
 */
import { Result } from "effect"
import { notAcceptable, type Refused } from "./Refused.ts"

export interface Form {
  readonly format: "json" | "yaml"
  readonly as: "Object" | "Table" | "Partial" | "PartialList"
  /** Of meta.k8s.io, for Tables and metadata. */
  readonly version: "v1" | "v1beta1"
}

interface Range {
  readonly type: string
  readonly parameters: ReadonlyMap<string, string>
}

const plain: Form = { format: "json", as: "Object", version: "v1" }
const supported = "application/json, application/yaml"

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
  "application/*": "json",
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
  return version === "v1" || version === "v1beta1" ? { format, as, version } : undefined
}

/** Clients say the same few things again and again. */
const known = new Map<string, Form | undefined>()
const knownLimit = 256

/** The first form that we have, in the order of the header. */
export const negotiate = (header: string | undefined): Result.Result<Form, Refused> => {
  if (header === undefined || header === "") return Result.succeed(plain)
  if (!known.has(header)) {
    if (known.size >= knownLimit) known.clear()
    known.set(
      header,
      ranges(header)
        .map(formOf)
        .find((form) => form !== undefined)
    )
  }
  const form = known.get(header)
  return form === undefined
    ? Result.fail(notAcceptable(`only the following media types are accepted: ${supported}`))
    : Result.succeed(form)
}
