/**
 * The OpenAPI v3 document of one group and version, made of the kinds that are served in it: what clients explain resources by,
 * and how they learn merge keys and which query parameters a write takes. Source: KEP-2896; OpenAPI 3.0; API conventions.
 */
import type { Schema } from "effect"
import type * as Kind from "./Kind.ts"
import type { Served } from "./Kinds.ts"
import { Components, type Describe, ref } from "./OpenApiSchema.ts"
import * as Shape from "./Shape.ts"

type Json = Schema.Json
type JsonObject = Schema.JsonObject

/** `kinds` may hold any: only those that are served in this group and version are written. */
export const document = (kinds: ReadonlyArray<Served>, group: string, version: string, describe?: Describe): JsonObject => {
  const components = new Components(describe)
  const paths: { [path: string]: JsonObject } = {}
  for (const { kind } of kinds) {
    const served = kind.versions.find((one) => one.group === group && one.version === version && one.served !== false)
    if (served !== undefined) Object.assign(paths, pathsOf(kind, served, components))
  }
  return {
    openapi: "3.0.0",
    info: { title: "Kubernetes", version: "v1.36.0" },
    paths,
    components: { schemas: components.all() }
  }
}

interface Target {
  readonly kind: Kind.Any
  readonly gvk: JsonObject
  /** The names of the schemas of one and of many. */
  readonly one: string
  readonly many: string
  /** `CoreV1NamespacedPod`. */
  readonly words: string
  readonly tag: string
  /** Custom kinds have no strategic merge, and kubectl patches by what stands here. */
  readonly isCustom: boolean
}

const pathsOf = (kind: Kind.Any, { described, group, schema, version }: Kind.Version, components: Components) => {
  const gvk = { group, version, kind: kind.kind }
  const shape = Shape.of(schema())
  if (shape.type !== "object") throw new Error(`the kind ${kind.kind} is no object`)
  const one = described === undefined ? components.kind(shape, gvk) : components.described(described, shape, gvk)
  const groupWord = group === "" ? "core" : (group.split(".")[0] ?? group)
  const target: Target = {
    kind,
    gvk,
    one,
    many: kind.verbs.includes("list") ? components.list(one, gvk) : one,
    words: `${capital(groupWord)}${capital(version)}${kind.namespaced ? "Namespaced" : ""}${kind.kind}`,
    tag: `${groupWord}_${version}`,
    isCustom: described !== undefined
  }
  const base = group === "" ? `/api/${version}` : `/apis/${group}/${version}`
  const collection = `${base}${kind.namespaced ? "/namespaces/{namespace}" : ""}/${kind.plural}`
  const inPath = kind.namespaced ? [pathParameter("namespace")] : []
  const paths: { [path: string]: JsonObject } = { [collection]: pathItem(inPath, collectionOperations, target) }
  if (kind.namespaced && kind.verbs.includes("list"))
    paths[`${base}/${kind.plural}`] = pathItem([], [["get", "list"]], {
      ...target,
      words: `${target.words}ForAllNamespaces`
    })
  const named = [pathParameter("name"), ...inPath]
  paths[`${collection}/{name}`] = pathItem(named, objectOperations, target)
  if (kind.subresources.includes("status"))
    paths[`${collection}/{name}/status`] = pathItem(named, statusOperations, { ...target, words: `${target.words}Status` })
  return Object.fromEntries(Object.entries(paths).filter(([, item]) => Object.keys(item).length > 1))
}

type Action = "list" | "get" | "post" | "put" | "patch" | "delete" | "deletecollection"
type Operations = ReadonlyArray<readonly [method: string, action: Action]>
const collectionOperations: Operations = [
  ["get", "list"],
  ["post", "post"],
  ["delete", "deletecollection"]
]
const statusOperations: Operations = [
  ["get", "get"],
  ["put", "put"],
  ["patch", "patch"]
]
const objectOperations: Operations = [...statusOperations, ["delete", "delete"]]

