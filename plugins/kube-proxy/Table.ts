/** The proxy's view of its cluster, and how it becomes the kernel's table: all at once, or Service by Service. */
import type { Key } from "../../kernel/resource/Kind.ts"
import * as Entries from "./Entries.ts"
import type { Routed } from "./Frontends.ts"
import { type Changes, Ledger } from "./Ledger.ts"
import * as Ruleset from "./Ruleset.ts"

export interface Options {
  /** Where Pods live: whoever comes from elsewhere is masqueraded, so that the answer comes back this way. */
  readonly podCidr: string
}

export const nameOf = ({ name, namespace }: Key) => `${namespace}/${name}`

export class Table {
  private readonly podCidr: string
  private readonly ledger = new Ledger()
  private readonly arrangements = new Map<string, Entries.Arrangement>()
  private chains: ReadonlySet<string> = new Set()
  constructor({ podCidr }: Options) {
    this.podCidr = podCidr
  }

  /** What a Service's new state changes. */
  set(service: string, routed: Routed): Changes {
    const { arrangement, entries } = Entries.compile(routed, this.arrangements.get(service) ?? new Map())
    if (entries.length === 0) this.arrangements.delete(service)
    else this.arrangements.set(service, arrangement)
    return this.ledger.set(service, entries)
  }

  /** The text that brings the kernel's table to these changes. Chains stay until the next `all`: there are few. */
  change(changes: Changes): string {
    const text = Ruleset.change(changes, this.chains, this.podCidr)
    this.chains = new Set([...this.chains, ...Ruleset.chainsOf(changes.added)])
    return text
  }

  /** The text that makes the kernel's table anew. */
  all(): string {
    const entries = [...this.ledger.entries()]
    this.chains = Ruleset.chainsOf(entries)
    return Ruleset.ruleset(entries, this.podCidr)
  }
}

/** One after another, as one: what comes and goes in between is not seen. */
export const merge = (all: ReadonlyArray<Changes>): Changes => {
  if (all.length === 1 && all[0] !== undefined) return all[0]
  const [before, after] = [new Map<string, Entries.Entry | undefined>(), new Map<string, Entries.Entry | undefined>()]
  const idOf = ({ key, map }: Entries.Entry) => `${map} ${key}`
  const see = (entry: Entries.Entry, was: Entries.Entry | undefined) => {
    const id = idOf(entry)
    if (!before.has(id)) before.set(id, was)
    return id
  }
  for (const { added, deleted } of all) {
    for (const entry of deleted) after.set(see(entry, entry), undefined)
    for (const entry of added) after.set(see(entry, undefined), entry)
  }
  const [deleted, added]: [Array<Entries.Entry>, Array<Entries.Entry>] = [[], []]
  for (const [id, was] of before) {
    const now = after.get(id)
    if (was?.value === now?.value && (was === undefined) === (now === undefined)) continue
    if (was !== undefined) deleted.push(was)
    if (now !== undefined) added.push(now)
  }
  return { deleted, added }
}
