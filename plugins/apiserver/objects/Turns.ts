/**
 * Whose turn it is to write: where thousands watch the same, a change is written to some of them in this turn of the event loop and
 * to the others in those that follow, so that requests are served in between.
 */

/** How long writing to watches may hold the event loop, in milliseconds. */
const longest = 5

interface Late {
  /** Writes what waits. */
  pump(): void
}

export class Turns {
  /** Whose turn it was not any more, in the order in which they came. */
  private late: Array<Late> = []
  private began: number | undefined
  /** Whether who writes now would hold up others for too long. */
  isOver(): boolean {
    const now = performance.now()
    if (this.began === undefined) {
      this.began = now
      setImmediate(() => this.next())
    }
    return this.late.length > 0 || now - this.began > longest
  }
  /** For who has just heard that it is over. */
  wait(late: Late) {
    this.late.push(late)
  }
  private next() {
    this.began = undefined
    const some = this.late
    if (some.length === 0) return
    const until = performance.now() + longest
    let done = 0
    while (done < some.length && performance.now() < until) some[done++]?.pump()
    this.late = some.slice(done)
    if (this.late.length > 0) setImmediate(() => this.next())
  }
}
