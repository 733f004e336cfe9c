/** Where the API keeps what: paths and queries. Source: API concepts, "Resource URIs". */
import { Predicate, type Schema } from "effect"
import type { Api, DeleteOptions } from "../../../kernel/client/Api.ts"

type Service = Api["Service"]
type Collection = Parameters<Service["list"]>[0]
type At = Parameters<Service["get"]>[0]
type Query = Readonly<Record<string, string | number | boolean | undefined>>

const query = (parameters: Query) => {
  const set = Object.entries(parameters).filter((pair): pair is [string, string | number | boolean] => pair[1] !== undefined)
  return set.length === 0 ? "" : `?${new URLSearchParams(set.map(([name, value]) => [name, String(value)]))}`
}

const part = encodeURIComponent

export const collection = (
  { group, namespace, resource, version }: Pick<Collection, "group" | "version" | "resource" | "namespace">,
  parameters: Query = {}
) => {
  const root = group === "" ? `/api/${part(version)}` : `/apis/${part(group)}/${part(version)}`
  const within = namespace === "" ? "" : `/namespaces/${part(namespace)}`
  return `${root}${within}/${part(resource)}${query(parameters)}`
}

export const object = ({ name, subresource = "", ...at }: At, parameters: Query = {}) =>
  `${collection(at)}/${part(name)}${subresource === "" ? "" : `/${part(subresource)}`}${query(parameters)}`

export const selectors = ({ fieldSelector, labelSelector }: Pick<Collection, "fieldSelector" | "labelSelector">) => ({
  labelSelector: labelSelector === "" ? undefined : labelSelector,
  fieldSelector: fieldSelector === "" ? undefined : fieldSelector
})

interface Writing {
  readonly dryRun?: boolean
  readonly fieldManager?: string
  readonly fieldValidation?: string
  readonly force?: boolean
}
export const writing = ({ dryRun = false, fieldManager, fieldValidation, force }: Writing) => ({
  dryRun: dryRun ? "All" : undefined,
  fieldManager,
  fieldValidation,
  force
})

export const deleteOptions = ({ dryRun = false, resourceVersion, uid, ...options }: DeleteOptions) => {
  const preconditions = { ...(uid !== undefined && { uid }), ...(resourceVersion !== undefined && { resourceVersion }) }
  return {
    kind: "DeleteOptions",
    apiVersion: "v1",
    ...options,
    ...(Object.keys(preconditions).length > 0 && { preconditions }),
    ...(dryRun && { dryRun: ["All"] })
  }
}

export const mediaTypeOf = {
  json: "application/json-patch+json",
  merge: "application/merge-patch+json",
  strategic: "application/strategic-merge-patch+json",
  apply: "application/apply-patch+yaml"
} as const

export const fieldsOf = (value: Schema.Json | undefined): Schema.JsonObject =>
  // What is an object, and came out of JSON.parse, is one of JSON, hence the cast.
  Predicate.isObject(value) ? (value as Schema.JsonObject) : {}
export const textOf = (value: Schema.Json | undefined) => (typeof value === "string" ? value : "")
