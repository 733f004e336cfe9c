/**
 * Keeps the objects of Gateway API, where its definitions have been applied: reads them, makes the Service of each Gateway, and writes
 * statuses. Without the definitions there is nothing to do.
 */
import { Clock, Effect, Stream } from "effect"
import { isDeepStrictEqual } from "node:util"
import { Client } from "../../../kernel/client/Client.ts"
import type { Any, Key, Resource } from "../../../kernel/resource/Kind.ts"
import type { Cache } from "../../../kernel/table/Table.ts"
import type * as Controllers from "../../controllers/contracts/Controllers.ts"
import * as CustomKinds from "../../custom-resources/contracts/CustomKinds.ts"
import { type Node, Service } from "../../resources/contracts/core/v1.ts"
import { EndpointSlice } from "../../resources/contracts/discovery/v1.ts"
import { time } from "../../resources/contracts/Time.ts"
import * as Fronts from "../Fronts.ts"
import * as Conditions from "./Conditions.ts"
import type { GatewayResult, Result, RouteResult } from "./Gateways.ts"
import { supportedFeatures } from "./Features.ts"
import * as Objects from "./Objects.ts"

interface Shelf {
  readonly kind: Any
  readonly cache: Cache<Resource, never>
}
const plurals = ["gatewayclasses", "gateways", "httproutes", "referencegrants"] as const
type Plural = (typeof plurals)[number]
const storageOf = (plural: Plural) => `${plural}.${Objects.group}`

const classSpec = Objects.specOf(Objects.ClassSpec)
const gatewaySpec = Objects.specOf(Objects.GatewaySpec)
const routeSpec = Objects.specOf(Objects.RouteSpec)
const grantSpec = Objects.specOf(Objects.GrantSpec)
const classStatusOf = Objects.statusOf(Objects.ClassStatus)
const gatewayStatusOf = Objects.statusOf(Objects.GatewayStatus)
const routeStatusOf = Objects.statusOf(Objects.RouteStatus)

