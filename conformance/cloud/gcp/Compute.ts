/**
 * Compute Engine as far as load balancers, routes and instances go: resources by their address, changes that take a moment, references that
 * must lead somewhere, and nothing that is used can be deleted. Requests have been checked by Google's description before they come here.
 */
import { randomUUID } from "node:crypto"
import { type Json, isObject, type Question } from "./Discovery.ts"
import * as Rules from "./Rules.ts"

export class Refusal extends Error {
  readonly status: number
  readonly reason: string
  constructor(status: number, reason: string, message: string) {
    super(message)
    this.status = status
    this.reason = reason
  }
}
const notFound = (link: string) => new Refusal(404, "notFound", `The resource '${link}' was not found`)
const invalid = (message: string) => new Refusal(400, "invalid", message)

export interface Resource {
  readonly collection: string
  readonly link: string
  body: Json
  isBusy: boolean
  readonly endpoints: Map<string, Json>
}
interface Operation {
  readonly scope: string
  body: Json
  readonly ended: Promise<unknown>
}

/** How long a change takes, milliseconds. */
const moment = 1
const pageSize = 3

const now = () => new Date().toISOString()
const shapes: { readonly [resource: string]: { readonly kind: string; readonly collection: string } } = {
  addresses: { kind: "compute#address", collection: "addresses" },
  firewalls: { kind: "compute#firewall", collection: "firewalls" },
  forwardingRules: { kind: "compute#forwardingRule", collection: "forwardingRules" },
  instances: { kind: "compute#instance", collection: "instances" },
  networkEndpointGroups: { kind: "compute#networkEndpointGroup", collection: "networkEndpointGroups" },
  networks: { kind: "compute#network", collection: "networks" },
  regionBackendServices: { kind: "compute#backendService", collection: "backendServices" },
  regionHealthChecks: { kind: "compute#healthCheck", collection: "healthChecks" },
  routes: { kind: "compute#route", collection: "routes" },
  zones: { kind: "compute#zone", collection: "zones" }
}

/** Every text in it that is the address of something. */
const linksIn = (value: unknown): ReadonlyArray<string> =>
  typeof value === "string"
    ? /(^|\/)projects\/[^/]+\/(global|regions|zones)\//.test(value)
      ? [value.replace(/^.*?(?=projects\/)/, "")]
      : []
    : Array.isArray(value)
      ? value.flatMap(linksIn)
      : isObject(value)
        ? Object.values(value).flatMap(linksIn)
        : []

const filterOf = (text: string | undefined): ((body: Json) => boolean) => {
  if (text === undefined) return () => true
  const [, field = "", operator = "", value = ""] = /^(\w+) (=|eq) "([^"]*)"$/.exec(text) ?? []
  if (field === "") throw invalid(`Invalid value for field 'filter': '${text}'.`)
  const expression = new RegExp(`^(?:${value})$`)
  return (body) => (operator === "=" ? body[field] === value : expression.test(String(body[field] ?? "")))
}

