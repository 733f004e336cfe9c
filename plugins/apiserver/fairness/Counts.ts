/** What is counted of one flow schema at one priority level. */
import type { Refusal } from "./Queue.ts"

export const seconds = [0, 0.005, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10, 15, 30]
export const widths = [1, 2, 4, 8, 16, 32, 64, 100]

export class Histogram {
  readonly bounds: ReadonlyArray<number>
  readonly buckets: Array<number>
  sum = 0
  count = 0

  constructor(bounds: ReadonlyArray<number>) {
    this.bounds = bounds
    this.buckets = Array.from({ length: bounds.length }, () => 0)
  }

  observe(value: number) {
    this.sum += value
    this.count++
    const at = this.bounds.findIndex((bound) => value <= bound)
    if (at >= 0) this.buckets[at] = (this.buckets[at] ?? 0) + 1
  }
}

export class Counts {
  readonly level: string
  readonly schema: string
  dispatched = 0
  executing = 0
  executingSeats = 0
  inQueue = 0
  inQueueSeats = 0
  readonly rejected = new Map<Refusal, number>()
  readonly waited = { true: new Histogram(seconds), false: new Histogram(seconds) }
  readonly executed = { regular: new Histogram(seconds), watch: new Histogram(seconds) }
  readonly seats = new Histogram(widths)

  constructor(level: string, schema: string) {
    this.level = level
    this.schema = schema
  }

  reject(why: Refusal) {
    this.rejected.set(why, (this.rejected.get(why) ?? 0) + 1)
  }
}
