/** What Services ask, as it becomes the kernel's tables, one for each IP family: all at once, or Service by Service. */
import type { ProxiedService } from "../contracts/ServiceProxy.ts"
import * as Entries from "./Entries.ts"
import type { Family } from "./Family.ts"
import { type Changes, Ledger, merge } from "./Ledger.ts"
import type { Options } from "./Rules.ts"
import * as Ruleset from "./Ruleset.ts"

/** The table of one family. */
export class Table {
  readonly family: Family
  private readonly options: Options
  private readonly ledger = new Ledger()
  private readonly arrangements = new Map<string, Entries.Arrangement>()
  private chains: ReadonlySet<string> = new Set()
  constructor(family: Family, options: Options) {
    this.family = family
    this.options = options
  }

  /** What a Service's new state changes. */
  set({ name, ports }: ProxiedService): Changes {
    const mine = ports.filter(({ family }) => family === this.family.family)
    const { arrangement, entries } = Entries.compile(mine, this.arrangements.get(name) ?? new Map())
    if (entries.length === 0) this.arrangements.delete(name)
    else this.arrangements.set(name, arrangement)
    return this.ledger.set(name, entries)
  }

  /** The text that brings the kernel's table to these changes. Chains stay until the next `all`: there are few. */
  change(changes: ReadonlyArray<Changes>): string {
    const merged = merge(changes)
    const text = Ruleset.change(merged, this.chains, this.family, this.options)
    this.chains = new Set([...this.chains, ...Ruleset.chainsOf(merged.added)])
    return text
  }

  /** The text that makes the kernel's table anew. */
  all(from: "ours" | "anything"): string {
    const entries = [...this.ledger.entries()]
    this.chains = Ruleset.chainsOf(entries)
    return Ruleset.ruleset(entries, this.family, this.options, from)
  }
}
