/**
 * What Gateways and their routes come to: listeners of the proxy, the Services in front of them, and what their statuses say. Pure.
 * Each Gateway has an address of its own, that of its Service; on the nodes it has ports of its own, because all Gateways are served by
 * one proxy: ten thousand below the Service's node ports, which no two Services share.
 */
import { createHash } from "node:crypto"
import type { Key } from "../../../kernel/resource/Kind.ts"
import type { Node, Secret, Service } from "../../resources/contracts/core/v1.ts"
import type { Certificate, Listener as Served, Server } from "../contracts/IngressProxy.ts"
import type { Port } from "../Fronts.ts"
import { certificateOf } from "../contracts/Certificates.ts"
import { serving } from "../Statuses.ts"
import { type Attached, attach, isFor, isGranted, isKnown, type LabelsOf, supportedKinds } from "./Attach.ts"
import { is, not, type Wanted } from "./Conditions.ts"
import type { Gateway, Listener, ParentRef, Route } from "./Objects.ts"
import * as Rules from "./Rules.ts"

export interface World extends Rules.World {
  readonly gateways: ReadonlyArray<Gateway>
  readonly routes: ReadonlyArray<Route>
  readonly nodes: ReadonlyArray<Node>
  readonly secret: (key: Key) => Secret | undefined
  readonly labelsOf: LabelsOf
}

export interface ListenerStatus {
  readonly name: string
  readonly supportedKinds: ReadonlyArray<{ readonly group: string; readonly kind: string }>
  readonly attachedRoutes: number
  readonly conditions: ReadonlyArray<Wanted>
}
export interface GatewayResult {
  readonly gateway: Gateway
  readonly front: Key
  readonly ports: ReadonlyArray<Port>
  readonly addresses: ReadonlyArray<{ readonly type: string; readonly value: string }>
  readonly conditions: ReadonlyArray<Wanted>
  readonly listeners: ReadonlyArray<ListenerStatus>
}
export interface RouteResult {
  readonly route: Route
  readonly parents: ReadonlyArray<{ readonly parentRef: ParentRef; readonly conditions: ReadonlyArray<Wanted> }>
}
export interface Result {
  readonly listeners: ReadonlyArray<Served>
  readonly certificates: ReadonlyArray<Certificate>
  readonly gateways: ReadonlyArray<GatewayResult>
  readonly routes: ReadonlyArray<RouteResult>
}

const offset = 10_000
const suffix = "-keelson"
/** Names of Services are labels; those of Gateways may be longer, and have dots. */
export const frontOf = ({ metadata: { name, namespace = "" } }: Gateway): Key => {
  if (/^[a-z][-a-z0-9]*$/.test(name) && name.length + suffix.length <= 63) return { namespace, name: `${name}${suffix}` }
  const hash = createHash("sha256").update(name).digest("hex").slice(0, 8)
  return { namespace, name: `gateway-${name.replaceAll(".", "-").slice(0, 36)}-${hash}${suffix}` }
}
const portName = (port: number) => `port-${port}`

const targetOf = (service: Service | undefined, port: number) => {
  const nodePort = service?.spec?.ports?.find((one) => one.port === port)?.nodePort ?? 0
  return nodePort > offset ? nodePort - offset : 0
}

/** A certificate, or why there is none. */
const shownBy = (world: World, gateway: Gateway, { protocol, tls }: Listener): Certificate | Wanted | undefined => {
  if (protocol !== "HTTPS") return undefined
  const [ref] = tls?.certificateRefs ?? []
  const { group = "", kind = "Secret", name = "" } = ref ?? {}
  const own = gateway.metadata.namespace ?? ""
  const namespace = ref?.namespace ?? own
  if (ref === undefined || group !== "" || kind !== "Secret")
    return not("ResolvedRefs", "InvalidCertificateRef", "a listener of HTTPS refers to a Secret")
  if (!isGranted(world.grants, { kind: "Gateway", namespace: own }, { group, kind, name, namespace }))
    return not("ResolvedRefs", "RefNotPermitted", `no ReferenceGrant in ${namespace} allows Secret ${name}`)
  const found = certificateOf(world.secret({ namespace, name }), { namespace, name })
  return typeof found === "string" ? not("ResolvedRefs", "InvalidCertificateRef", found) : found
}

const conflictOf = (listener: Listener, others: ReadonlyArray<Listener>) => {
  const same = others.filter((one) => one !== listener && one.port === listener.port)
  if (same.some(({ protocol }) => protocol !== listener.protocol)) return "ProtocolConflict"
  return same.some(({ hostname = "" }) => hostname === (listener.hostname ?? "")) ? "HostnameConflict" : undefined
}

interface Judged {
  readonly listener: Listener
  readonly certificate: Certificate | undefined
  readonly serves: boolean
  readonly conditions: ReadonlyArray<Wanted>
}

const judge = (world: World, gateway: Gateway, listener: Listener): Judged => {
  const shown = shownBy(world, gateway, listener)
  const certificate = shown !== undefined && "chain" in shown ? shown : undefined
  const conflict = conflictOf(listener, gateway.spec.listeners)
  const unresolved =
    shown !== undefined && "reason" in shown
      ? shown
      : supportedKinds(listener).isWhole
        ? undefined
        : not("ResolvedRefs", "InvalidRouteKinds", "only HTTPRoutes are served")
  const serves = isKnown(listener) && conflict === undefined && !(listener.protocol === "HTTPS" && certificate === undefined)
  const accepted = !isKnown(listener)
    ? not("Accepted", "UnsupportedProtocol", `${listener.protocol} is not served`)
    : conflict !== undefined
      ? not("Accepted", conflict)
      : is("Accepted")
  return {
    listener,
    certificate,
    serves,
    conditions: [
      accepted,
      unresolved ?? is("ResolvedRefs"),
      serves && unresolved === undefined ? is("Programmed") : not("Programmed", "Invalid"),
      conflict === undefined ? not("Conflicted", "NoConflicts") : is("Conflicted", conflict)
    ]
  }
}

