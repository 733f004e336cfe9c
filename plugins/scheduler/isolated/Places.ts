/**
 * The order of a queue as numbers, for one who cannot ask which of two comes first: each has a key between those of its neighbours. Of equals,
 * who came first is first.
 */
import type { Queued } from "../contracts/Framework.ts"

interface Place {
  readonly uid: string
  readonly queued: Queued
  key: number
}

const gap = 2 ** 20

export class Places {
  private list: Array<Place> = []
  private readonly byUid = new Map<string, Place>()
  private readonly order: (a: Queued, b: Queued) => number

  constructor(order: (a: Queued, b: Queued) => number) {
    this.order = order
  }

  clear() {
    this.list = []
    this.byUid.clear()
  }

  remove(uid: string) {
    const place = this.byUid.get(uid)
    if (place === undefined) return
    this.byUid.delete(uid)
    this.list.splice(
      this.first(({ key }) => key >= place.key),
      1
    )
  }

  /** The keys that are new, or others now. */
  put(all: ReadonlyArray<Queued>): ReadonlyMap<string, number> {
    const changed = new Set<Place>()
    for (const queued of all) {
      const { uid } = queued.pod.metadata
      this.remove(uid)
      const at = this.first((other) => this.order(queued, other.queued) < 0)
      const place = { uid, queued, key: this.between(at) }
      this.byUid.set(uid, place)
      this.list.splice(at, 0, place)
      changed.add(place)
      if (!this.isInOrder(at)) for (const other of this.spread()) changed.add(other)
    }
    return new Map([...changed].filter(({ uid }) => this.byUid.has(uid)).map(({ key, uid }) => [uid, key]))
  }

  /** Where the first is of which this holds: it holds of all that follow it. */
  private first(holds: (place: Place) => boolean) {
    let [from, to] = [0, this.list.length]
    while (from < to) {
      const middle = (from + to) >> 1
      const place = this.list[middle]
      if (place !== undefined && holds(place)) to = middle
      else from = middle + 1
    }
    return from
  }

  private between(at: number) {
    const [before, after] = [this.list[at - 1]?.key, this.list[at]?.key]
    if (before === undefined) return after === undefined ? 0 : after - gap
    return after === undefined ? before + gap : (before + after) / 2
  }

  /** There are only so many numbers between two. */
  private isInOrder(at: number) {
    const [before, here, after] = [this.list[at - 1], this.list[at], this.list[at + 1]]
    if (here === undefined) return true
    return (before === undefined || before.key < here.key) && (after === undefined || here.key < after.key)
  }

  private spread() {
    for (const [index, place] of this.list.entries()) place.key = index * gap
    return this.list
  }
}
