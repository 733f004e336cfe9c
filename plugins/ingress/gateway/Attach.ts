/** Which listeners a route comes to, and which hosts it has there. Pure. */
import * as LabelSelector from "../../../kernel/resource/Selector.ts"
import { group, type Gateway, type Grant, type Listener, type ParentRef, type Reference, type Route } from "./Objects.ts"

export type LabelsOf = (namespace: string) => { readonly [key: string]: string } | undefined

/** What somebody in one namespace may name in another. */
export const isGranted = (
  grants: ReadonlyArray<Grant>,
  from: { readonly kind: string; readonly namespace: string },
  to: Required<Pick<Reference, "group" | "kind" | "name" | "namespace">>
) =>
  from.namespace === to.namespace ||
  grants.some(
    ({ metadata, spec }) =>
      metadata.namespace === to.namespace &&
      spec.from.some((one) => one.group === group && one.kind === from.kind && one.namespace === from.namespace) &&
      spec.to.some(
        (one) => one.group === to.group && one.kind === to.kind && (one.name === undefined || one.name === to.name)
      )
  )

export const isKnown = ({ protocol }: Listener) => protocol === "HTTP" || protocol === "HTTPS"

export const supportedKinds = (listener: Listener) => {
  if (!isKnown(listener)) return { kinds: [], isWhole: true }
  const own = { group, kind: "HTTPRoute" }
  const asked = listener.allowedRoutes?.kinds
  if (asked === undefined || asked.length === 0) return { kinds: [own], isWhole: true }
  const known = asked.filter(({ group: of = group, kind }) => of === group && kind === "HTTPRoute")
  return { kinds: known.length > 0 ? [own] : [], isWhole: known.length === asked.length }
}

const isAllowed = (gateway: Gateway, listener: Listener, namespace: string, labelsOf: LabelsOf) => {
  if (supportedKinds(listener).kinds.length === 0) return false
  const { from = "Same", selector } = listener.allowedRoutes?.namespaces ?? {}
  if (from === "All") return true
  if (from === "Same") return namespace === gateway.metadata.namespace
  return from === "Selector" && selector !== undefined && LabelSelector.matcher(selector)(labelsOf(namespace))
}

const isBelow = (host: string, wildcard: string) => wildcard.startsWith("*.") && host.endsWith(wildcard.slice(1))

/** The hosts that are both; empty: none. `""` is every host. */
export const common = (listener: string, routes: ReadonlyArray<string>): ReadonlyArray<string> => {
  if (routes.length === 0) return [listener]
  return routes.flatMap((host) => {
    if (listener === "" || host === listener || isBelow(host, listener)) return [host]
    return isBelow(listener, host) ? [listener] : []
  })
}

export const isFor = (route: Route, { group: of = group, kind = "Gateway", name, namespace }: ParentRef, gateway: Gateway) =>
  of === group &&
  kind === "Gateway" &&
  name === gateway.metadata.name &&
  (namespace ?? route.metadata.namespace) === gateway.metadata.namespace

export type Attached =
  | { readonly listeners: ReadonlyArray<{ readonly listener: Listener; readonly hosts: ReadonlyArray<string> }> }
  | { readonly reason: "NoMatchingParent" | "NotAllowedByListeners" | "NoMatchingListenerHostname" }

export const attach = (gateway: Gateway, route: Route, parent: ParentRef, labelsOf: LabelsOf): Attached => {
  const named = gateway.spec.listeners.filter(
    ({ name, port }) => (parent.sectionName ?? name) === name && (parent.port ?? port) === port
  )
  if (named.length === 0) return { reason: "NoMatchingParent" }
  const allowed = named.filter((listener) => isAllowed(gateway, listener, route.metadata.namespace ?? "", labelsOf))
  if (allowed.length === 0) return { reason: "NotAllowedByListeners" }
  const listeners = allowed
    .map((listener) => ({ listener, hosts: common(listener.hostname ?? "", route.spec.hostnames ?? []) }))
    .filter(({ hosts }) => hosts.length > 0)
  return listeners.length === 0 ? { reason: "NoMatchingListenerHostname" } : { listeners }
}
