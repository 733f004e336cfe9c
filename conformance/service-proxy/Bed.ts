/**
 * Where service proxies are checked: a node with two Pods on its bridge, and a machine outside with another Pod behind it, all in
 * network namespaces of their own and of both IP families. Gone when the scope closes. Needs root, iproute2, conntrack and nft.
 *
 *     pod1 10.244.1.2 ─┐
 *     pod2 10.244.1.3 ─┴ cni0 (node) eth0 10.200.8.1 ── 10.200.8.2 (out) ── 10.244.2.2 pod3
 */
import { Context, Effect, Layer, Random, Schema, Scope } from "effect"
import { type NotProgrammed, type ProxiedService, ServiceProxy } from "../../plugins/kube-proxy/contracts/ServiceProxy.ts"
import type { Unavailable } from "../../kernel/plugin/Contract.ts"
import * as Peers from "./Peers.ts"

export const places = ["node", "out", "pod1", "pod2", "pod3"] as const
export type Place = (typeof places)[number]
export type Pod = "pod1" | "pod2" | "pod3"

export const addresses = {
  IPv4: { node: "10.200.8.1", out: "10.200.8.2", pod1: "10.244.1.2", pod2: "10.244.1.3", pod3: "10.244.2.2" },
  IPv6: { node: "fd00:200::1", out: "fd00:200::2", pod1: "fd00:244:1::2", pod2: "fd00:244:1::3", pod3: "fd00:244:2::2" }
} as const
export const podCidr = "10.244.0.0/16,fd00:244::/32"
/** On which every Pod answers. */
export const podPort = 8080

export class Bed extends Context.Service<
  Bed,
  {
    readonly ask: (from: Place, to: Peers.To) => Effect.Effect<ReadonlyArray<string>, Peers.BedFailed>
    readonly hold: (from: Place, to: Pick<Peers.To, "host" | "port">) => ReturnType<Peers.Peer["hold"]>
    /** All rules, sets and chains of the node's kernel with their handles, without what counts or comes and goes by itself. */
    readonly rules: Effect.Effect<ReadonlyArray<string>, Peers.BedFailed>
    /**
     * The node knows no connections any more. One that began while nobody served its address is led nowhere for two minutes, and
     * whoever happens to come from the same port meanwhile is taken for it.
     */
    readonly forget: Effect.Effect<void, Peers.BedFailed>
    /** Somebody else removes all rules. */
    readonly wipe: Effect.Effect<void, Peers.BedFailed>
    /** Another proxy of the same making programs the node, and is killed. */
    readonly killed: (
      services: ReadonlyArray<ProxiedService>
    ) => Effect.Effect<void, Peers.BedFailed | NotProgrammed | Unavailable>
  }
>()("conformance/ServiceProxy/Bed") {}

/** What leads to a place's network. */
export type Within = ReadonlyArray<string>

const script = (name: (place: Place) => string) => {
  const inside = (place: Place, command: string) => `ip -n ${name(place)} ${command}`
  const address = (place: Place, device: string, ...values: ReadonlyArray<string>) => [
    ...values.map((value) => inside(place, `addr add ${value} dev ${device}`)),
    inside(place, `link set ${device} up`)
  ]
  const link = (a: Place, nameA: string, b: Place, nameB: string) =>
    `ip link add ${nameA} netns ${name(a)} type veth peer name ${nameB} netns ${name(b)}`
  const route = (place: Place, ...routes: ReadonlyArray<string>) => routes.map((one) => inside(place, `route add ${one}`))
  const pod = (place: "pod1" | "pod2") => [
    link("node", `v${place}`, place, "eth0"),
    inside("node", `link set v${place} master cni0 up`),
    // Where the bridge itself translates, a Pod that calls itself goes back by the port that it came from.
    inside("node", `link set v${place} type bridge_slave hairpin on`),
    ...address(place, "eth0", `${addresses.IPv4[place]}/24`, `${addresses.IPv6[place]}/64`),
    ...route(place, "default via 10.244.1.1", "default via fd00:244:1::1")
  ]
  return [
    // Without duplicate detection addresses of IPv6 can be used at once.
    ...places.map(
      (place) => `nsenter --net=/run/netns/${name(place)} sh -c 'echo 0 > /proc/sys/net/ipv6/conf/default/accept_dad'`
    ),
    ...places.map((place) => inside(place, "link set lo up")),
    inside("node", "link add cni0 type bridge"),
    ...address("node", "cni0", "10.244.1.1/24", "fd00:244:1::1/64"),
    ...pod("pod1"),
    ...pod("pod2"),
    link("node", "eth0", "out", "eth0"),
    ...address("node", "eth0", "10.200.8.1/24", "fd00:200::1/64"),
    ...address("out", "eth0", "10.200.8.2/24", "fd00:200::2/64"),
    link("out", "vpod3", "pod3", "eth0"),
    ...address("out", "vpod3", "10.244.2.1/24", "fd00:244:2::1/64"),
    ...address("pod3", "eth0", "10.244.2.2/24", "fd00:244:2::2/64"),
    ...route("pod3", "default via 10.244.2.1", "default via fd00:244:2::1"),
    ...route("node", "default via 10.200.8.2", "default via fd00:200::2"),
    // By way of this node: its Pods, and the addresses of external IPs and load balancers.
    ...route("out", ...["10.244.1.0/24", "192.0.2.0/24", "203.0.113.0/24"].map((to) => `${to} via 10.200.8.1`)),
    ...route("out", ...["fd00:244:1::/64", "2001:db8::/32"].map((to) => `${to} via fd00:200::1`)),
    // As on any node that is ready for Pods. A kernel without bridges that ask iptables has no such settings.
    ...(["node", "out"] as const).flatMap((place) =>
      [
        "ipv4/conf/all/forwarding",
        "ipv6/conf/all/forwarding",
        "bridge/bridge-nf-call-iptables",
        "bridge/bridge-nf-call-ip6tables"
      ].map(
        (setting) =>
          `nsenter --net=/run/netns/${name(place)} sh -c 'test ! -e /proc/sys/net/${setting} || echo 1 > /proc/sys/net/${setting}'`
      )
    )
  ].join("\n")
}