export const make = (base: string) => {
  const resources = new Map<string, Resource>()
  const operations = new Map<string, Operation>()
  const asked = new Map<string, string>()
  let made = 1000
  const number = () => `${++made}`
  const linkOf = (path: string) => `${base}compute/v1/${path}`

  const scopeOf = ({ project, region, zone }: Question["parameters"]) =>
    `projects/${project}/${zone !== undefined ? `zones/${zone}` : region !== undefined ? `regions/${region}` : "global"}`
  const shapeOf = (resource: string) => {
    const shape = shapes[resource]
    if (shape === undefined) throw new Refusal(501, "notImplemented", `${resource} are not played here`)
    return shape
  }
  const collectionOf = ({ parameters, resource }: Question) => {
    const { collection } = shapeOf(resource)
    return collection === "zones" ? `projects/${parameters["project"]}/zones` : `${scopeOf(parameters)}/${collection}`
  }
  /** The resource's own name is the last parameter of its path. */
  const nameOf = ({ method, parameters }: Question) => {
    const own = [...method.flatPath.matchAll(/\{([^}]+)\}/g)].at(-1)?.[1] ?? ""
    return parameters[own] ?? ""
  }
  const existing = (path: string) => {
    const found = resources.get(path)
    if (found === undefined) throw notFound(path)
    return found
  }
  const ready = (path: string) => {
    const found = existing(path)
    if (found.isBusy) throw new Refusal(400, "resourceNotReady", `The resource '${path}' is not ready`)
    return found
  }
  /** All that it leads to is there, and written as the cloud writes it. */
  const complete = (value: unknown): unknown => {
    if (typeof value === "string") {
      const [path] = linksIn(value)
      return path === undefined ? value : linkOf(path)
    }
    if (Array.isArray(value)) return value.map(complete)
    return isObject(value)
      ? Object.fromEntries(Object.entries(value).map(([name, one]) => [name, name === "description" ? one : complete(one)]))
      : value
  }
  const referred = ({ description: _, ...body }: Json) => {
    for (const path of linksIn(body)) if (!/\/(subnetworks|machineTypes)\//.test(path)) ready(path)
    const whole = complete(body)
    return isObject(whole) ? whole : {}
  }

  const operate = (question: Question, path: string, change: () => void): Json => {
    const { parameters, verb } = question
    const scope = scopeOf(parameters)
    const name = `operation-${randomUUID()}`
    const { region, requestId, zone } = parameters
    const body: Json = {
      kind: "compute#operation",
      id: number(),
      name,
      operationType: verb,
      status: "RUNNING",
      progress: 0,
      insertTime: now(),
      targetLink: linkOf(path),
      selfLink: linkOf(`${scope}/operations/${name}`),
      ...(requestId !== undefined && { clientOperationId: requestId }),
      ...(zone !== undefined && { zone: linkOf(`projects/${parameters["project"]}/zones/${zone}`) }),
      ...(zone === undefined &&
        region !== undefined && { region: linkOf(`projects/${parameters["project"]}/regions/${region}`) })
    }
    const ended = new Promise((resolve) => setTimeout(resolve, moment)).then(() => {
      change()
      const operation = operations.get(`${scope}/operations/${name}`)
      if (operation !== undefined) operation.body = { ...body, status: "DONE", progress: 100, endTime: now() }
    })
    operations.set(`${scope}/operations/${name}`, { scope, body, ended })
    if (requestId !== undefined) asked.set(requestId, `${scope}/operations/${name}`)
    return body
  }

  const bodyOf = (resource: string, path: string, scope: string, given: Json): Json => {
    const [, place, called = ""] = /\/(zones|regions)\/([^/]+)/.exec(scope) ?? []
    const project = scope.split("/")[1] ?? ""
    return {
      kind: shapeOf(resource).kind,
      id: number(),
      creationTimestamp: now(),
      selfLink: linkOf(path),
      ...(place === "zones" && { zone: linkOf(`projects/${project}/zones/${called}`) }),
      ...(place === "regions" && { region: linkOf(`projects/${project}/regions/${called}`) }),
      ...given
    }
  }
  const put = (resource: string, path: string, scope: string, given: Json, isBusy = false): Resource => {
    const collection = path.slice(0, path.lastIndexOf("/"))
    const found: Resource = {
      ...{ collection, link: linkOf(path), isBusy, endpoints: new Map() },
      body: bodyOf(resource, path, scope, given)
    }
    resources.set(path, found)
    return found
  }

  const state: Rules.State = {
    find: (link) => resources.get(linksIn(link)[0] ?? "")?.body,
    all: (collection) => [...resources.values()].filter((one) => one.collection === collection).map(({ body }) => body),
    number
  }
  const checked = (flaw: string | undefined) => {
    if (flaw !== undefined) throw invalid(flaw)
  }

  const insert = (question: Question, given: Json) => {
    const name = String(given["name"] ?? "")
    if (!/^[a-z]([-a-z0-9]{0,61}[a-z0-9])?$/.test(name)) throw invalid(`Invalid value for field 'resource.name': '${name}'.`)
    const path = `${collectionOf(question)}/${name}`
    if (resources.has(path)) throw new Refusal(409, "alreadyExists", `The resource '${path}' already exists`)
    const body = { ...given, ...referred(given) }
    const scope = scopeOf(question.parameters)
    checked(Rules.inserting(question.resource, body, scope, state))
    const more = Rules.filled(question.resource, body, state)
    const resource = put(question.resource, path, scope, { ...body, ...more }, true)
    return operate(question, path, () => {
      resource.isBusy = false
    })
  }
  const patch = (question: Question, given: Json) => {
    const path = `${collectionOf(question)}/${nameOf(question)}`
    const found = ready(path)
    if (found.body["fingerprint"] !== undefined && found.body["fingerprint"] !== given["fingerprint"])
      throw new Refusal(412, "conditionNotMet", "Invalid fingerprint.")
    const body = { ...given, ...referred(given) }
    checked(Rules.patching(question.resource, found.body, body))
    return operate(question, path, () => {
      found.body = { ...found.body, ...body, ...Rules.refreshed(found.body, number) }
    })
  }
  const remove = (question: Question) => {
    const path = `${collectionOf(question)}/${nameOf(question)}`
    const found = ready(path)
    const user = [...resources.values()].find(
      (one) =>
        one !== found &&
        (Object.entries(one.body).some(
          ([name, value]) => !["selfLink", "zone", "region", "description"].includes(name) && linksIn(value).includes(path)
        ) ||
          Rules.holds(one.body, found.body))
    )
    if (user !== undefined)
      throw new Refusal(
        400,
        "resourceInUseByAnotherResource",
        `The ${question.resource} resource '${path}' is already being used by '${user.link}'`
      )
    found.isBusy = true
    return operate(question, path, () => resources.delete(path))
  }

  const page = (all: ReadonlyArray<Json>, { pageToken = "0" }: Question["parameters"]) => {
    const from = Number(pageToken)
    const nextPageToken = from + pageSize < all.length ? { nextPageToken: `${from + pageSize}` } : {}
    return { items: all.slice(from, from + pageSize), ...nextPageToken }
  }
  const list = (question: Question) => {
    const collection = collectionOf(question)
    const all = state.all(collection).filter(filterOf(question.parameters["filter"]))
    return { kind: `${shapeOf(question.resource).kind}List`, ...page(all, question.parameters) }
  }
  const aggregated = (question: Question) => {
    const { collection, kind } = shapeOf(question.resource)
    const isOf = filterOf(question.parameters["filter"])
    const all = [...resources.values()].filter((one) => one.collection.endsWith(`/${collection}`) && isOf(one.body))
    const { items, ...more } = page(
      all.map(({ body }) => body),
      question.parameters
    )
    const byScope = Map.groupBy(items, (body) =>
      String(body["zone"] ?? body["region"])
        .split("/")
        .slice(-2)
        .join("/")
    )
    const scoped = [...byScope].map(([scope, bodies]) => [scope, { [collection]: bodies }])
    return { kind: `${kind}AggregatedList`, items: Object.fromEntries(scoped), ...more }
  }

  /** Endpoints of a group: the machine's name, which has to be in the group's zone. */
  const endpoints = (question: Question, given: Json, isAttached: boolean) => {
    const path = `${scopeOf(question.parameters)}/networkEndpointGroups/${nameOf(question)}`
    const found = ready(path)
    const all = Array.isArray(given["networkEndpoints"]) ? given["networkEndpoints"].filter(isObject) : []
    if (all.length === 0) throw invalid("networkEndpoints: there is none")
    const named = all.map((one) => {
      const name =
        String(one["instance"] ?? "")
          .split("/")
          .at(-1) ?? ""
      const instance = resources.get(`${scopeOf(question.parameters)}/instances/${name}`)
      if (isAttached && instance === undefined) throw notFound(name)
      if (!isAttached && !found.endpoints.has(name)) throw invalid(`the endpoint ${name} is not attached`)
      return { name, ipAddress: instance === undefined ? "" : Rules.addressOf(instance.body) }
    })
    return operate(question, path, () => {
      for (const { ipAddress, name } of named)
        if (isAttached) found.endpoints.set(name, { instance: name, ipAddress })
        else found.endpoints.delete(name)
    })
  }
  const endpointsOf = (question: Question) => {
    const found = existing(`${scopeOf(question.parameters)}/networkEndpointGroups/${nameOf(question)}`)
    const all = [...found.endpoints.values()].map((networkEndpoint) => ({ networkEndpoint }))
    return { kind: "compute#networkEndpointGroupsListNetworkEndpoints", ...page(all, question.parameters) }
  }

  const wait = async (question: Question) => {
    const found = operations.get(`${scopeOf(question.parameters)}/operations/${question.parameters["operation"]}`)
    if (found === undefined) throw notFound(question.parameters["operation"] ?? "")
    await found.ended
    return found.body
  }

  return {
    resources,
    /** Something that is there without anybody having asked for it. */
    put: (resource: string, scope: string, name: string, body: Json) =>
      put(resource, `${scope}/${shapeOf(resource).collection}/${name}`.replace("/global/zones", "/zones"), scope, {
        name,
        ...body
      }),
    answer: async (question: Question, given: Json): Promise<Json> => {
      // What was asked under the same id is not done again.
      const before = asked.get(question.parameters["requestId"] ?? "")
      if (before !== undefined) return operations.get(before)?.body ?? {}
      switch (question.verb) {
        case "insert":
          return insert(question, given)
        case "patch":
          return patch(question, given)
        case "delete":
          return remove(question)
        case "get":
          return existing(`${collectionOf(question)}/${nameOf(question)}`).body
        case "list":
          return list(question)
        case "aggregatedList":
          return aggregated(question)
        case "wait":
          return await wait(question)
        case "listNetworkEndpoints":
          return endpointsOf(question)
        case "attachNetworkEndpoints":
        case "detachNetworkEndpoints":
          return endpoints(question, given, question.verb === "attachNetworkEndpoints")
        default:
          throw new Refusal(501, "notImplemented", `${question.method.id} is not played here`)
      }
    }
  }
}
export type Compute = ReturnType<typeof make>
