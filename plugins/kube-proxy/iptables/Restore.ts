/**
 * Text for `iptables-restore --noflush`: all, a change, or the end of it. Pure. Each table is one transaction; chains that are not
 * named keep their rules and their counters.
 */
import { isOfService } from "./Chains.ts"
import * as Frame from "./Frame.ts"
import type { Compiled } from "./Rules.ts"

/** What `iptables-save` printed, as far as it matters. */
export interface Present {
  readonly chains: ReadonlySet<string>
  readonly rules: ReadonlySet<string>
}

/** The rules that lead to our chains, with what stands before the target as it may: `iptables-save` orders matches its own way. */
const target = (rule: string) => rule.slice(rule.lastIndexOf("-j "))

export const parse = (saved: string): { readonly [_ in Frame.TableName]: Present } => {
  const found = {
    nat: { chains: new Set<string>(), rules: new Set<string>() },
    filter: { chains: new Set<string>(), rules: new Set<string>() }
  }
  let current: Frame.TableName | undefined
  for (const line of saved.split("\n")) {
    if (line.startsWith("*")) current = Frame.tables.find((table) => line === `*${table}`)
    else if (current === undefined) continue
    else if (line.startsWith(":")) found[current].chains.add(line.slice(1, line.indexOf(" ")))
    else if (/^-A (PREROUTING|OUTPUT|POSTROUTING|INPUT|FORWARD) /.test(line))
      found[current].rules.add(`${line.split(" ")[1]} ${target(line)}`)
  }
  return found
}

const isThere = (present: Present, { from, rule }: Frame.Jump) => present.rules.has(`${from} ${target(rule)}`)
const declare = (chain: string) => `:${chain} - [0:0]`

const table = (name: Frame.TableName, lines: ReadonlyArray<string>) =>
  lines.length === 0 ? "" : `*${name}\n${lines.join("\n")}\nCOMMIT\n`

type FrameChains = ReturnType<typeof Frame.chains>

/** All of it, whatever chains and jumps of ours are present. */
export const all = (services: Iterable<Compiled>, frame: FrameChains, present: ReturnType<typeof parse>): string => {
  const own = new Map<string, ReadonlyArray<string>>()
  const shared = { nat: [] as string[], filter: [] as string[] }
  for (const { chains, lines } of services) {
    for (const [chain, rules] of chains) own.set(chain, rules)
    for (const line of lines) {
      const [name, ...rest] = line.split(" ")
      shared[name === "nat" ? "nat" : "filter"].push(`-A ${rest.join(" ")}`)
    }
  }
  return Frame.tables
    .map((name) => {
      const stale = [...present[name].chains].filter((chain) => name === "nat" && isOfService(chain) && !own.has(chain))
      const chains = name === "nat" ? [...own.keys(), ...stale] : []
      return table(name, [
        // iptables keeps its chains in order, and looks for each one's place from the first on: backwards all are found at once.
        ...[...Object.keys(frame[name]), ...chains].toSorted().toReversed().map(declare),
        ...shared[name],
        ...Object.entries(frame[name]).flatMap(([chain, rules]) => rules.map((rule) => `-A ${chain} ${rule}`)),
        ...(name === "nat" ? [...own].flatMap(([chain, rules]) => rules.map((rule) => `-A ${chain} ${rule}`)) : []),
        ...Frame.jumps
          .filter((one) => one.table === name && !isThere(present[name], one))
          .map(({ from, rule }) => `-I ${from} ${rule}`),
        ...stale.map((chain) => `-X ${chain}`)
      ])
    })
    .join("")
}

export interface Change {
  readonly before: Compiled
  readonly after: Compiled
}

const same = (a: ReadonlyArray<string> | undefined, b: ReadonlyArray<string>) =>
  a !== undefined && a.length === b.length && a.every((rule, index) => rule === b[index])

/** What has changed, one Service after another. Chains and lines that stay as they are, are not touched. */
export const change = (changes: ReadonlyArray<Change>): string => {
  const chains = new Map<string, ReadonlyArray<string> | undefined>()
  const lines = new Map<string, number>()
  for (const { after, before } of changes) {
    for (const chain of before.chains.keys()) if (!after.chains.has(chain)) chains.set(chain, undefined)
    for (const [chain, rules] of after.chains)
      if (chains.has(chain) || !same(before.chains.get(chain), rules)) chains.set(chain, rules)
    for (const line of before.lines) lines.set(line, (lines.get(line) ?? 0) - 1)
    for (const line of after.lines) lines.set(line, (lines.get(line) ?? 0) + 1)
  }
  const shared = (name: Frame.TableName, sign: -1 | 1) =>
    [...lines].flatMap(([line, count]) =>
      Math.sign(count) === sign && line.startsWith(`${name} `)
        ? [`${sign === 1 ? "-I" : "-D"} ${line.slice(name.length + 1)}`]
        : []
    )
  const own = [...chains]
  return Frame.tables
    .map((name) =>
      table(name, [
        ...(name === "nat" ? own.map(([chain]) => declare(chain)) : []),
        ...shared(name, -1),
        ...(name === "nat" ? own.flatMap(([chain, rules = []]) => rules.map((rule) => `-A ${chain} ${rule}`)) : []),
        ...shared(name, 1),
        ...(name === "nat" ? own.flatMap(([chain, rules]) => (rules === undefined ? [`-X ${chain}`] : [])) : [])
      ])
    )
    .join("")
}

/** Nothing of it: only what is present is named, so that it works however often. */
export const none = (frame: FrameChains, present: ReturnType<typeof parse>): string =>
  Frame.tables
    .map((name) => {
      const chains = [...present[name].chains].filter(
        (chain) => chain in frame[name] || (name === "nat" && isOfService(chain))
      )
      return table(name, [
        ...chains.map(declare),
        ...Frame.jumps
          .filter((one) => one.table === name && isThere(present[name], one))
          .map(({ from, rule }) => `-D ${from} ${rule}`),
        ...chains.map((chain) => `-X ${chain}`)
      ])
    })
    .join("")
