/** The description of a contract as a page that people read and compare: a line for each method, in the words of TypeScript. */
import type { JsonSchema } from "effect"
import type { Contract } from "../../kernel/plugin/Contract.ts"
import * as Description from "../../kernel/plugin/Description.ts"

type Node = JsonSchema.JsonSchema | JsonSchema.JsonSchema[keyof JsonSchema.JsonSchema]

const isRecord = (node: unknown): node is { readonly [key: string]: unknown } =>
  typeof node === "object" && node !== null && !Array.isArray(node)
const isList = (node: unknown): node is ReadonlyArray<unknown> => Array.isArray(node)
/** `ImageMissingEncoded` is how an `ImageMissing` is said on the wire. */
const nameOf = (reference: string) => reference.replace(/^#\/\$defs\//, "").replace(/Encoded$/, "")

const fields = (node: { readonly [key: string]: unknown }) => {
  const required = isList(node["required"]) ? node["required"] : []
  const properties = isRecord(node["properties"]) ? Object.entries(node["properties"]) : []
  const named = properties.map(([name, value]) => `${name}${required.includes(name) ? "" : "?"}: ${type(value)}`)
  const rest = node["additionalProperties"]
  return isRecord(rest) ? [...named, `[_: string]: ${type(rest)}`] : named
}

const union = (nodes: ReadonlyArray<unknown>) => [...new Set(nodes.map(type))].join(" | ")

const type = (node: unknown): string => {
  if (!isRecord(node)) return "unknown"
  const { $ref, anyOf, description, oneOf, items } = node
  if (typeof $ref === "string") return nameOf($ref)
  if (isList(anyOf)) return union(anyOf)
  if (isList(oneOf)) return union(oneOf)
  if (isList(node["enum"])) return node["enum"].map((one) => JSON.stringify(one)).join(" | ")
  if (node["type"] === "array") return `Array<${type(items)}>`
  if (node["type"] === "object") return fields(node).length === 0 ? "{}" : `{ ${fields(node).join("; ")} }`
  if (node["type"] === "integer") return "integer"
  if (typeof node["type"] === "string") return node["type"]
  return description === "A byte string of CBOR." ? "bytes" : "unknown"
}

const isUnavailable = (node: Node) =>
  isRecord(node) && typeof node["$ref"] === "string" && nameOf(node["$ref"]) === "Unavailable"
/** All can be unavailable: that stands once, in the protocol. */
const failures = (errors: Node) => {
  const all = isRecord(errors) && isList(errors["anyOf"]) ? errors["anyOf"] : [errors]
  return all.filter((one) => !(isRecord(one) && isUnavailable(one)))
}

const widest = 120
/** What is too long for a line has a line for each of its fields. */
const broad = (node: Node) => {
  const line = type(node)
  if (line.length <= widest || !isRecord(node) || node["type"] !== "object") return line
  return `{\n${fields(node)
    .map((field) => `      ${field}\n`)
    .join("")}    }`
}

/** Equal pages are equal contracts. */
export const page = (contract: Contract<unknown, unknown>) => {
  const { $defs, laws, methods, optional, version } = Description.describe(contract)
  const lines = methods.flatMap(({ answer, doc, errors, method, payload, stream }) => {
    const says = failures(errors)
    const back = `${stream ? "stream " : ""}${broad(answer)}${says.length === 0 ? "" : ` ! ${union(says)}`}`
    return [`  ${method}(${broad(payload)}): ${back}`, `    ${doc}`]
  })
  const words = Object.entries($defs)
    .filter(([name]) => nameOf(name) !== "Unavailable")
    .toSorted(([a], [b]) => (a < b ? -1 : 1))
    .map(([name, definition]) => `  ${nameOf(name)} = ${broad(definition)}`)
  const kept = Object.entries(laws).map(([law, text]) => `  ${law}${optional.includes(law) ? " (optional)" : ""}: ${text}`)
  const title = `${contract.key} ${version}`
  return [title, ...lines, ...(words.length === 0 ? [] : ["", ...words]), "", ...kept].join("\n")
}