const Listing = Schema.Struct({ nftables: Schema.Array(Schema.Record(Schema.String, Schema.Json)) })
const decodeListing = Schema.decodeUnknownEffect(Schema.fromJsonString(Listing))
const isAbout = Schema.is(
  Schema.StructWithRest(
    Schema.Struct({
      name: Schema.optional(Schema.String),
      table: Schema.optional(Schema.String),
      hook: Schema.optional(Schema.String)
    }),
    [Schema.Record(Schema.String, Schema.Json)]
  )
)

/**
 * Tables and hooks without anything in them do nothing, and are there whether or not somebody has ever used them. A table that was
 * made anew has another handle.
 */
const rulesOf = (node: Within) =>
  Effect.gen(function* () {
    const text = yield* Peers.sh(`${node.join(" ")} nft -a -j list ruleset`)
    const { nftables } = yield* Effect.mapError(
      decodeListing(text),
      ({ message }) => new Peers.BedFailed({ detail: message })
    )
    const objects = nftables.flatMap((object) =>
      Object.entries(object).flatMap(([kind, about]) => (isAbout(about) ? [{ kind, about }] : []))
    )
    const doing = objects.filter(({ about, kind }) => kind !== "table" && kind !== "metainfo" && about.hook === undefined)
    const used = new Set(doing.map(({ about }) => about.table))
    const tables = objects.filter(({ about, kind }) => kind === "table" && used.has(about.name))
    const counts = /"counter":\{[^}]*\}|"(expires|packets|bytes)":\d+/g
    return [...tables, ...doing].map((object) => JSON.stringify(object).replaceAll(counts, ""))
  })

/** The network without a proxy: `node` leads to where one would be. */
export const network = Effect.gen(function* () {
  const id = yield* Random.nextIntBetween(0, 1_000_000)
  const name = (place: Place) => `laws-proxy-${id}-${place}`
  const within = (place: Place): Within => ["nsenter", `--net=/run/netns/${name(place)}`]
  yield* Effect.acquireRelease(Peers.sh(places.map((place) => `ip netns add ${name(place)}`).join("\n")), () =>
    Effect.ignore(Peers.sh(places.map((place) => `ip netns del ${name(place)} || true`).join("\n")))
  )
  yield* Peers.sh(script(name))
  const start = (place: Place) => Peers.start(within(place))
  const peers = yield* Effect.all(
    { node: start("node"), out: start("out"), pod1: start("pod1"), pod2: start("pod2"), pod3: start("pod3") },
    { concurrency: "unbounded" }
  )
  for (const pod of ["pod1", "pod2", "pod3"] as const) yield* peers[pod].serve(pod, podPort)
  const node = within("node")
  const ask: Bed["Service"]["ask"] = (from, to) => peers[from].ask(to)
  const hold: Bed["Service"]["hold"] = (from, to) => peers[from].hold(to)
  const onNode = (command: string) => Effect.asVoid(Peers.sh(`${node.join(" ")} ${command}`))
  return { node, ask, hold, rules: rulesOf(node), forget: onNode("conntrack -F"), wipe: onNode("nft flush ruleset") }
})

/** The bed, and on its node the proxy that `make` makes. */
export const layer = <E>(
  make: (within: Within) => Layer.Layer<ServiceProxy, E>
): Layer.Layer<ServiceProxy | Bed, E | Peers.BedFailed> =>
  Layer.unwrap(
    Effect.gen(function* () {
      const { node, ...rest } = yield* network
      const killed: Bed["Service"]["killed"] = Effect.fnUntraced(function* (services) {
        // Its scope is never closed.
        const built = yield* Layer.buildWithScope(Layer.fresh(make(node)), yield* Scope.make()).pipe(
          Effect.mapError((cause) => new Peers.BedFailed({ detail: String(cause) }))
        )
        yield* Context.get(built, ServiceProxy).sync({ whole: true, services })
      })
      return Layer.merge(Layer.succeed(Bed, Bed.of({ ...rest, killed })), make(node))
    })
  )