/** The verb that a kind must have for an action, and the word in names of operations. */
const about: { readonly [A in Action]: readonly [verb: Kind.Verb, word: string] } = {
  list: ["list", "list"],
  get: ["get", "read"],
  post: ["create", "create"],
  put: ["update", "replace"],
  patch: ["patch", "patch"],
  delete: ["delete", "delete"],
  deletecollection: ["deletecollection", "deleteCollection"]
}

const pathItem = (parameters: ReadonlyArray<JsonObject>, operations: Operations, target: Target): JsonObject => {
  const mine = operations.filter(([, action]) => target.kind.verbs.includes(about[action][0]))
  return {
    ...Object.fromEntries(mine.map(([method, action]) => [method, operation(action, target)])),
    parameters: [...parameters, query("pretty", "string")]
  }
}

const operation = (action: Action, { gvk, isCustom, many, one, tag, words }: Target): JsonObject => {
  const content = contentOf(action, one, isCustom)
  return {
    tags: [tag],
    operationId: `${about[action][1]}${words}`,
    // No empty list: Go's types cannot tell it from none, and documents shall come out as they went in.
    ...(queries[action].length > 0 && { parameters: queries[action] }),
    ...(content !== undefined && { requestBody: { required: true, content } }),
    responses: {
      ...Object.fromEntries(successes[action].map((code) => [code, answer(action === "list" ? many : one)])),
      "401": { description: "Unauthorized" }
    },
    "x-kubernetes-action": action,
    "x-kubernetes-group-version-kind": gvk
  }
}

const successes: { readonly [A in Action]: ReadonlyArray<string> } = {
  list: ["200"],
  get: ["200"],
  post: ["200", "201", "202"],
  put: ["200", "201"],
  patch: ["200", "201"],
  delete: ["200", "202"],
  deletecollection: ["200"]
}
const json = "application/json"
const answer = (name: string): JsonObject => ({ description: "OK", content: { [json]: { schema: ref(name) } } })

const patches = ["application/json-patch+json", "application/merge-patch+json", "application/apply-patch+yaml"]
const strategic = "application/strategic-merge-patch+json"
const contentOf = (action: Action, one: string, isCustom: boolean): JsonObject | undefined => {
  if (action === "post" || action === "put") return { "*/*": { schema: ref(one) } }
  if (action !== "patch") return undefined
  const body: Json = { schema: { type: "object" } }
  return Object.fromEntries((isCustom ? patches : [...patches, strategic]).map((type) => [type, body]))
}

const parameter = (name: string, where: string, type: string, required = false): JsonObject => ({
  name,
  in: where,
  ...(required && { required }),
  schema: { type, uniqueItems: true }
})
const pathParameter = (name: string) => parameter(name, "path", "string", true)
const query = (name: string, type: string) => parameter(name, "query", type)

const texts = (...names: ReadonlyArray<string>) => names.map((name) => query(name, "string"))
const writing = texts("dryRun", "fieldManager", "fieldValidation")
const deleting = [
  ...texts("dryRun", "propagationPolicy"),
  query("gracePeriodSeconds", "integer"),
  query("orphanDependents", "boolean"),
  query("ignoreStoreReadErrorWithClusterBreakingPotential", "boolean")
]
const selecting = [
  ...texts("continue", "fieldSelector", "labelSelector", "resourceVersion", "resourceVersionMatch"),
  ...["limit", "timeoutSeconds"].map((name) => query(name, "integer")),
  query("sendInitialEvents", "boolean")
]
const queries: { readonly [A in Action]: ReadonlyArray<JsonObject> } = {
  list: [...selecting, query("allowWatchBookmarks", "boolean"), query("watch", "boolean")],
  get: [],
  post: writing,
  put: writing,
  patch: [...writing, query("force", "boolean")],
  delete: deleting,
  deletecollection: [...selecting, ...deleting]
}

/** `core` is `Core`, `rbac` is `Rbac`. */
const capital = (word: string) => word.charAt(0).toUpperCase() + word.slice(1)
