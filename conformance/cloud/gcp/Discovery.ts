/**
 * What Google publishes of Compute Engine's API: every method with its path and parameters, and the schema of every body. Requests are
 * checked by it: what it does not know, and what is missing of what it demands, is refused. So are the emulator's own answers.
 */
import { Schema } from "effect"
import { readFileSync } from "node:fs"
import * as Apis from "../Apis.ts"

const { Array: List, Boolean, optionalKey, Record: Dictionary, String: Text, Struct, Unknown } = Schema

const Parameter = Struct({
  location: Text,
  type: Text,
  required: optionalKey(Boolean),
  repeated: optionalKey(Boolean),
  pattern: optionalKey(Text),
  format: optionalKey(Text)
})
const Method = Struct({
  id: Text,
  httpMethod: Text,
  flatPath: Text,
  parameters: optionalKey(Dictionary(Text, Parameter)),
  request: optionalKey(Struct({ $ref: Text })),
  response: optionalKey(Struct({ $ref: Text }))
})
export type Method = typeof Method.Type

const Node = Struct({
  $ref: optionalKey(Text),
  type: optionalKey(Text),
  format: optionalKey(Text),
  pattern: optionalKey(Text),
  enum: optionalKey(List(Text)),
  description: optionalKey(Text),
  properties: optionalKey(Dictionary(Text, Unknown)),
  additionalProperties: optionalKey(Unknown),
  items: optionalKey(Unknown),
  annotations: optionalKey(Struct({ required: optionalKey(List(Text)) }))
})
type Node = typeof Node.Type

const Document = Struct({
  version: Text,
  servicePath: Text,
  parameters: Dictionary(Text, Unknown),
  schemas: Dictionary(Text, Unknown),
  resources: Dictionary(Text, Struct({ methods: Dictionary(Text, Unknown) }))
})

export interface Question {
  readonly method: Method
  /** `forwardingRules` and `insert`. */
  readonly resource: string
  readonly verb: string
  /** Of the path, and of the query. */
  readonly parameters: { readonly [name: string]: string }
}

export type Json = { readonly [key: string]: unknown }
export const isObject = (value: unknown): value is Json =>
  typeof value === "object" && value !== null && !Array.isArray(value)

const isWhole = (pattern: string, text: string) => new RegExp(`^(?:${pattern})$`).test(text)
const formats: { readonly [format: string]: RegExp } = {
  int64: /^-?\d+$/,
  uint64: /^\d+$/,
  byte: /^[A-Za-z0-9+/=_-]*$/
}