export const open = Effect.gen(function* () {
  const client = yield* Client
  const custom = yield* CustomKinds.follow
  const shelves = new Map<string, Shelf>()
  const all = (plural: Plural) => shelves.get(storageOf(plural))?.cache.all() ?? []

  /** `everything` whenever one of them changes. */
  const trigger = (everything: Key): Controllers.Trigger =>
    custom.each((kind) => {
      if (!plurals.some((plural) => storageOf(plural) === kind.storage)) return Stream.empty
      return Stream.unwrap(
        Effect.gen(function* () {
          const cache = yield* client.cache(kind, { indexes: {} })
          yield* Effect.acquireRelease(
            Effect.sync(() => shelves.set(kind.storage, { kind, cache })),
            () => Effect.sync(() => shelves.delete(kind.storage))
          )
          return Stream.map(cache.changes, () => [everything])
        })
      )
    })

  const writeStatus = (plural: Plural, object: Resource, before: unknown, status: object) =>
    Effect.suspend(() => {
      const shelf = shelves.get(storageOf(plural))
      if (shelf === undefined || isDeepStrictEqual(before, status)) return Effect.void
      const written = { ...object, status }
      return Effect.asVoid(client.update(shelf.kind, written, { subresource: "status" }))
    })
  const at = Effect.map(Clock.currentTimeMillis, (millis) => ({ now: time(millis) }))
  const generationOf = ({ metadata }: Resource) => metadata.generation ?? 0

  const classes = () =>
    all("gatewayclasses")
      .flatMap(classSpec)
      .filter(({ spec }) => spec.controllerName === Objects.controllerName)

  const acceptClasses = Effect.gen(function* () {
    const { now } = yield* at
    for (const { object } of classes()) {
      const { conditions: before = [], supportedFeatures: known } = classStatusOf(object) ?? {}
      const generation = generationOf(object)
      const conditions = Conditions.written([Conditions.is("Accepted")], before, { generation, now })
      const own = before.filter(({ type }) => type === "Accepted")
      if (isDeepStrictEqual([own, known], [conditions, supportedFeatures])) continue
      const others = before.filter(({ type }) => type !== "Accepted")
      yield* writeStatus("gatewayclasses", object, undefined, {
        conditions: [...others, ...conditions],
        supportedFeatures
      })
    }
  })

  const keepFront = Effect.fnUntraced(function* (
    { front, gateway, ports }: GatewayResult,
    find: { readonly service: (key: Key) => Service | undefined; readonly slice: (key: Key) => EndpointSlice | undefined },
    nodes: ReadonlyArray<Node>
  ) {
    if (ports.length === 0 || gateway.metadata.deletionTimestamp !== undefined) return
    const { name, uid } = gateway.metadata
    const owner = { apiVersion: `${Objects.group}/v1`, kind: "Gateway", name, uid, controller: true }
    const draft = Fronts.service(front, ports)
    const there = find.service(front)
    if (there === undefined) {
      yield* client.create(Service, { ...draft, metadata: { ...draft.metadata, ownerReferences: [owner] } })
      return
    }
    if (
      there.spec !== undefined &&
      !isDeepStrictEqual(
        there.spec.ports?.map(({ port }) => port),
        ports.map(({ port }) => port)
      )
    ) {
      const kept = ports.map(({ name, port }) => ({
        ...{ name, port, targetPort: port, protocol: "TCP" },
        ...there.spec?.ports?.find((one) => one.port === port)
      }))
      yield* client.update(Service, { ...there, spec: { ...there.spec, ports: kept } })
      return
    }
    const slice = find.slice(front)
    const wanted = Fronts.behind(ports, nodes)
    if (slice === undefined) yield* client.create(EndpointSlice, { ...Fronts.slice(there), ...wanted })
    else if (!isDeepStrictEqual({ ports: slice.ports, endpoints: slice.endpoints }, wanted))
      yield* client.update(EndpointSlice, { ...slice, ...wanted })
  })

  const writeGateway = Effect.fnUntraced(function* ({ addresses, conditions, gateway, listeners }: GatewayResult) {
    const { object } = gateway
    const before = gatewayStatusOf(object)
    const about = { ...(yield* at), generation: generationOf(object) }
    const status = {
      addresses,
      conditions: Conditions.written(conditions, before?.conditions ?? [], about),
      listeners: listeners.map((one) => ({
        name: one.name,
        attachedRoutes: one.attachedRoutes,
        supportedKinds: one.supportedKinds,
        conditions: Conditions.written(
          one.conditions,
          before?.listeners?.find(({ name }) => name === one.name)?.conditions ?? [],
          about
        )
      }))
    }
    yield* writeStatus("gateways", object, rawStatus(object), status)
  })

  const writeRoute = Effect.fnUntraced(function* ({ parents, route }: RouteResult) {
    const { object } = route
    const before = routeStatusOf(object)?.parents ?? []
    const about = { ...(yield* at), generation: generationOf(object) }
    const own = parents.map(({ conditions, parentRef }) => {
      const old = before.find(
        (one) => one.controllerName === Objects.controllerName && isDeepStrictEqual(one.parentRef, parentRef)
      )
      return {
        parentRef,
        controllerName: Objects.controllerName,
        conditions: Conditions.written(conditions, old?.conditions ?? [], about)
      }
    })
    const others = before.filter((one) => one.controllerName !== Objects.controllerName)
    const status = { parents: [...others, ...own] }
    if (before.length === 0 && status.parents.length === 0) return
    if (!isDeepStrictEqual({ parents: before }, status)) yield* writeStatus("httproutes", object, undefined, status)
  })

  return {
    trigger,
    acceptClasses,
    keepFront,
    gateways: () => {
      const own = new Set(classes().map(({ metadata }) => metadata.name))
      return all("gateways")
        .flatMap(gatewaySpec)
        .filter(({ spec }) => own.has(spec.gatewayClassName))
    },
    routes: () => all("httproutes").flatMap(routeSpec),
    grants: () => all("referencegrants").flatMap(grantSpec),
    write: ({ gateways, routes }: Result) =>
      Effect.andThen(
        Effect.forEach(gateways, writeGateway, { discard: true }),
        Effect.forEach(routes, writeRoute, { discard: true })
      )
  }
})

const rawStatus = (object: Resource): unknown => new Map<string, unknown>(Object.entries(object)).get("status")
