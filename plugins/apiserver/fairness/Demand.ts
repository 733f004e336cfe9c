/** How many seats a priority level could use, over time: what its limit is set by at the next adjustment. */

export interface Summary {
  readonly average: number
  readonly deviation: number
  readonly highest: number
}

/** Of a number that changes now and then: its average by time, its deviation, and its highest. Times in milliseconds. */
export class Demand {
  private since: number
  private last: number
  private value = 0
  private highest = 0
  private sum = 0
  private squares = 0

  constructor(now: number) {
    this.since = now
    this.last = now
  }

  set(value: number, now: number): void {
    const elapsed = now - this.last
    if (elapsed > 0) {
      this.sum += this.value * elapsed
      this.squares += this.value * this.value * elapsed
      this.last = now
    }
    this.value = value
    if (value > this.highest) this.highest = value
  }

  /** What it was since it was asked before. */
  take(now: number): Summary {
    this.set(this.value, now)
    const elapsed = now - this.since
    const average = elapsed > 0 ? this.sum / elapsed : this.value
    const variance = elapsed > 0 ? this.squares / elapsed - average * average : 0
    const summary = { average, deviation: Math.sqrt(Math.max(0, variance)), highest: this.highest }
    this.since = now
    this.sum = 0
    this.squares = 0
    this.highest = this.value
    return summary
  }
}
