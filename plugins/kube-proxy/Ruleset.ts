/**
 * The table as text for `nft -f`: the whole of it, or what has changed. Both are one transaction: a packet sees the table before
 * or after it. Sources: the manual of nft(8); "Virtual IPs and Service Proxies" of the Kubernetes documentation.
 */
import { type Entry, firstSlot, slotMask } from "./Entries.ts"
import type { Changes } from "./Ledger.ts"

export const table = "ip keelson-proxy"

/** The bit by which a connection is remembered from where it is picked to where it is masqueraded; upstream's. */
const mark = "0x4000"
/** Fixed, so that a sender finds its backend again after the table was loaded anew. */
const seed = "0x6b65656c"

const frontend = "ip daddr . meta l4proto . th dport"
const nodePort = "meta l4proto . th dport"
const onNode = "fib daddr type local ip daddr != 127.0.0.0/8"

/**
 * The type of each map's key and value. A slot has the type of a mark, and the connection's own mark holds it between picking and
 * looking up: a map over what `numgen` gives can only be declared by `typeof`, from which nft makes conditions of its own.
 */
const addressed = "type ipv4_addr . inet_proto . inet_service : verdict"
const ported = "type inet_proto . inet_service : verdict"
const addressedBackends = "type ipv4_addr . inet_proto . inet_service . mark : ipv4_addr . inet_service"
const portedBackends = "type inet_proto . inet_service . mark : ipv4_addr . inet_service"
const types: { readonly [map: string]: string } = {
  services: addressed,
  "services-inside": addressed,
  backends: addressedBackends,
  "backends-inside": addressedBackends,
  refused: addressed,
  "node-ports": ported,
  "node-ports-inside": ported,
  "node-backends": portedBackends,
  "node-backends-inside": portedBackends,
  "node-ports-refused": ported,
  "cluster-addresses": "type ipv4_addr",
  hairpin: "type ipv4_addr . ipv4_addr"
}

/** A chain that picks a backend, from its name: family, way, how it picks, and among how many slots. */
const pickRules = (name: string, podCidr: string): ReadonlyArray<string> => {
  const [family = "", way = "", how = "", slots = ""] = name.split("-")
  const masquerade = `meta mark set meta mark or ${mark}`
  const masquerades: { readonly [way: string]: ReadonlyArray<string> } = {
    cluster: [`ip saddr != ${podCidr} ${masquerade}`],
    inside: [`ip saddr != ${podCidr} ${masquerade}`],
    external: [masquerade]
  }
  const slot = how === "sender" ? `jhash ip saddr mod ${slots} seed ${seed}` : `numgen random mod ${slots}`
  const pick = `ct mark set ${slot} offset ${firstSlot}`
  const map = `${family === "node" ? "node-" : ""}backends${way === "inside" ? "-inside" : ""}`
  return [...(masquerades[way] ?? []), pick, `dnat ip to ${family === "node" ? nodePort : frontend} . ct mark map @${map}`]
}

const chain = (name: string, ...rules: ReadonlyArray<string>) =>
  `  chain ${name} {\n${rules.map((rule) => `    ${rule}\n`).join("")}  }\n`
const hook = (type: string, name: string, priority: number) => `type ${type} hook ${name} priority ${priority};`

const chains = (podCidr: string) =>
  [
    chain("refuse", "reject"),
    chain("inside", `${frontend} vmap @services-inside`, `${onNode} ${nodePort} vmap @node-ports-inside`),
    chain(
      "dispatch",
      `ip saddr ${podCidr} jump inside`,
      "fib saddr type local jump inside",
      `${frontend} vmap @services`,
      `${onNode} ${nodePort} vmap @node-ports`
    ),
    chain("prerouting", hook("nat", "prerouting", -100), "jump dispatch"),
    chain("output", hook("nat", "output", -100), "jump dispatch"),
    chain(
      "picked",
      "ct mark set 0",
      `meta mark & ${mark} != 0 meta mark set meta mark ^ ${mark} masquerade fully-random`,
      "ip saddr . ip daddr @hairpin masquerade fully-random"
    ),
    chain("postrouting", hook("nat", "postrouting", 100), `ct mark & ${slotMask} == ${firstSlot} jump picked`),
    // Behind the translation: what still has a Service's address here, nobody answers.
    chain(
      "unanswered",
      `${frontend} vmap @refused`,
      `${onNode} ${nodePort} vmap @node-ports-refused`,
      "ip daddr @cluster-addresses reject"
    ),
    ...["input", "forward", "output"].map((name) =>
      chain(`filter-${name}`, hook("filter", name, -90), "ct state new jump unanswered")
    )
  ].join("")

const isPick = (value: string) => value.startsWith("goto ") && value !== "goto refuse"

/** The chains that these entries go to. */
export const chainsOf = (entries: Iterable<Entry>): ReadonlySet<string> => {
  const names = new Set<string>()
  for (const { value } of entries) if (isPick(value)) names.add(value.slice("goto ".length))
  return names
}

const byMap = (entries: Iterable<Entry>) => {
  const maps = new Map<string, Array<Entry>>()
  for (const entry of entries) {
    const found = maps.get(entry.map)
    if (found === undefined) maps.set(entry.map, [entry])
    else found.push(entry)
  }
  return maps
}

const element = ({ key, value }: Entry) => (value === "" ? key : `${key} : ${value}`)

/** All of it, in place of whatever is there. */
export const ruleset = (entries: Iterable<Entry>, podCidr: string): string => {
  const maps = byMap(entries)
  const declared = Object.entries(types).map(([name, type]) => {
    const elements = (maps.get(name) ?? []).map(element)
    const word = type.includes(" : ") ? "map" : "set"
    const list = elements.length === 0 ? "" : `    elements = {\n      ${elements.join(",\n      ")}\n    }\n`
    return `  ${word} ${name} {\n    ${type};\n${list}  }\n`
  })
  const picks = [...chainsOf([...maps.values()].flat())].toSorted().map((name) => chain(name, ...pickRules(name, podCidr)))
  return `add table ${table}\ndelete table ${table}\ntable ${table} {\n${declared.join("")}${picks.join("")}${chains(podCidr)}}\n`
}

/** What has changed, for a table that has `known` chains beside those that every table has. */
export const change = ({ added, deleted }: Changes, known: ReadonlySet<string>, podCidr: string): string => {
  const fresh = [...chainsOf(added)].filter((name) => !known.has(name)).toSorted()
  const lines = (word: string, entries: ReadonlyArray<Entry>, text: (entry: Entry) => string) =>
    [...byMap(entries)].map(([map, found]) => `${word} element ${table} ${map} { ${found.map(text).join(", ")} }\n`)
  return [
    ...fresh.map((name) => `add chain ${table} ${name} { ${pickRules(name, podCidr).join("; ")}; }\n`),
    ...lines("delete", deleted, ({ key }) => key),
    ...lines("add", added, element)
  ].join("")
}