const read = () => {
  const document = Schema.decodeUnknownSync(Document)(JSON.parse(readFileSync(Apis.fileOf("compute.v1.json"), "utf8")))
  const methodOf = Schema.decodeUnknownSync(Method)
  const nodeOf = Schema.decodeUnknownSync(Node)
  const methods = Object.entries(document.resources).flatMap(([resource, { methods }]) =>
    Object.entries(methods).map(([verb, value]) => {
      const method = methodOf(value)
      const path = method.flatPath.replaceAll(/\{([^}]+)\}/g, "(?<$1>[^/]+)")
      return { resource, verb, method, path: new RegExp(`^/${document.servicePath}${path}$`) }
    })
  )
  const shapeOf = (httpMethod: string, path: string) => `${httpMethod} ${path.split("/").length}`
  const byShape = Map.groupBy(methods, ({ method }) =>
    shapeOf(method.httpMethod, `/${document.servicePath}${method.flatPath}`)
  )

  const known = new Map<unknown, Node>()
  const nodeFrom = (value: unknown): Node => {
    const before = known.get(value)
    if (before !== undefined) return before
    const node = nodeOf(value)
    known.set(value, node)
    return node
  }
  const named = (name: string) => nodeFrom(document.schemas[name])

  /** What is wrong with a value; `asked`: the method it is sent to, and absent of answers. */
  const flaws = (from: Node, value: unknown, at: string, asked: string | undefined): ReadonlyArray<string> => {
    const node = from.$ref === undefined ? from : named(from.$ref)
    const wrong = (what: string) => [`${at}: ${what}`]
    switch (node.type) {
      case "string": {
        if (typeof value !== "string") return wrong(`is no string but ${JSON.stringify(value)}`)
        if (node.enum !== undefined && !node.enum.includes(value))
          return wrong(`${value} is none of ${node.enum.join(", ")}`)
        if (node.pattern !== undefined && !isWhole(node.pattern, value)) return wrong(`${value} is not as ${node.pattern}`)
        return formats[node.format ?? ""]?.test(value) === false ? wrong(`${value} is no ${node.format}`) : []
      }
      case "integer":
        return Number.isInteger(value) ? [] : wrong(`is no integer but ${JSON.stringify(value)}`)
      case "number":
        return typeof value === "number" ? [] : wrong(`is no number but ${JSON.stringify(value)}`)
      case "boolean":
        return typeof value === "boolean" ? [] : wrong(`is no boolean but ${JSON.stringify(value)}`)
      case "array": {
        if (!Array.isArray(value)) return wrong("is no array")
        return value.flatMap((one: unknown, index) => flaws(nodeFrom(node.items), one, `${at}[${index}]`, asked))
      }
      default:
        return isObject(value) ? fields(node, value, at, asked) : wrong("is no object")
    }
  }
  const fields = (node: Node, value: Json, at: string, asked: string | undefined) => {
    const properties = node.properties ?? {}
    const missing = Object.entries(properties).filter(
      ([name, property]) =>
        asked !== undefined &&
        value[name] === undefined &&
        nodeFrom(property).annotations?.required?.includes(asked) === true
    )
    const found = Object.entries(value).flatMap(([name, one]) => {
      const property = properties[name] ?? node.additionalProperties
      if (property === undefined) return [`${at}.${name}: there is no such field`]
      const { description = "" } = nodeFrom(property)
      if (asked !== undefined && /^(\[output only\]|output only)/i.test(description))
        return [`${at}.${name}: this field is for answers only`]
      return flaws(nodeFrom(property), one, `${at}.${name}`, asked)
    })
    return [...missing.map(([name]) => `${at}.${name}: is missing`), ...found]
  }

  return {
    /** What is asked, by method and address; absent: nothing of this API. */
    ask: (httpMethod: string, url: URL): Question | undefined => {
      for (const { method, path, resource, verb } of byShape.get(shapeOf(httpMethod, url.pathname)) ?? []) {
        const match = path.exec(url.pathname)
        if (match === null) continue
        const ofPath = Object.entries(match.groups ?? {}).map(([name, text]) => [name, decodeURIComponent(text)])
        return {
          method,
          resource,
          verb,
          parameters: { ...Object.fromEntries(url.searchParams), ...Object.fromEntries(ofPath) }
        }
      }
      return undefined
    },
    /** What is wrong with a request. */
    refusals: ({ method, parameters }: Question, body: unknown): ReadonlyArray<string> => {
      const known = method.parameters ?? {}
      const unknown = Object.keys(parameters).filter((name) => !(name in known) && !(name in document.parameters))
      const of = Object.entries(known).flatMap(([name, { pattern, required, type }]) => {
        const text = parameters[name]
        if (text === undefined) return required === true ? [`the parameter ${name} is missing`] : []
        if (pattern !== undefined && !isWhole(pattern, text)) return [`the parameter ${name}: ${text} is not as ${pattern}`]
        return type === "integer" && !/^\d+$/.test(text) ? [`the parameter ${name}: ${text} is no integer`] : []
      })
      const bodies =
        method.request === undefined
          ? body === undefined
            ? []
            : ["a body that nobody reads"]
          : flaws({ $ref: method.request.$ref }, body ?? {}, "body", method.id)
      return [...unknown.map((name) => `there is no parameter ${name}`), ...of, ...bodies]
    },
    /** What is wrong with an answer. */
    slips: ({ method }: Question, answer: unknown) =>
      method.response === undefined ? [] : flaws({ $ref: method.response.$ref }, answer, "answer", undefined)
  }
}
export type Discovery = ReturnType<typeof read>

let opened: Discovery | undefined
/** It is large, and read once. */
export const open = () => (opened ??= read())
