/**
 * Azure's Resource Manager as far as load balancers, routes and machines go: resources by their ids, versions, changes that take a moment and
 * are asked after. Requests have been checked by Microsoft's description before they come here.
 */
import { randomUUID } from "node:crypto"
import type { Answer } from "../Listening.ts"
import { isObject, type Json } from "./Description.ts"
import { holder, propertiesOf, Refusal, type State, written } from "./Rules.ts"

export interface Resource {
  readonly id: string
  body: Json
  /** Until then a change is under way. */
  until: number
}

/** How long a change takes, milliseconds. */
const moment = 1
const pageSize = 3

/** Its kind, its parent if it is a part of something, and its group's place. */
const pathOf = (path: string) => {
  const [, group = "", provider = "", rest = ""] =
    /^(\/subscriptions\/[^/]+(?:\/resourceGroups\/[^/]+)?)\/providers\/([^/]+)\/(.+)$/i.exec(path) ?? []
  const steps = rest.split("/")
  const parent = steps.length === 4 ? `${group}/providers/${provider}/${steps.slice(0, 2).join("/")}` : undefined
  const isOne = steps.length % 2 === 0
  return {
    group,
    provider,
    parent,
    isOne,
    kind: steps[isOne ? steps.length - 2 : steps.length - 1] ?? "",
    name: steps.at(-1) ?? ""
  }
}

