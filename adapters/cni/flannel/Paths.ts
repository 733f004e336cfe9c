/** The ways to the Pods of other nodes: which there shall be, which there are, and what has to be done. Nothing here acts. */
import type { Family } from "../Range.ts"
import type { Peer, Vtep } from "./Annotations.ts"

export interface Route {
  /** A range of Pods, or an address inside the tunnel. */
  readonly to: string
  /** Empty: it is at the other end of the link. */
  readonly via: string
  /** Through the tunnel, whose link knows no neighbours by itself. */
  readonly tunnel: boolean
}
/** Who answers for an address inside the tunnel. */
export interface Neighbour {
  readonly address: string
  readonly mac: string
}
/** Where what is for this MAC is sent to. */
export interface Forward {
  readonly mac: string
  readonly to: string
}

export interface Paths {
  readonly routes: ReadonlyArray<Route>
  readonly neighbours: ReadonlyArray<Neighbour>
  readonly forwards: ReadonlyArray<Forward>
}

export const none: Paths = { routes: [], neighbours: [], forwards: [] }

/** The first address of a range stands for its node inside the tunnel. */
export const anchor = (range: string) => range.split("/")[0] ?? range

export const linkOf = (family: Family, vni: number) => (family === 4 ? `flannel.${vni}` : `flannel-v6.${vni}`)

/** Through the tunnel to who has an end of ours; to all others, also to those without Flannel, by their nodes' addresses. */
const pathTo = (peer: Peer, own: Vtep | undefined): Paths => {
  const { address, backend, family, range, vtep } = peer
  if (own === undefined || backend !== "vxlan" || vtep?.VNI !== own.VNI)
    return { ...none, routes: [{ to: range, via: address, tunnel: false }] }
  const via = anchor(range)
  const mac = vtep.VtepMAC.toLowerCase()
  // Among addresses of version 6 the kernel takes no gateway that another route leads to elsewhere, which a plain one does.
  const gateway = family === 6 ? [{ to: via, via: "", tunnel: true }] : []
  return {
    routes: [...gateway, { to: range, via, tunnel: true }],
    neighbours: [{ address: via, mac }],
    forwards: [{ mac, to: address }]
  }
}

/** `own`: this node's end of the tunnel; absent where it has none. */
export const wanted = (peers: ReadonlyArray<Peer>, own: Vtep | undefined): Paths => {
  const all = peers.map((peer) => pathTo(peer, own))
  return {
    routes: all.flatMap(({ routes }) => routes),
    neighbours: all.flatMap(({ neighbours }) => neighbours),
    forwards: all.flatMap(({ forwards }) => forwards)
  }
}

const without = <A>(some: ReadonlyArray<A>, others: ReadonlyArray<A>, nameOf: (one: A) => string) => {
  const names = new Set(others.map(nameOf))
  return some.filter((one) => !names.has(nameOf(one)))
}
const routeName = ({ to, tunnel, via }: Route) => `${to} ${via} ${tunnel}`
const neighbourName = ({ address, mac }: Neighbour) => `${address} ${mac}`
const forwardName = ({ mac, to }: Forward) => `${mac} ${to}`

export interface Changes {
  readonly set: Paths
  readonly unset: Paths
}

/** What goes elsewhere than it should is set anew, which replaces it; only what nobody has any more is taken away. */
export const difference = (wanted: Paths, there: Paths): Changes => ({
  set: {
    routes: without(wanted.routes, there.routes, routeName),
    neighbours: without(wanted.neighbours, there.neighbours, neighbourName),
    forwards: without(wanted.forwards, there.forwards, forwardName)
  },
  unset: {
    routes: without(there.routes, wanted.routes, ({ to }) => to),
    neighbours: without(there.neighbours, wanted.neighbours, ({ address }) => address),
    forwards: without(there.forwards, wanted.forwards, ({ mac }) => mac)
  }
})

export interface Place {
  /** Where a family's tunnel ends. */
  readonly tunnel: string
  readonly metric: number
  /** By this number among the origins of routes (rtnetlink(7)) we know ours again. */
  readonly origin: number
}

const routeWords = ({ metric, origin, tunnel }: Place, route: Route) =>
  [
    ...(route.via === "" ? [route.to] : [route.to, "via", route.via]),
    ...(route.tunnel ? ["dev", tunnel] : []),
    ...(route.tunnel && route.via !== "" ? ["onlink"] : []),
    ...["metric", metric, "proto", origin]
  ].join(" ")

/** Lines for `ip -batch` and `bridge -batch`, step by step: a route comes when what it needs is there, and goes before that does. */
export const commands = ({ set, unset }: Changes, place: Place) => {
  const { metric, origin, tunnel } = place
  const ip = (lines: ReadonlyArray<string>) => ({ program: "ip", lines }) as const
  const bridge = (lines: ReadonlyArray<string>) => ({ program: "bridge", lines }) as const
  return [
    ip(set.neighbours.map(({ address, mac }) => `neigh replace ${address} lladdr ${mac} dev ${tunnel} nud permanent`)),
    bridge(set.forwards.map(({ mac, to }) => `fdb replace ${mac} dev ${tunnel} dst ${to} self permanent`)),
    ip([
      ...set.routes.map((route) => `route replace ${routeWords(place, route)}`),
      ...unset.routes.map(({ to }) => `route delete ${to} metric ${metric} proto ${origin}`),
      ...unset.neighbours.map(({ address }) => `neigh delete ${address} dev ${tunnel}`)
    ]),
    bridge(unset.forwards.map(({ mac, to }) => `fdb delete ${mac} dev ${tunnel} dst ${to} self`))
  ].filter(({ lines }) => lines.length > 0)
}
