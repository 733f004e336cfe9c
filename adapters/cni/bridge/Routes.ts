/**
 * The way to the Pods of other nodes: a route to each node's range by way of its address (host-gw). It needs nodes that see one
 * another without a router in between.
 */
import { Effect, Latch, Layer, Schedule, Schema, Stream } from "effect"
import { Client } from "../../../kernel/client/Client.ts"
import * as Plugin from "../../../kernel/plugin/Plugin.ts"
import { Node } from "../../../plugins/resources/contracts/core/v1.ts"
import * as Program from "../../Program.ts"
import { type Family, familyOf } from "../Range.ts"

export interface Options {
  readonly nodeName: string
}

export interface Route {
  /** A range of Pods. */
  readonly to: string
  readonly via: string
}

/** By this number among the origins of routes (rtnetlink(7)) we know ours again; those below 64 have owners. */
const origin = "107"
/** Beside another network's way to the same range this is the second choice: the one may come before the other goes. */
const metric = "3000"

const families: ReadonlyArray<Family> = [4, 6]

/** To every other node's ranges, each by the node's address of that family. */
export const wanted = (nodes: Iterable<Node>, nodeName: string): ReadonlyArray<Route> =>
  [...nodes].flatMap(({ metadata, spec, status }) => {
    if (metadata.name === nodeName) return []
    const internal = (status.addresses ?? []).filter(({ type }) => type === "InternalIP")
    const ranges = spec.podCIDRs ?? (spec.podCIDR ? [spec.podCIDR] : [])
    return ranges.flatMap((to) => {
      const via = internal.find(({ address }) => familyOf(address) === familyOf(to))?.address
      return via === undefined ? [] : [{ to, via }]
    })
  })

const nameOf = ({ to, via }: Route) => `${to} ${via}`

/** What has to be done: a range that goes another way is replaced, one that nobody has any more is deleted. */
export const difference = (wanted: ReadonlyArray<Route>, there: ReadonlyArray<Route>) => {
  const [names, ranges] = [new Set(there.map(nameOf)), new Set(wanted.map(({ to }) => to))]
  return {
    replace: wanted.filter((route) => !names.has(nameOf(route))),
    remove: there.filter(({ to }) => !ranges.has(to))
  }
}

const Listed = Schema.fromJsonString(
  Schema.Array(Schema.Struct({ dst: Schema.String, gateway: Schema.optionalKey(Schema.String) }))
)

const ip = (...args: ReadonlyArray<string>) => Program.run("ip", args)

const oursOf = Effect.fnUntraced(function* (family: Family) {
  const text = yield* ip("-json", `-${family}`, "route", "show", "proto", origin)
  const listed = yield* Schema.decodeEffect(Listed)(text.trim() === "" ? "[]" : text)
  return listed.map(({ dst, gateway = "" }): Route => ({ to: dst, via: gateway }))
})
const ours = Effect.map(Effect.forEach(families, oursOf), (all) => all.flat())

const remove = ({ to }: Route) => Effect.ignore(ip("route", "delete", to, "proto", origin))

const checks = Schedule.spaced("30 seconds")

const start = Effect.fnUntraced(function* ({ nodeName }: Options) {
  const client = yield* Client
  const nodes = yield* client.cache(Node, { indexes: {} })
  const news = Latch.makeUnsafe(true)

  const reconcile = Effect.gen(function* () {
    news.closeUnsafe()
    const { remove: gone, replace } = difference(wanted(nodes.all(), nodeName), yield* ours)
    yield* Effect.forEach(gone, remove, { discard: true })
    // One that cannot be reached yet holds up no other.
    const failed = yield* Effect.forEach(replace, ({ to, via }) =>
      Effect.flip(ip("route", "replace", to, "via", via, "metric", metric, "proto", origin)).pipe(Effect.option)
    )
    const details = failed.flatMap((one) => (one._tag === "Some" ? [one.value.detail] : []))
    if (details.length > 0) yield* Effect.logWarning("no route to the Pods of some nodes", details.join("; "))
  }).pipe(
    Effect.withSpan("Routes.reconcile"),
    Effect.catch((error) => Effect.logWarning("the routes to other nodes are not known", error))
  )

  yield* Effect.addFinalizer(() => Effect.ignore(Effect.flatMap(ours, (all) => Effect.forEach(all, remove))))
  yield* Effect.forkScoped(Stream.runForEach(nodes.changes, () => news.open))
  yield* Effect.forkScoped(Effect.forever(Effect.andThen(news.await, reconcile)))
  yield* Effect.forkScoped(Effect.repeat(news.open, checks))
})

export const layer = (options: Options) => Layer.effectDiscard(start(options))

export const plugin = (options: Options) => Plugin.make({ name: "cni-bridge-routes", layer: layer(options) })