export const make = () => {
  const resources = new Map<string, Resource>()
  const operations = new Map<string, number>()
  const skus: Array<Json> = []
  let made = 0
  const number = () => ++made
  const key = (id: string) => id.toLowerCase()
  const notFound = (path: string) => new Refusal(404, "ResourceNotFound", `The Resource '${path}' was not found.`)
  const isBusy = ({ until }: Resource) => until > performance.now()

  /** Those that lie directly under a path, in whatever group if it names none. */
  const under = (path: string) => {
    const { group, kind, provider } = pathOf(path)
    const isIn = new RegExp(
      `^${key(group)}(/resourcegroups/[^/]+)?/providers/${key(provider)}/${key(path.slice(path.toLowerCase().indexOf(key(provider)) + provider.length + 1))}/[^/]+$`
    )
    return [...resources].filter(([id]) => isIn.test(id) && kind !== "").map(([, one]) => one)
  }
  const state: State = {
    find: (id) => {
      const found = resources.get(key(id))
      return found && { body: found.body, isBusy: isBusy(found) }
    },
    all: (path) => under(path).map(({ body }) => body),
    number
  }

  const started = (host: string, group: string): Answer["headers"] => {
    const id = randomUUID()
    operations.set(id, performance.now() + moment)
    const [, subscription = ""] = /^\/subscriptions\/([^/]+)/i.exec(group) ?? []
    const at = `/subscriptions/${subscription}/providers/Microsoft.Network/locations/here/operations/${id}`
    return { "azure-asyncoperation": `https://${host}${at}?api-version=2026-01-01` }
  }

  const matches = (found: Resource | undefined, headers: { readonly [name: string]: string | undefined }) => {
    const [match, none] = [headers["if-match"], headers["if-none-match"]]
    const isStale = match !== undefined && match !== "*" && match !== found?.body["etag"]
    if (isStale || (none === "*" && found !== undefined))
      throw new Refusal(412, "PreconditionFailed", "Precondition failed.")
  }
  const free = (found: Resource | undefined) => {
    if (found !== undefined && isBusy(found))
      throw new Refusal(409, "AnotherOperationInProgress", `Another operation on ${found.id} is in progress.`)
  }

  const put = (path: string, body: Json): Resource => {
    const { kind, name, parent, provider } = pathOf(path)
    const found = resources.get(key(path))
    const id = found?.id ?? path
    const properties = written(kind, id, body, found?.body, state)
    const type = parent === undefined ? `${provider}/${kind}` : `${provider}/${pathOf(parent).kind}/${kind}`
    const isMachine = kind.toLowerCase() === "virtualmachines"
    const resource = found ?? { id, body: {}, until: 0 }
    resource.body = {
      ...found?.body,
      ...body,
      ...{ id, name },
      ...(parent === undefined && { type }),
      etag: `W/"${number()}"`,
      properties: { ...properties, provisioningState: isMachine ? "Succeeded" : "Updating" }
    }
    resources.set(key(path), resource)
    return resource
  }
  const shown = (resource: Resource): Json => ({
    ...resource.body,
    properties: { ...propertiesOf(resource.body), provisioningState: isBusy(resource) ? "Updating" : "Succeeded" }
  })

  const write = (
    path: string,
    body: Json,
    host: string,
    headers: { readonly [name: string]: string | undefined }
  ): Answer => {
    const { group, parent } = pathOf(path)
    const found = resources.get(key(path))
    if (parent !== undefined) {
      const above = resources.get(key(parent))
      if (above === undefined) throw new Refusal(404, "ParentResourceNotFound", `${parent} was not found.`)
      free(above)
      above.until = performance.now() + moment
    }
    matches(found, headers)
    free(found)
    const resource = put(path, body)
    resource.until = performance.now() + moment
    return { status: found === undefined ? 201 : 200, body: shown(resource), headers: { ...started(host, group) } }
  }

  const remove = (path: string, host: string, headers: { readonly [name: string]: string | undefined }): Answer => {
    const { group, kind, parent } = pathOf(path)
    const found = resources.get(key(path))
    if (found === undefined) return { status: 204, body: undefined }
    matches(found, headers)
    free(found)
    const above = parent === undefined ? undefined : resources.get(key(parent))
    free(above)
    const balancers = state.all(`${group}/providers/Microsoft.Network/loadBalancers`)
    const user = kind.toLowerCase() === "publicipaddresses" ? holder(found.id, balancers) : undefined
    if (user !== undefined)
      throw new Refusal(
        400,
        "PublicIPAddressCannotBeDeleted",
        `${found.id} can not be deleted: it is used by ${String(user)}.`
      )
    if (above !== undefined) above.until = performance.now() + moment
    resources.delete(key(path))
    return { status: 202, body: undefined, headers: { ...started(host, group) } }
  }

  const page = (all: ReadonlyArray<Json>, url: URL, host: string) => {
    const from = Number(url.searchParams.get("$skiptoken") ?? "0")
    const next = new URL(url)
    next.searchParams.set("$skiptoken", `${from + pageSize}`)
    const more = from + pageSize < all.length ? { nextLink: `https://${host}${next.pathname}${next.search}` } : {}
    return { status: 200, body: { value: all.slice(from, from + pageSize), ...more } }
  }
  const read = (url: URL, host: string): Answer => {
    const path = decodeURI(url.pathname)
    const { isOne, kind } = pathOf(path)
    if (kind.toLowerCase() === "skus") {
      const [, location = ""] = /^location eq '([^']+)'$/.exec(url.searchParams.get("$filter") ?? "") ?? []
      return page(
        skus.filter(({ locations }) => Array.isArray(locations) && locations.includes(location)),
        url,
        host
      )
    }
    if (!isOne) return page(under(path).map(shown), url, host)
    const found = resources.get(key(path))
    if (found === undefined) throw notFound(path)
    const { instanceView: _, ...properties } = propertiesOf(found.body)
    const isWhole = url.searchParams.get("$expand") === "instanceView" || kind.toLowerCase() !== "virtualmachines"
    return { status: 200, body: isWhole ? shown(found) : { ...shown(found), properties } }
  }

  return {
    resources,
    skus,
    /** Something that is there without anybody having asked for it. */
    put: (path: string, body: Json) => put(path, body),
    delete: (path: string) => resources.delete(key(path)),
    /** How far a change is. */
    progress: (id: string): Answer => {
      const ends = operations.get(id)
      if (ends === undefined) throw new Refusal(404, "OperationNotFound", `The operation ${id} was not found.`)
      return { status: 200, body: { status: ends > performance.now() ? "InProgress" : "Succeeded" } }
    },
    answer: (
      method: string,
      url: URL,
      given: unknown,
      host: string,
      headers: { readonly [name: string]: string | undefined }
    ): Answer => {
      const path = decodeURI(url.pathname)
      if (method === "PUT") return write(path, isObject(given) ? given : {}, host, headers)
      return method === "DELETE" ? remove(path, host, headers) : read(url, host)
    }
  }
}
