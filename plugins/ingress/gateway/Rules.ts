/** An HTTPRoute as rules of a proxy, and whether all that it refers to is there. Pure. */
import { type Services, targets } from "../Backends.ts"
import type { Backend, Condition, HeaderChange, Rule } from "../contracts/IngressProxy.ts"
import { isGranted } from "./Attach.ts"
import { is, not, type Wanted } from "./Conditions.ts"
import type { BackendRef, Filter, Grant, Match, PathChange, Route, RouteRule } from "./Objects.ts"

export interface World extends Services {
  readonly grants: ReadonlyArray<Grant>
}

const understood = ["RequestHeaderModifier", "ResponseHeaderModifier", "RequestRedirect", "URLRewrite"]

/** What of it cannot be served here. */
export const unsupported = ({ spec: { rules = [] } }: Route): Wanted | undefined => {
  for (const { backendRefs = [], filters = [], matches = [] } of rules) {
    const path = matches.find(({ path: { type = "PathPrefix" } = {} }) => type !== "PathPrefix" && type !== "Exact")
    if (path !== undefined) return not("Accepted", "UnsupportedValue", `paths of type ${path.path?.type} are not served`)
    const own = filters.find(({ type }) => !understood.includes(type))
    const filter = own ?? backendRefs.flatMap((one) => one.filters ?? [])[0]
    if (filter !== undefined) return not("Accepted", "UnsupportedValue", `a filter ${filter.type} there is not served`)
  }
  return undefined
}

const backendOf = (world: World, route: Route, ref: BackendRef): { readonly backend: Backend; readonly flaw?: Wanted } => {
  const { group = "", kind = "Service", name, port, weight = 1 } = ref
  const own = route.metadata.namespace ?? ""
  const namespace = ref.namespace ?? own
  const backend = { name: `${namespace}/${name}:${port ?? ""}`, weight, targets: [], otherwise: 500 }
  if (group !== "" || kind !== "Service")
    return { backend, flaw: not("ResolvedRefs", "InvalidKind", `${kind} ${name} is no Service`) }
  if (!isGranted(world.grants, { kind: "HTTPRoute", namespace: own }, { group, kind, name, namespace }))
    return {
      backend,
      flaw: not("ResolvedRefs", "RefNotPermitted", `no ReferenceGrant in ${namespace} allows Service ${name}`)
    }
  const found = targets(world, { namespace, name }, { number: port })
  if (found === undefined)
    return { backend, flaw: not("ResolvedRefs", "BackendNotFound", `there is no Service ${backend.name}`) }
  return { backend: { ...backend, targets: found, otherwise: 503 } }
}

export const resolved = (world: World, route: Route): Wanted =>
  (route.spec.rules ?? [])
    .flatMap(({ backendRefs = [] }) => backendRefs)
    .flatMap((ref) => backendOf(world, route, ref).flaw ?? [])[0] ?? is("ResolvedRefs")

const conditions = (values: Match["headers"] = []): ReadonlyArray<Condition> =>
  values.map(({ name, type = "Exact", value }) => ({ name, type, value }))

const matchOf = ({
  headers,
  method,
  path: { type = "PathPrefix", value = "/" } = {},
  queryParams
}: Match): Rule["match"] => ({
  path: { type: type === "Exact" ? "Exact" : "Prefix", value },
  ...(method !== undefined && { method }),
  headers: conditions(headers),
  query: conditions(queryParams)
})

const pathOf = (change: PathChange | undefined) =>
  change === undefined
    ? {}
    : change.type === "ReplaceFullPath"
      ? { path: { type: "Full" as const, value: change.replaceFullPath ?? "/" } }
      : { path: { type: "Prefix" as const, value: change.replacePrefixMatch || "/" } }

const changeOf = (change: Filter["requestHeaderModifier"]): HeaderChange => ({
  set: change?.set ?? [],
  add: change?.add ?? [],
  remove: change?.remove ?? []
})

const millis = (text: string | undefined) =>
  text === undefined
    ? 0
    : [...text.matchAll(/(\d+)(h|ms|m|s)/g)].reduce(
        (sum, [, count, unit]) =>
          sum + Number(count) * (unit === "h" ? 3_600_000 : unit === "m" ? 60_000 : unit === "s" ? 1000 : 1),
        0
      )

const actionOf = (world: World, route: Route, rule: RouteRule, port: number): Rule["action"] => {
  const { backendRefs = [], filters = [], timeouts } = rule
  const filter = <K extends keyof Filter>(key: K) => filters.find((one) => one[key] !== undefined)?.[key]
  const redirect = filter("requestRedirect")
  if (redirect !== undefined) {
    const { hostname, path, port: to = redirect.scheme === undefined ? port : undefined, scheme, statusCode } = redirect
    return {
      type: "Redirect",
      status: statusCode ?? 302,
      ...(scheme !== undefined && { scheme }),
      ...(hostname !== undefined && { host: hostname }),
      ...(to !== undefined && { port: to }),
      ...pathOf(path)
    }
  }
  const rewrite = filter("urlRewrite")
  const limits = [millis(timeouts?.request), millis(timeouts?.backendRequest)].filter((one) => one > 0)
  return {
    type: "Forward",
    backends: backendRefs.map((ref) => backendOf(world, route, ref).backend),
    requestHeaders: changeOf(filter("requestHeaderModifier")),
    responseHeaders: changeOf(filter("responseHeaderModifier")),
    ...(rewrite?.hostname !== undefined && { host: rewrite.hostname }),
    ...pathOf(rewrite?.path),
    ...(limits.length > 0 && { timeoutMillis: Math.min(...limits) })
  }
}

/** With the route that it comes from, for the order among those of several. */
export interface Owned {
  readonly rule: Rule
  readonly age: string
}

export const rules = (world: World, route: Route, port: number): ReadonlyArray<Owned> => {
  const { creationTimestamp = "", name, namespace = "" } = route.metadata
  return (route.spec.rules ?? []).flatMap((rule) => {
    const action = actionOf(world, route, rule, port)
    const matches = rule.matches === undefined || rule.matches.length === 0 ? [{}] : rule.matches
    return matches.map((match) => ({
      age: `${creationTimestamp} ${namespace}/${name}`,
      rule: { match: matchOf(match), action }
    }))
  })
}

/** What says more comes first; of two that say as much, the older. */
export const precedence = ({ age, rule: { match: a } }: Owned, { age: other, rule: { match: b } }: Owned): number => {
  if (a.path.type !== b.path.type) return a.path.type === "Exact" ? -1 : 1
  const method = Number(b.method !== undefined) - Number(a.method !== undefined)
  return (
    b.path.value.length - a.path.value.length ||
    method ||
    b.headers.length - a.headers.length ||
    b.query.length - a.query.length ||
    (age === other ? 0 : age < other ? -1 : 1)
  )
}
