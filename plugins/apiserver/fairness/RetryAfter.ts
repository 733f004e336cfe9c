/**
 * When whoever was refused shall come again: the sooner the fewer are refused. Doubled when many were during that time, lessened by
 * a second when few were. Source: "API Priority and Fairness", responses with code 429.
 */

const longest = 32

export class RetryAfter {
  private seconds = 1
  private changed = 0
  private second = 0
  private count = 0
  private history: Array<{ readonly second: number; readonly count: number }> = []

  /** One more is refused: after how many seconds it shall come again. */
  refused(now: number): number {
    const second = Math.floor(now / 1000)
    if (second === this.second) {
      this.count++
      return this.seconds
    }
    this.history = [...this.history, { second: this.second, count: this.count }].filter(
      (one) => second - one.second <= Math.min(longest, 2 * this.seconds)
    )
    this.second = second
    this.count = 1
    this.adjust(second)
    return this.seconds
  }

  private adjust(second: number) {
    const lately = this.history
      .filter((one) => second - one.second <= this.seconds)
      .reduce((sum, { count }) => sum + count, 0)
    if (second - this.changed >= this.seconds && lately >= 3 * this.seconds) {
      this.seconds = Math.min(longest, 2 * this.seconds)
      this.changed = second
    } else if (lately < this.seconds && this.seconds > 1) this.seconds--
  }
}
