/**
 * What Microsoft publishes of Azure's Resource Manager: operations with their paths and parameters, and the models of bodies, read from the
 * libraries that are made of its API's description (bin/azure-api.py). Requests are checked by it: what it does not know, what is for answers
 * only, and what is missing of what it demands, is refused.
 */
import { Schema } from "effect"
import { readFileSync } from "node:fs"
import * as Apis from "../Apis.ts"

const { Array: List, Boolean, NullOr, optionalKey, Record: Dictionary, String: Text, Struct, Unknown } = Schema

const Operation = Struct({
  space: Text,
  id: Text,
  method: Text,
  path: Text,
  query: Dictionary(Text, Struct({ required: Boolean, value: optionalKey(Text) })),
  body: NullOr(Text)
})
export type Operation = typeof Operation.Type
const Field = Struct({ type: Unknown, required: Boolean, readOnly: Boolean })
type Field = typeof Field.Type
const Model = Struct({ bases: List(Text), fields: Dictionary(Text, Field) })
const Description = Struct({
  operations: Dictionary(Text, Operation),
  models: Dictionary(Text, Dictionary(Text, Model)),
  enums: Dictionary(Text, Dictionary(Text, List(Text)))
})

export type Json = { readonly [key: string]: unknown }
export const isObject = (value: unknown): value is Json =>
  typeof value === "object" && value !== null && !Array.isArray(value)

export interface Question {
  readonly operation: Operation
  readonly query: { readonly [name: string]: string }
}

const plain: { readonly [type: string]: (value: unknown) => boolean } = {
  str: (value) => typeof value === "string",
  bool: (value) => typeof value === "boolean",
  int: (value) => Number.isInteger(value),
  float: (value) => typeof value === "number"
}

const read = () => {
  const { enums, models, operations } = Schema.decodeUnknownSync(Description)(
    JSON.parse(readFileSync(Apis.fileOf("azure.json"), "utf8"))
  )
  const shapeOf = (method: string, path: string) => `${method} ${path.split("/").length}`
  // Azure does not mind how a path is capitalised.
  const all = Object.values(operations).map((operation) => ({
    operation,
    path: new RegExp(`^${operation.path.replaceAll(/\{[^}]+\}/g, "[^/]+")}$`, "i")
  }))
  const byShape = Map.groupBy(all, ({ operation }) => shapeOf(operation.method, operation.path))
  const find = (method: string, path: string) =>
    byShape.get(shapeOf(method, path))?.find((one) => one.path.test(path))?.operation

  const fieldsOf = (space: string, name: string): { readonly [field: string]: Field } => {
    const model = models[space]?.[name]
    if (model === undefined) return {}
    return Object.assign({}, ...model.bases.map((base) => fieldsOf(space, base)), model.fields)
  }

  /** `isAsked`: it is sent; otherwise it is answered. */
  const flaws = (space: string, type: unknown, value: unknown, at: string, isAsked: boolean): ReadonlyArray<string> => {
    const wrong = (what: string) => [`${at}: ${what}`]
    if (typeof type === "string")
      return plain[type]?.(value) === false ? wrong(`is no ${type} but ${JSON.stringify(value)}`) : []
    if (!isObject(type)) return []
    if (type["list"] !== undefined)
      return Array.isArray(value)
        ? value.flatMap((one: unknown, index) => flaws(space, type["list"], one, `${at}[${index}]`, isAsked))
        : wrong("is no array")
    if (type["map"] !== undefined)
      return isObject(value)
        ? Object.entries(value).flatMap(([name, one]) => flaws(space, type["map"], one, `${at}.${name}`, isAsked))
        : wrong("is no object")
    const name = type["ref"]
    if (typeof name !== "string") return []
    const values = enums[space]?.[name]
    if (values !== undefined)
      return typeof value === "string" && values.some((one) => one.toLowerCase() === value.toLowerCase())
        ? []
        : wrong(`${JSON.stringify(value)} is none of ${values.join(", ")}`)
    return isObject(value) ? ofModel(space, name, value, at, isAsked) : wrong("is no object")
  }
  const ofModel = (space: string, name: string, value: Json, at: string, isAsked: boolean) => {
    const fields = fieldsOf(space, name)
    const missing = Object.entries(fields).filter(([name, { required }]) => required && value[name] === undefined)
    const there = Object.entries(value).flatMap(([name, one]) => {
      const field = fields[name]
      if (field === undefined) return [`${at}.${name}: there is no such field`]
      if (field.readOnly && isAsked) return [`${at}.${name}: this field is for answers only`]
      return flaws(space, field.type, one, `${at}.${name}`, isAsked)
    })
    return [...missing.map(([name]) => `${at}.${name}: is missing`), ...there]
  }

  return {
    ask: (method: string, url: URL): Question | undefined => {
      const operation = find(method, decodeURI(url.pathname))
      return operation && { operation, query: Object.fromEntries(url.searchParams) }
    },
    refusals: ({ operation, query }: Question, body: unknown): ReadonlyArray<string> => {
      const unknown = Object.keys(query).filter((name) => operation.query[name] === undefined)
      const of = Object.entries(operation.query).flatMap(([name, { required, value }]) => {
        const given = query[name]
        if (given === undefined) return required ? [`the parameter ${name} is missing`] : []
        return value !== undefined && given !== value ? [`the parameter ${name}: ${given} is not ${value}`] : []
      })
      const bodies =
        operation.body === null
          ? body === undefined
            ? []
            : ["a body that nobody reads"]
          : flaws(operation.space, { ref: operation.body }, body ?? {}, "body", true)
      return [...unknown.map((name) => `there is no parameter ${name}`), ...of, ...bodies]
    },
    /** What is wrong with a resource as it is answered: it is of the model that it is written in. */
    slips: (path: string, body: unknown): ReadonlyArray<string> => {
      const operation = find("PUT", path)
      return operation === undefined || operation.body === null
        ? []
        : flaws(operation.space, { ref: operation.body }, body, "answer", false)
    }
  }
}
export type Description = ReturnType<typeof read>

let opened: Description | undefined
/** It is large, and read once. */
export const open = () => (opened ??= read())
