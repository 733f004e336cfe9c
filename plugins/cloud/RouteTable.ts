/** Has the cloud's network lead the addresses of Pods to the node that has them. Source: upstream's node-route-controller. */
import { Clock, Effect, Layer } from "effect"
import { Client } from "../../kernel/client/Client.ts"
import { same } from "../../kernel/resource/JsonEqual.ts"
import * as Plugin from "../../kernel/plugin/Plugin.ts"
import type { Key } from "../../kernel/resource/Kind.ts"
import * as Controllers from "../controllers/contracts/Controllers.ts"
import { withCondition } from "../controllers/contracts/Statuses.ts"
import * as Addresses from "../resources/contracts/Addresses.ts"
import { Node } from "../resources/contracts/core/v1.ts"
import * as EventRecorder from "../resources/contracts/EventRecorder.ts"
import { time } from "../resources/contracts/Time.ts"
import { type Route, Routes } from "./contracts/Routes.ts"
import { nodeReference } from "./Reference.ts"

export interface Options {
  readonly cluster: string
  /** Of all Pods: routes outside of these ranges are somebody else's. */
  readonly podCidrs: ReadonlyArray<string>
}

interface Way {
  readonly node: Node
  readonly destination: string
}

const rangesOf = ({ spec }: Node) => spec.podCIDRs ?? (spec.podCIDR ? [spec.podCIDR] : [])
/** Nodes that the cloud knows. */
const waysOf = (nodes: ReadonlyArray<Node>): ReadonlyArray<Way> =>
  nodes
    .filter(({ spec }) => (spec.providerID ?? "") !== "")
    .flatMap((node) => rangesOf(node).map((destination) => ({ node, destination })))

const isWithin = (ranges: ReadonlyArray<string>, destination: string) => {
  const inner = Addresses.cidr(destination)
  return (
    inner !== undefined &&
    ranges.some((range) => {
      const outer = Addresses.cidr(range)
      return outer !== undefined && Addresses.indexOf(outer, Addresses.at(inner, 0)) !== undefined
    })
  )
}

/** What is to be made and what is to go. A route that leads elsewhere by now is made anew by making it. */
export const plan = (nodes: ReadonlyArray<Node>, routes: ReadonlyArray<Route>, ranges: ReadonlyArray<string>) => {
  const ways = waysOf(nodes)
  const leads = ({ destination, node }: Way) =>
    routes.some(
      (route) => route.destination === destination && route.providerID === node.spec.providerID && !route.blackhole
    )
  const isWanted = ({ destination }: Route) => ways.some((way) => way.destination === destination)
  return {
    create: ways.filter((way) => !leads(way)),
    remove: routes.filter((route) => isWithin(ranges, route.destination) && !isWanted(route))
  }
}

const created = { status: "False", reason: "RouteCreated", message: "RouteController created a route" }
const failed = { status: "True", reason: "NoRouteCreated", message: "RouteController failed to create a route" }

const start = Effect.fnUntraced(function* ({ cluster, podCidrs }: Options) {
  const client = yield* Client
  const routes = yield* Routes
  const record = yield* EventRecorder.make({ component: "route_controller" })
  const nodes = yield* client.cache(Node, { indexes: {} })

  const make = ({ destination, node }: Way) =>
    routes.create({ cluster, node: nodeReference(node), destination }).pipe(
      Effect.as(true),
      Effect.catch(({ message }) => {
        const text = `Could not create route ${node.metadata.uid} ${destination} for node ${node.metadata.name}: ${message}`
        const event = { kind: Node, object: node, type: "Warning", reason: "FailedToCreateRoute", message: text } as const
        return Effect.as(record(event), false)
      })
    )

  const publish = Effect.fnUntraced(function* (node: Node, isRouted: boolean) {
    const now = time(yield* Clock.currentTimeMillis)
    const before = node.status.conditions?.find(({ type }) => type === "NetworkUnavailable")
    const wanted = isRouted ? created : failed
    if (before?.status === wanted.status && before.reason === wanted.reason) return
    const conditions = withCondition(node.status.conditions, { type: "NetworkUnavailable", ...wanted }, now)
    yield* client.update(Node, { ...node, status: { ...node.status, conditions } }, { subresource: "status" })
  })

  const reconcile = Effect.fn("RouteController.reconcile")(function* (_: Key) {
    const all = nodes.all()
    const { create, remove } = plan(all, yield* routes.list({ cluster }), podCidrs)
    yield* Effect.forEach(remove, (route) => routes.delete({ cluster, route }), { concurrency: 8, discard: true })
    const outcomes = yield* Effect.forEach(create, (way) => Effect.map(make(way), (done) => ({ ...way, done })), {
      concurrency: 8
    })
    const lacking = new Set(outcomes.filter(({ done }) => !done).map(({ node }) => node.metadata.name))
    const known = all.filter((node) => rangesOf(node).length > 0 && (node.spec.providerID ?? "") !== "")
    yield* Effect.forEach(known, (node) => publish(node, !lacking.has(node.metadata.name)), { discard: true })
    return lacking.size > 0 ? Controllers.again("10 seconds") : Controllers.done
  })

  /** All nodes at once, whenever what routes follow from is other than before. */
  const one = [{ namespace: "", name: "routes" }]
  const before = new Map<string, unknown>()
  const changed = Controllers.on(nodes, (node) => {
    const now = [node.spec.providerID, rangesOf(node)]
    if (same(before.get(node.metadata.name), now)) return []
    before.set(node.metadata.name, now)
    return one
  })
  yield* Controllers.run({
    name: "route",
    triggers: [changed, Controllers.every("10 seconds", () => one)],
    concurrency: 1,
    reconcile
  })
})

export const plugin = (options: Options) =>
  Plugin.make({ name: "node-route", needs: [Routes], layer: Layer.effectDiscard(start(options)) })
