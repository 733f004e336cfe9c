/** What the kernel has of a Flannel network, asked and told by iproute2's programs. */
import { Effect, Schema } from "effect"
import * as Program from "../../Program.ts"
import type { Family } from "../Range.ts"
import { type Changes, commands, difference, none, type Paths, type Place } from "./Paths.ts"

const { Array: List, Boolean: Bool, Int, String: Text, Struct, fromJsonString, optionalKey } = Schema

/** A link as `ip -details address` shows it; one that does not match is shown as an empty object. */
const Link = Struct({
  ifname: optionalKey(Text),
  mtu: optionalKey(Int),
  address: optionalKey(Text),
  flags: optionalKey(List(Text)),
  addr_info: optionalKey(List(Struct({ local: optionalKey(Text), prefixlen: optionalKey(Int) }))),
  linkinfo: optionalKey(
    Struct({
      info_kind: optionalKey(Text),
      info_data: optionalKey(
        Struct({
          id: optionalKey(Int),
          local: optionalKey(Text),
          local6: optionalKey(Text),
          link: optionalKey(Text),
          port: optionalKey(Int),
          learning: optionalKey(Bool)
        })
      )
    })
  )
})
type Link = typeof Link.Type
const Links = fromJsonString(List(Link))
const Routes = fromJsonString(
  List(Struct({ dst: Text, gateway: optionalKey(Text), dev: optionalKey(Text), metric: optionalKey(Int) }))
)
const Neighbours = fromJsonString(List(Struct({ dst: Text, lladdr: optionalKey(Text) })))
const Forwards = fromJsonString(List(Struct({ mac: Text, dst: optionalKey(Text) })))

/** This node's end of the tunnel. */
export interface Tunnel {
  readonly name: string
  readonly family: Family
  readonly vni: number
  readonly port: number
  /** The link that other nodes are reached by, and its address. */
  readonly device: string
  readonly local: string
  readonly mtu: number
  /** What it is called inside: the first address of the node's range. */
  readonly address: string
}

const bitsOf = (family: Family) => (family === 4 ? 32 : 128)

const fits = ({ linkinfo }: Link, { device, family, local, port, vni }: Tunnel) => {
  const { id, learning, link, ...data } = linkinfo?.info_data ?? {}
  const end = family === 4 ? data.local : data.local6
  const isSame = id === vni && data.port === port && link === device && end === local
  return linkinfo?.info_kind === "vxlan" && isSame && learning === false
}

const isReady = ({ addr_info = [], flags = [], mtu }: Link, tunnel: Tunnel) =>
  flags.includes("UP") && mtu === tunnel.mtu && addr_info.some(({ local }) => local === tunnel.address)

/** Addresses of a range that the node had before. */
const others = (link: Link | undefined, { address, family }: Tunnel) =>
  (link?.addr_info ?? []).flatMap(({ local = address, prefixlen }) =>
    local !== address && prefixlen === bitsOf(family) ? [local] : []
  )

