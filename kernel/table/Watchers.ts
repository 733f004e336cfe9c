/**
 * Who watches a storage. A watcher that says by which value it chooses is found by that value, so that a change costs what
 * those cost who hear of it: a thousand kubelets, each with its own Pods, are not asked one after another.
 */
import type { Row } from "./Row.ts"

/** One change: the state before it and after it. Both are known, so that a selector can tell who came and who went. */
export interface Change {
  readonly path: string
  readonly before: Row | undefined
  readonly after: Row | undefined
  /** For a deletion the last state, under the deletion's revision; otherwise `after`. */
  readonly row: Row
}

export interface Watcher {
  /** Called at most once for each batch of the feed, with changes. `upTo` is what the storage then knows. */
  readonly changed: (changes: ReadonlyArray<Change>, upTo: number) => void
  /** History was lost, or `changed` has thrown: what was known is void. */
  readonly reset: () => void
}

/** Only rows of which `of` gives `value` matter. The same `by` always comes with the same `of`. */
export interface Interest {
  readonly by: string
  readonly of: (row: Row) => string | undefined
  readonly value: string
}

interface Group {
  readonly of: Interest["of"]
  readonly members: Map<string, Set<Watcher>>
}

export class Watchers {
  private readonly unbound = new Set<Watcher>()
  private readonly groups = new Map<string, Group>()
  private readonly report: (cause: unknown) => void

  /** What a watcher throws is reported, and concerns neither the others nor the feed. */
  constructor(report: (cause: unknown) => void) {
    this.report = report
  }

  add(watcher: Watcher, interest?: Interest): () => void {
    if (interest === undefined) {
      this.unbound.add(watcher)
      return () => this.unbound.delete(watcher)
    }
    const { by, of, value } = interest
    const group: Group = this.groups.get(by) ?? { of, members: new Map() }
    this.groups.set(by, group)
    const members = group.members.get(value) ?? new Set()
    group.members.set(value, members.add(watcher))
    return () => {
      members.delete(watcher)
      if (members.size === 0 && group.members.get(value) === members) group.members.delete(value)
      if (group.members.size === 0 && this.groups.get(by) === group) this.groups.delete(by)
    }
  }

  tell(changes: ReadonlyArray<Change>, upTo: number) {
    const concerned = new Map<ReadonlySet<Watcher>, Array<Change>>()
    for (const { members, of } of this.groups.values()) {
      for (const change of changes) {
        const [was, is] = [this.valueIn(of, change.before), this.valueIn(of, change.after)]
        note(concerned, was, members, change)
        if (is !== was) note(concerned, is, members, change)
      }
    }
    for (const watcher of [...this.unbound]) this.attempt(watcher, () => watcher.changed(changes, upTo))
    // All who chose the same value are told the same array: what is made of it can be made once.
    for (const [watchers, some] of concerned)
      for (const watcher of [...watchers]) this.attempt(watcher, () => watcher.changed(some, upTo))
  }

  reset() {
    const bound = [...this.groups.values()].flatMap(({ members }) => [...members.values()].flatMap((some) => [...some]))
    for (const watcher of [...this.unbound, ...bound]) this.restart(watcher)
  }

  private attempt(watcher: Watcher, tell: () => void) {
    try {
      tell()
    } catch (cause) {
      this.report(cause)
      this.restart(watcher)
    }
  }

  private restart(watcher: Watcher) {
    try {
      watcher.reset()
    } catch (cause) {
      this.report(cause)
    }
  }

  private valueIn(of: Interest["of"], row: Row | undefined) {
    try {
      return row === undefined ? undefined : of(row)
    } catch (cause) {
      this.report(cause)
      return undefined
    }
  }
}

const note = (
  concerned: Map<ReadonlySet<Watcher>, Array<Change>>,
  value: string | undefined,
  members: Group["members"],
  change: Change
) => {
  const watchers = value === undefined ? undefined : members.get(value)
  if (watchers === undefined) return
  const found = concerned.get(watchers)
  if (found === undefined) concerned.set(watchers, [change])
  else found.push(change)
}
