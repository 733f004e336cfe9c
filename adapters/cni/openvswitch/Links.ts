/** The links of a Pod at the switch: a pair, one end in the Pod with its addresses and routes, the other a port of the switch. */
import { Effect, Schema } from "effect"
import { createHash } from "node:crypto"
import type { Result } from "../../../plugins/kubelet/contracts/NetworkAttachment.ts"
import * as Program from "../../Program.ts"
import type { Range } from "../Range.ts"
import type { Key, Record } from "../Records.ts"
import { type Place, vsctl } from "./Daemons.ts"

export interface Bridge {
  readonly name: string
  /** Of the kernel, or of the daemon itself where the kernel has none. */
  readonly datapath: "system" | "netdev"
  readonly mtu: number
}

export interface Address {
  readonly address: string
  readonly range: Range
}

/** Names of links have at most 15 characters. */
export const portOf = ({ interface: name, pod }: Key) =>
  `kovs${createHash("sha256").update(`${pod}\n${name}`).digest("hex").slice(0, 11)}`

/** In the script `$1` is the name of the interface. */
const inside = (namespace: string, name: string, script: string) =>
  Program.run("nsenter", [`--net=${namespace}`, "sh", "-ec", script, "sh", name])
const ip = (...args: ReadonlyArray<string>) => Program.run("ip", args)

/** Gone with both ends, also when the port is of a switch that does not run. */
export const remove = (key: Key) =>
  ip("link", "delete", portOf(key)).pipe(
    Effect.asVoid,
    Effect.catchIf(
      ({ detail }) => /Cannot find device/.test(detail),
      () => Effect.void
    )
  )

const Links = Schema.fromJsonString(Schema.Array(Schema.Struct({ address: Schema.String })))

/** A process takes longer than all that it does here: one for all that `ip` does. */
const commands = ({ datapath }: Bridge, addresses: ReadonlyArray<Address>) => {
  const batch = (lines: ReadonlyArray<string>) => `ip -batch - <<END\n${lines.join("\n")}\nEND`
  const given = addresses.map(
    ({ address, range }) => `address add ${address}/${range.prefix} dev $1${range.family === 6 ? " nodad" : ""}`
  )
  const routes = addresses.map(({ range }) => `route add default via ${range.gateway} dev $1`)
  return [
    // A switch that is no part of the kernel sees packets before their checksums are filled in.
    ...(datapath === "netdev" ? ['ethtool -K "$1" tx off > /dev/null'] : []),
    batch(["link set lo up", ...given, "link set $1 up", ...routes]),
    'ip -json link show dev "$1"'
  ].join("\n")
}

/** The result is in CNI's words. */
export const add = Effect.fn("OpenVSwitch.link")(function* (
  place: Place,
  bridge: Bridge,
  record: Record,
  addresses: ReadonlyArray<Address>
) {
  const { interface: name, namespace } = record
  const port = portOf(record)
  const mtu = `${bridge.mtu}`
  yield* ip("link", "add", port, "mtu", mtu, "type", "veth", "peer", "name", name, "mtu", mtu, "netns", namespace)
  const shown = yield* inside(namespace, name, commands(bridge, addresses))
  const mac = (yield* Schema.decodeEffect(Links)(shown))[0]?.address ?? ""
  const routes = addresses.map(({ address }) => `route replace ${address} dev ${bridge.name}`)
  yield* Program.run("ip", ["-batch", "-"], `${[`link set ${port} up`, ...routes].join("\n")}\n`)
  yield* vsctl(
    place,
    "--may-exist",
    "add-port",
    bridge.name,
    port,
    "--",
    "set",
    "Port",
    port,
    `external_ids:pod=${record.pod}`
  )
  const result: Result = {
    interfaces: [{ name: bridge.name }, { name: port }, { name, mac, mtu: bridge.mtu, sandbox: namespace }],
    ips: addresses.map(({ address, range }) => ({
      address: `${address}/${range.prefix}`,
      gateway: range.gateway,
      interface: 2
    })),
    routes: addresses.map(({ range }) => ({ dst: range.family === 4 ? "0.0.0.0/0" : "::/0", gw: range.gateway }))
  }
  return result
})

const Addresses = Schema.fromJsonString(
  Schema.Array(
    Schema.Struct({
      addr_info: Schema.optionalKey(Schema.Array(Schema.Struct({ local: Schema.optionalKey(Schema.String) })))
    })
  )
)

/** What is missing of a Pod's link; absent: nothing. */
export const problem = Effect.fn("OpenVSwitch.check")(function* (
  place: Place,
  bridge: Bridge,
  record: Record,
  addresses: ReadonlyArray<string>
) {
  const text = yield* Program.run("nsenter", [
    `--net=${record.namespace}`,
    "ip",
    "-json",
    "address",
    "show",
    "dev",
    record.interface
  ])
  const shown = (yield* Schema.decodeEffect(Addresses)(text)).flatMap(({ addr_info = [] }) =>
    addr_info.map(({ local }) => local)
  )
  const lost = addresses.filter((address) => !shown.includes(address))
  if (lost.length > 0) return `${record.interface} has no address ${lost.join(", ")}`
  const at = (yield* vsctl(place, "port-to-br", portOf(record))).trim()
  return at === bridge.name ? undefined : `port ${portOf(record)} is at ${at}, not at ${bridge.name}`
})