/** Told the node's programs by `launcher`, such as `nsenter --net=…`. */
export const make = (launcher: ReadonlyArray<string>) => {
  const run = (name: string, args: ReadonlyArray<string>, input?: string) => {
    const [program = name, ...rest] = [...launcher, name, ...args]
    return Program.run(program, rest, input)
  }
  const ip = (...args: ReadonlyArray<string>) => run("ip", args)
  /** iproute2 says nothing at all where there is nothing. */
  const told = <A>(schema: Schema.Codec<ReadonlyArray<A>, string>, text: Effect.Effect<string, Program.ProgramFailed>) =>
    Effect.flatMap(text, (all) => (all.trim() === "" ? Effect.succeed([]) : Schema.decodeEffect(schema)(all)))
  /** Each line by itself: one that fails holds up no other, and what failed is said at the end. */
  const batch = ({ lines, program }: { readonly program: "ip" | "bridge"; readonly lines: ReadonlyArray<string> }) =>
    run(program, ["-force", "-batch", "-"], `${lines.join("\n")}\n`)

  const linkOf = (name: string) =>
    told(Links, ip("-json", "-details", "address", "show", "dev", name)).pipe(
      Effect.map((links) => links.find(({ ifname }) => ifname === name)),
      // It is not there.
      Effect.catchTag("ProgramFailed", () => Effect.succeed(undefined))
    )

  /** The link that has this address of the node. */
  const deviceOf = Effect.fnUntraced(function* (address: string) {
    const links = yield* told(Links, ip("-json", "address", "show", "to", address))
    const found = links.find(({ addr_info = [] }) => addr_info.some(({ local }) => local === address))
    return found?.ifname === undefined ? undefined : { name: found.ifname, mtu: found.mtu ?? 1500 }
  })

  const routes = Effect.fnUntraced(function* (family: Family, { metric, origin, tunnel }: Place) {
    const listed = yield* told(Routes, ip("-json", `-${family}`, "route", "show", "proto", `${origin}`))
    return listed
      .filter((route) => (route.metric ?? 0) === metric)
      .map(({ dev, dst, gateway = "" }) => ({ to: dst, via: gateway, tunnel: dev === tunnel }))
  })
  const neighbours = Effect.fnUntraced(function* (family: Family, name: string) {
    const listed = yield* told(Neighbours, ip("-json", `-${family}`, "neigh", "show", "dev", name, "nud", "permanent"))
    return listed.flatMap(({ dst, lladdr }) => (lladdr === undefined ? [] : [{ address: dst, mac: lladdr }]))
  })
  const forwards = Effect.fnUntraced(function* (name: string) {
    const listed = yield* told(Forwards, run("bridge", ["-json", "fdb", "show", "dev", name]))
    return listed.flatMap(({ dst, mac }) => (dst === undefined ? [] : [{ mac, to: dst }]))
  })

  const leading = Effect.fnUntraced(function* (family: Family, range: string, origin: string) {
    const listed = yield* told(Routes, ip("-json", `-${family}`, "route", "show", "root", range, "proto", origin))
    return listed.flatMap(({ dst, gateway }) => (gateway === undefined ? [] : [dst]))
  })

  return {
    run,
    deviceOf,
    linkOf,
    remove: (name: string) => Effect.ignore(ip("link", "delete", name)),

    /** The tunnel as it shall be, and its MAC: one that fits is kept with its MAC, whoever made it; `mac` is for a new one. */
    open: Effect.fn("flannel.open")(function* (tunnel: Tunnel, mac: string) {
      const { address, device, family, local, mtu, name, port, vni } = tunnel
      const bits = bitsOf(family)
      const there = yield* linkOf(name)
      const kept = there !== undefined && fits(there, tunnel) ? there : undefined
      if (kept?.address !== undefined && isReady(kept, tunnel)) return kept.address
      const end = `vxlan id ${vni} dev ${device} local ${local} dstport ${port} nolearning`
      const lines = [
        ...(there === undefined || kept !== undefined ? [] : [`link delete ${name}`]),
        ...(kept === undefined ? [`link add ${name} address ${mac} mtu ${mtu} type ${end}`] : []),
        `address replace ${address}/${bits} dev ${name}${family === 6 ? " nodad" : ""}`,
        ...others(kept, tunnel).map((old) => `address delete ${old}/${bits} dev ${name}`),
        `link set ${name} mtu ${mtu} up`
      ]
      yield* batch({ program: "ip", lines })
      return kept?.address ?? mac
    }),

    /** What there is of ours. */
    paths: Effect.fn("flannel.paths")(function* (family: Family, place: Place, hasTunnel: boolean) {
      return {
        routes: yield* routes(family, place),
        neighbours: hasTunnel ? yield* neighbours(family, place.tunnel) : [],
        forwards: hasTunnel ? yield* forwards(place.tunnel) : []
      } satisfies Paths
    }),

    /** Takes away the routes of ours; true if there were any. */
    clear: Effect.fn("flannel.clear")(function* (family: Family, place: Place) {
      const there = { ...none, routes: yield* routes(family, place) }
      yield* Effect.forEach(commands(difference(none, there), place), batch, { discard: true })
      return there.routes.length > 0
    }),

    /** To where routes of an origin lead by a gateway, inside of a range. */
    gateways: leading,
    clearGateways: Effect.fn("flannel.clearGateways")(function* (family: Family, range: string, origin: string) {
      const lines = (yield* leading(family, range, origin)).map((to) => `route delete ${to} proto ${origin}`)
      if (lines.length > 0) yield* batch({ program: "ip", lines })
    }),

    change: Effect.fn("flannel.change")(function* (changes: Changes, place: Place) {
      const failed = yield* Effect.forEach(commands(changes, place), (step) => Effect.option(Effect.flip(batch(step))))
      return failed.flatMap((one) => (one._tag === "Some" ? [one.value.detail] : []))
    })
  }
}
export type Kernel = ReturnType<typeof make>
