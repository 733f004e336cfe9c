/** What the server that is compared with says of itself: its kinds, what can be done with them, and their schemas. */
import { Effect, Schema } from "effect"
import { fields, items, type Json, type JsonObject, textOf } from "./Json.ts"
import type { Side } from "./Side.ts"

export interface Resource {
  readonly group: string
  readonly version: string
  readonly kind: string
  readonly plural: string
  readonly namespaced: boolean
  /** `/apis/apps/v1` */
  readonly base: string
  /** What the collection and its objects take: `list`, `post`, `put`, … as OpenAPI words them. */
  readonly actions: ReadonlySet<string>
  readonly parts: ReadonlyMap<string, ReadonlySet<string>>
  readonly schema: JsonObject
  readonly document: JsonObject
}

export const apiVersionOf = ({ group, version }: Resource) => (group === "" ? version : `${group}/${version}`)
export const idOf = ({ group, plural, version }: Resource) => `${plural}.${version}${group === "" ? "" : `.${group}`}`

export const collectionOf = ({ base, namespaced, plural }: Resource, namespace: string) =>
  `${base}/${namespaced ? `namespaces/${namespace}/` : ""}${plural}`

export class Undescribed extends Schema.TaggedError<Undescribed>()("Undescribed", {
  path: Schema.String,
  code: Schema.Int
}) {
  override get message() {
    return `the server that is compared with does not describe itself: ${this.path} was answered with ${this.code}`
  }
}

/** The schema that a `$ref` names, as servers write it: also alone within `allOf`. */
export const resolved = (document: JsonObject, given: Json | undefined): JsonObject => {
  const schema = fields(given)
  const [only] = items(schema["allOf"])
  const reference = textOf(schema["$ref"]) || textOf(fields(only)["$ref"])
  if (reference === "") return schema
  const name = reference.replace("#/components/schemas/", "")
  return { ...fields(fields(fields(document["components"])["schemas"])[name]), ...schema }
}

const methods = ["get", "post", "put", "patch", "delete"]

const kindSchemas = (document: JsonObject) =>
  new Map(
    Object.values(fields(fields(document["components"])["schemas"])).flatMap((schema) =>
      items(fields(schema)["x-kubernetes-group-version-kind"]).map((gvk) => {
        const { group, kind, version } = fields(gvk)
        return [`${textOf(group)}/${textOf(version)}/${textOf(kind)}`, fields(schema)] as const
      })
    )
  )

/** `/apis/apps/v1/namespaces/{namespace}/deployments/{name}/scale` */
const pathParts =
  /^(?<base>\/api\/v1|\/apis\/[^/]+\/[^/]+)\/(?<inside>namespaces\/\{namespace\}\/)?(?<plural>[a-z]+)(?<one>\/\{name\})?(?:\/(?<part>[a-z]+))?$/

interface Growing extends Resource {
  readonly actions: Set<string>
  readonly parts: Map<string, Set<string>>
}

const resourcesOf = (document: JsonObject): ReadonlyArray<Resource> => {
  const schemas = kindSchemas(document)
  const found = new Map<string, Growing>()
  for (const [path, operations] of Object.entries(fields(document["paths"]))) {
    const { base = "", inside, part, plural = "" } = pathParts.exec(path)?.groups ?? {}
    for (const method of methods) {
      const operation = fields(fields(operations)[method])
      const { group, kind, version } = fields(operation["x-kubernetes-group-version-kind"])
      const action = textOf(operation["x-kubernetes-action"])
      if (action === "" || base === "") continue
      const key = `${base}/${plural}`
      const before = found.get(key)
      if (part !== undefined) {
        const actions = before?.parts.get(part) ?? new Set<string>()
        before?.parts.set(part, actions.add(action))
        continue
      }
      const resource: Growing = before ?? {
        group: textOf(group),
        version: textOf(version),
        kind: textOf(kind),
        plural,
        namespaced: false,
        base,
        actions: new Set<string>(),
        parts: new Map<string, Set<string>>(),
        schema: schemas.get(`${textOf(group)}/${textOf(version)}/${textOf(kind)}`) ?? {},
        document
      }
      resource.actions.add(action)
      found.set(key, inside === undefined ? resource : { ...resource, namespaced: true })
    }
  }
  return [...found.values()]
}

const ask = (side: Side, path: string) =>
  Effect.flatMap(side.send({ method: "GET", path }), ({ body, code }) =>
    code === 200 ? Effect.succeed(fields(body)) : Effect.fail(new Undescribed({ path, code }))
  )

/** Every kind in every version, in a steady order. */
export const read = Effect.fnUntraced(function* (side: Side) {
  const { paths } = yield* ask(side, "/openapi/v3")
  const named = Object.entries(fields(paths)).filter(([name]) => /^api\/v1$|^apis\/[^/]+\/[^/]+$/.test(name))
  const documents = yield* Effect.forEach(named, ([, about]) => ask(side, textOf(fields(about)["serverRelativeURL"])))
  return documents.flatMap(resourcesOf).toSorted((a, b) => (idOf(a) < idOf(b) ? -1 : 1))
})
