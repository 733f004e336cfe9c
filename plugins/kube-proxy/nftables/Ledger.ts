/**
 * What stands in the table's maps, and for whom. Services may ask for the same entry (an endpoint of two of them, an external
 * address given twice): it stands once, as the first said, and goes with the last.
 */
import type { Entry } from "./Entries.ts"

/** Replacing a value is a deletion and an addition. */
export interface Changes {
  readonly deleted: ReadonlyArray<Entry>
  readonly added: ReadonlyArray<Entry>
}

export const unchanged: Changes = { deleted: [], added: [] }

interface Claim {
  readonly owner: string
  readonly entry: Entry
}

const idOf = ({ key, map }: Entry) => `${map} ${key}`

export class Ledger {
  private readonly owned = new Map<string, ReadonlyMap<string, Entry>>()
  private readonly claims = new Map<string, ReadonlyArray<Claim>>()

  /** Sets what an owner asks for, and returns what that changes in the table. Costs what the owner has, not what the table has. */
  set(owner: string, entries: ReadonlyArray<Entry>): Changes {
    const wanted = new Map(entries.map((entry) => [idOf(entry), entry]))
    const had = this.owned.get(owner) ?? new Map<string, Entry>()
    const [deleted, added]: [Array<Entry>, Array<Entry>] = [[], []]
    const put = (id: string, entry: Entry | undefined) => {
      const before = this.claims.get(id)?.[0]?.entry
      this.claim(id, owner, entry)
      const after = this.claims.get(id)?.[0]?.entry
      if (before?.value === after?.value && (before === undefined) === (after === undefined)) return
      if (before !== undefined) deleted.push(before)
      if (after !== undefined) added.push(after)
    }
    for (const id of had.keys()) if (!wanted.has(id)) put(id, undefined)
    for (const [id, entry] of wanted) if (had.get(id)?.value !== entry.value) put(id, entry)
    if (wanted.size === 0) this.owned.delete(owner)
    else this.owned.set(owner, wanted)
    return { deleted, added }
  }

  *entries(): Generator<Entry> {
    for (const [first] of this.claims.values()) if (first !== undefined) yield first.entry
  }

  /** A claim that is there already keeps its place. */
  private claim(id: string, owner: string, entry: Entry | undefined) {
    const others = this.claims.get(id) ?? []
    const at = others.findIndex((claim) => claim.owner === owner)
    const mine = entry === undefined ? [] : [{ owner, entry }]
    const next = at === -1 ? [...others, ...mine] : [...others.slice(0, at), ...mine, ...others.slice(at + 1)]
    if (next.length === 0) this.claims.delete(id)
    else this.claims.set(id, next)
  }
}

/** One after another, as one: what comes and goes in between is not seen. */
export const merge = (all: ReadonlyArray<Changes>): Changes => {
  if (all.length === 1 && all[0] !== undefined) return all[0]
  const [before, after] = [new Map<string, Entry | undefined>(), new Map<string, Entry | undefined>()]
  const see = (entry: Entry, was: Entry | undefined) => {
    const id = idOf(entry)
    if (!before.has(id)) before.set(id, was)
    return id
  }
  for (const { added, deleted } of all) {
    for (const entry of deleted) after.set(see(entry, entry), undefined)
    for (const entry of added) after.set(see(entry, undefined), entry)
  }
  const [deleted, added]: [Array<Entry>, Array<Entry>] = [[], []]
  for (const [id, was] of before) {
    const now = after.get(id)
    if (was?.value === now?.value && (was === undefined) === (now === undefined)) continue
    if (was !== undefined) deleted.push(was)
    if (now !== undefined) added.push(now)
  }
  return { deleted, added }
}
