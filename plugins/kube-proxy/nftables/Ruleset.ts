/**
 * A table as text for `nft -f`: the whole of it, or what has changed. Both are one transaction: a packet sees the table before or
 * after it. Sources: the manual of nft(8); "Virtual IPs and Service Proxies" of the Kubernetes documentation.
 */
import type { Entry } from "./Entries.ts"
import type { Family } from "./Family.ts"
import type { Changes } from "./Ledger.ts"
import * as Rules from "./Rules.ts"

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
const chain = (name: string, rules: ReadonlyArray<string>) =>
  `  chain ${name} {\n${rules.map((rule) => `    ${rule}\n`).join("")}  }\n`
const declare = (name: string, type: string, list: string) =>
  `  ${type.includes(" : ") ? "map" : "set"} ${name} {\n${type
    .split("; ")
    .map((line) => `    ${line};\n`)
    .join("")}${list}  }\n`

/**
 * All of it, in place of whatever is there. `from` says what may be there: a table of this making, of which the packets' own notes
 * are kept, or anything.
 */
export const ruleset = (entries: Iterable<Entry>, family: Family, options: Rules.Options, from: "ours" | "anything") => {
  const { table } = family
  const [maps, types] = [byMap(entries), Object.entries(Rules.declarations(family))]
  const declared = types.map(([name, type]) => {
    const elements = (maps.get(name) ?? []).map(element)
    return declare(name, type, elements.length === 0 ? "" : `    elements = {\n      ${elements.join(",\n      ")}\n    }\n`)
  })
  const picks = [...chainsOf([...maps.values()].flat())]
    .toSorted()
    .map((name) => chain(name, Rules.pickRules(name, family, options)))
  const chains = Rules.chains(family, options).map(([name, rules]) => chain(name, rules))
  const text = `table ${table} {\n${declared.join("")}${picks.join("")}${chains.join("")}}\n`
  if (from === "anything") return `add table ${table}\ndelete table ${table}\n${text}`
  const empty = types.map(([name, type]) => declare(name, type, ""))
  const flushed = types.filter(([name]) => !Rules.isRemembered(name))
  const flush = flushed.map(([name, type]) => `flush ${type.includes(" : ") ? "map" : "set"} ${table} ${name}\n`)
  return `table ${table} {\n${empty.join("")}}\nflush table ${table}\n${flush.join("")}${text}`
}

/** What has changed, for a table that has `known` chains beside those that every table has. */
export const change = (
  { added, deleted }: Changes,
  known: ReadonlySet<string>,
  family: Family,
  options: Rules.Options
): string => {
  const { table } = family
  const fresh = [...chainsOf(added)].filter((name) => !known.has(name)).toSorted()
  const lines = (word: string, entries: ReadonlyArray<Entry>, text: (entry: Entry) => string) =>
    [...byMap(entries)].map(([map, found]) => `${word} element ${table} ${map} { ${found.map(text).join(", ")} }\n`)
  return [
    ...fresh.map((name) => `add chain ${table} ${name} { ${Rules.pickRules(name, family, options).join("; ")}; }\n`),
    ...lines("delete", deleted, ({ key }) => key),
    ...lines("add", added, element)
  ].join("")
}
