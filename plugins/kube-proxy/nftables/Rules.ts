/** The chains of a table: the same ones whatever Services there are, and one for each way of picking among so many. */
import { type Family, firstSlot, slotMask } from "./Family.ts"

export interface Options {
  /** Where Pods live: whoever comes from elsewhere is masqueraded, so that the answer comes back this way. */
  readonly podCidrs: ReadonlyArray<string>
  /** At which of the node's addresses node ports are answered; empty: at all but loopback. */
  readonly nodePortAddresses: ReadonlyArray<string>
}

/** The bit by which a connection is remembered from where it is picked to where it is masqueraded; upstream's. */
const masqueradeBit = "0x4000"

const nodePort = "meta l4proto . th dport"
const frontend = ({ ip }: Family) => `${ip} daddr . ${nodePort}`
const anyOf = (addresses: ReadonlyArray<string>) => (addresses.length === 1 ? addresses[0] : `{ ${addresses.join(", ")} }`)
const onNode = ({ ip, loopback }: Family, { nodePortAddresses }: Options) =>
  `fib daddr type local ${ip} daddr ${nodePortAddresses.length === 0 ? `!= ${loopback}` : anyOf(nodePortAddresses)}`

/**
 * The type of each map's key and value. A slot has the type of a mark, and the connection's own mark holds it between picking and
 * looking up: a map over what `numgen` gives can only be declared by `typeof`, from which nft makes conditions of its own.
 */
export const declarations = ({ address, sender }: Family): { readonly [map: string]: string } => {
  const [addressed, ported] = [`${address} . inet_proto . inet_service`, "inet_proto . inet_service"]
  const target = `${address} . inet_service`
  const picks = { services: addressed, "services-inside": addressed, "node-ports": ported, "node-ports-inside": ported }
  const slots = { "": addressed, "node-": ported }
  return {
    // These count the connections that each is given.
    ...Object.fromEntries(Object.entries(picks).map(([name, key]) => [name, `type ${key} : verdict; counter`])),
    ...Object.fromEntries(
      Object.entries(slots).flatMap(([prefix, key]) =>
        ["", "-inside"].flatMap((suffix) => [
          [`${prefix}endpoints${suffix}`, `type ${key} . mark : ${target}`],
          [`${prefix}numbers${suffix}`, `type ${key} . mark : mark`]
        ])
      )
    ),
    senders: `type ${sender.type} : mark; flags dynamic,timeout; size 1048576`,
    refused: `type ${addressed} : verdict`,
    "node-ports-refused": `type ${ported} : verdict`,
    "cluster-addresses": `type ${address}`,
    guarded: `type ${addressed}`,
    "let-in": `type ${addressed} . ${address}; flags interval`,
    hairpin: `type ${address} . ${address}`
  }
}

/** What is filled by packets, and stays when the table is made anew. */
export const isRemembered = (map: string) => map === "senders"

/** The rules of a chain that picks, from its name: family, way, for how many seconds, and among how many. */
export const pickRules = (name: string, family: Family, { podCidrs }: Options): ReadonlyArray<string> => {
  const [kind = "", way = "", seconds = "", slots = ""] = name.split("-")
  const { ip, sender } = family
  const masquerade = `meta mark set meta mark or ${masqueradeBit}`
  const notPods = podCidrs.length === 0 ? masquerade : `${ip} saddr != ${anyOf(podCidrs)} ${masquerade}`
  const masquerades: { readonly [way: string]: ReadonlyArray<string> } = {
    cluster: [notPods],
    inside: [notPods],
    external: [masquerade]
  }
  const key = `${kind === "node" ? nodePort : frontend(family)} . ct mark`
  const map = (what: string) => `@${kind === "node" ? "node-" : ""}${what}${way === "inside" ? "-inside" : ""}`
  const pick = `ct mark set numgen random mod ${slots} offset ${firstSlot}`
  const lead = `dnat ${ip} to ${key} map ${map("endpoints")}`
  if (seconds === "0") return [...(masquerades[way] ?? []), pick, lead]
  const number = `ct mark set ${key} map ${map("numbers")}`
  const remember = `update @senders { ${sender.expression} timeout ${seconds}s : ct mark }`
  return [
    ...(masquerades[way] ?? []),
    ...sender.recall,
    `ct mark < ${firstSlot} ${pick}`,
    number,
    remember,
    lead,
    // Still here: whom it remembers is gone.
    `delete @senders { ${sender.expression} : ct mark }`,
    pick,
    number,
    remember,
    lead
  ]
}

const hook = (type: string, name: string, priority: number) => `type ${type} hook ${name} priority ${priority};`

/** The chains that every table has, each with its rules. */
export const chains = (family: Family, options: Options): ReadonlyArray<readonly [string, ReadonlyArray<string>]> => {
  const { ip } = family
  const [address, local] = [frontend(family), onNode(family, options)]
  return [
    ["refuse", ["reject"]],
    ["inside", [`${address} vmap @services-inside`, `${local} ${nodePort} vmap @node-ports-inside`]],
    [
      "dispatch",
      [
        ...(options.podCidrs.length === 0 ? [] : [`${ip} saddr ${anyOf(options.podCidrs)} jump inside`]),
        "fib saddr type local jump inside",
        `${address} vmap @services`,
        `${local} ${nodePort} vmap @node-ports`
      ]
    ],
    ["guard", [`${address} @guarded ${address} . ${ip} saddr != @let-in drop`]],
    ["prerouting", [hook("nat", "prerouting", -100), "jump dispatch"]],
    ["output", [hook("nat", "output", -100), "jump dispatch"]],
    [
      "picked",
      [
        "ct mark set 0",
        `meta mark & ${masqueradeBit} != 0 meta mark set meta mark ^ ${masqueradeBit} masquerade fully-random`,
        `${ip} saddr . ${ip} daddr @hairpin masquerade fully-random`
      ]
    ],
    ["postrouting", [hook("nat", "postrouting", 100), `ct mark & ${slotMask} == ${firstSlot} jump picked`]],
    // Behind the translation: what still has a Service's address here, nobody answers.
    [
      "unanswered",
      [`${address} vmap @refused`, `${local} ${nodePort} vmap @node-ports-refused`, `${ip} daddr @cluster-addresses reject`]
    ],
    // Before the translation, where who asks and what for are still to be seen.
    ...["prerouting", "output"].map((at) => [`guard-${at}`, [hook("filter", at, -110), "ct state new jump guard"]] as const),
    ...["input", "forward", "output"].map(
      (at) => [`filter-${at}`, [hook("filter", at, -90), "ct state new jump unanswered"]] as const
    )
  ]
}