interface Attachment {
  readonly route: Route
  readonly parentRef: ParentRef
  readonly gateway: Gateway
  readonly attached: Attached
  readonly flaw: Wanted | undefined
}

const attachments = ({ gateways, labelsOf, routes }: World): ReadonlyArray<Attachment> =>
  routes.flatMap((route) =>
    (route.spec.parentRefs ?? []).flatMap((parentRef) => {
      const gateway = gateways.find((one) => isFor(route, parentRef, one))
      if (gateway === undefined) return []
      return [
        { route, parentRef, gateway, attached: attach(gateway, route, parentRef, labelsOf), flaw: Rules.unsupported(route) }
      ]
    })
  )

const servers = (world: World, judged: Judged, own: ReadonlyArray<Attachment>): ReadonlyArray<Server> => {
  const { certificate, listener } = judged
  const byHost = new Map<string, Array<Rules.Owned>>([[listener.hostname ?? "", []]])
  for (const { attached, flaw, route } of own) {
    if (flaw !== undefined || !("listeners" in attached)) continue
    for (const { hosts, listener: at } of attached.listeners) {
      if (at.name !== listener.name) continue
      const rules = Rules.rules(world, route, listener.port)
      for (const host of hosts) byHost.set(host, [...(byHost.get(host) ?? []), ...rules])
    }
  }
  return [...byHost].map(([host, rules]) => ({
    host,
    labels: "any",
    certificate: certificate?.name ?? "",
    rules: rules.toSorted(Rules.precedence).map(({ rule }) => rule)
  }))
}

/** Listeners of one port are one for the proxy; the host that several of them have is that of the one it is nearest to. */
const merged = (all: ReadonlyArray<{ readonly listener: Listener; readonly servers: ReadonlyArray<Server> }>) => {
  const byHost = new Map<string, Server>()
  const lengthOf = ({ listener: { hostname = "" } }: (typeof all)[number]) => hostname.length
  for (const { servers: some } of all.toSorted((one, other) => lengthOf(other) - lengthOf(one)))
    for (const one of some) if (!byHost.has(one.host)) byHost.set(one.host, one)
  return [...byHost.values()]
}

const addressesOf = (service: Service | undefined) =>
  (service?.status?.loadBalancer?.ingress ?? []).flatMap(({ hostname, ip }) =>
    ip !== undefined
      ? [{ type: "IPAddress", value: ip }]
      : hostname !== undefined
        ? [{ type: "Hostname", value: hostname }]
        : []
  )

const gatewayOf = (world: World, gateway: Gateway, all: ReadonlyArray<Attachment>) => {
  const own = all.filter((one) => one.gateway === gateway)
  const judged = gateway.spec.listeners.map((listener) => judge(world, gateway, listener))
  const front = frontOf(gateway)
  const service = world.service(front)
  const numbers = [...new Set(judged.filter(({ serves }) => serves).map(({ listener }) => listener.port))]
  const ports = numbers.map((port) => ({ name: portName(port), port, target: targetOf(service, port) }))
  const addresses = addressesOf(service)
  const isProgrammed = addresses.length > 0 && serving(world.nodes).length > 0
  const isValid = judged.some(({ serves }) => serves)
  const served = ports.flatMap(({ port, target }): ReadonlyArray<Served> => {
    const here = judged.filter(({ listener, serves }) => serves && listener.port === port)
    if (target === 0) return []
    const all = here.map((one) => ({ listener: one.listener, servers: servers(world, one, own) }))
    return [{ port: target, protocol: here[0]?.listener.protocol === "HTTPS" ? "HTTPS" : "HTTP", servers: merged(all) }]
  })
  const result: GatewayResult = {
    gateway,
    front,
    ports,
    addresses,
    conditions: [
      judged.every(({ serves }) => serves)
        ? is("Accepted")
        : isValid
          ? is("Accepted", "ListenersNotValid")
          : not("Accepted", "ListenersNotValid"),
      isProgrammed && isValid ? is("Programmed") : not("Programmed", isValid ? "AddressNotAssigned" : "Invalid")
    ],
    listeners: judged.map(({ conditions, listener }) => ({
      name: listener.name,
      supportedKinds: supportedKinds(listener).kinds,
      attachedRoutes: new Set(
        own
          .filter(
            ({ attached, flaw }) =>
              flaw === undefined &&
              "listeners" in attached &&
              attached.listeners.some((one) => one.listener.name === listener.name)
          )
          .map(({ route }) => route)
      ).size,
      conditions
    }))
  }
  return { result, served, certificates: judged.flatMap(({ certificate }) => certificate ?? []) }
}

export const translate = (world: World): Result => {
  const all = attachments(world)
  const gateways = world.gateways.map((gateway) => gatewayOf(world, gateway, all))
  const parents = (route: Route) =>
    all
      .filter((one) => one.route === route)
      .map(({ attached, flaw, parentRef }) => ({
        parentRef,
        conditions: [
          flaw ?? ("reason" in attached ? not("Accepted", attached.reason) : is("Accepted")),
          Rules.resolved(world, route)
        ]
      }))
  return {
    listeners: gateways.flatMap(({ served }) => served),
    certificates: gateways.flatMap(({ certificates }) => certificates),
    gateways: gateways.map(({ result }) => result),
    routes: world.routes.map((route) => ({ route, parents: parents(route) }))
  }
}
