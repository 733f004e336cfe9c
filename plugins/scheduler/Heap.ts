/** What comes first by an order; of equals, what came first. Anything may be taken out. */
interface Item<A> {
  readonly key: string
  readonly value: A
  readonly turn: number
  isGone: boolean
}

export class Heap<A> {
  private readonly items: Array<Item<A>> = []
  private readonly byKey = new Map<string, Item<A>>()
  private readonly order: (a: A, b: A) => number
  private turn = 0

  constructor(order: (a: A, b: A) => number) {
    this.order = order
  }

  get size() {
    return this.byKey.size
  }

  get(key: string) {
    return this.byKey.get(key)?.value
  }

  /** In the place of what had that key before. */
  push(key: string, value: A) {
    this.remove(key)
    const item = { key, value, turn: this.turn++, isGone: false }
    this.byKey.set(key, item)
    this.items.push(item)
    this.rise(this.items.length - 1)
  }

  remove(key: string) {
    const item = this.byKey.get(key)
    if (item === undefined) return
    item.isGone = true
    this.byKey.delete(key)
  }

  /** In no order. */
  *values(): Generator<A> {
    for (const { value } of this.byKey.values()) yield value
  }

  /** By the order as it is now. */
  sort() {
    const { order } = this
    const left = this.items.filter(({ isGone }) => !isGone).toSorted((a, b) => order(a.value, b.value) || a.turn - b.turn)
    // A sorted list is a heap.
    this.items.length = 0
    for (const item of left) this.items.push(item)
  }

  peek(): A | undefined {
    this.tidy()
    return this.items[0]?.value
  }

  pop(): A | undefined {
    this.tidy()
    const [first] = this.items
    if (first === undefined) return undefined
    this.byKey.delete(first.key)
    this.drop()
    return first.value
  }

  private tidy() {
    while (this.items[0]?.isGone === true) this.drop()
  }

  private drop() {
    const last = this.items.pop()
    if (last === undefined || this.items.length === 0) return
    this.items[0] = last
    this.sink(0)
  }

  private isBefore(a: Item<A>, b: Item<A>) {
    return (this.order(a.value, b.value) || a.turn - b.turn) < 0
  }

  private rise(at: number) {
    const { items } = this
    for (let index = at; index > 0; ) {
      const parent = (index - 1) >> 1
      if (!this.swapIf(index, parent, items)) return
      index = parent
    }
  }

  private sink(at: number) {
    const { items } = this
    for (let index = at; ; ) {
      const [left, right] = [items[2 * index + 1], items[2 * index + 2]]
      if (left === undefined) return
      const child = right !== undefined && this.isBefore(right, left) ? 2 * index + 2 : 2 * index + 1
      if (!this.swapIf(child, index, items)) return
      index = child
    }
  }

  /** If the one at `low` comes before that at `high`, they change places. */
  private swapIf(low: number, high: number, items: Array<Item<A>>) {
    const [a, b] = [items[low], items[high]]
    if (a === undefined || b === undefined || !this.isBefore(a, b)) return false
    items[low] = b
    items[high] = a
    return true
  }
}
