/**
 * A program on virtual time: a clock and a scheduler of fibers in one. What can run runs, in the order in which it came to be able to;
 * when nothing can, the clock jumps to the next sleeper. Nothing waits, and the same seed gives the same run.
 */
import { Clock, Context, Duration, Effect, type Exit, type Fiber, Random, Scheduler } from "effect"
import { Heap } from "../../../plugins/scheduler/Heap.ts"

interface Sleeper {
  readonly at: number
  readonly wake: () => void
}

/** Between two turns of the real event loop, in milliseconds: V8 frees what weak references led to only there. */
const slice = 25

export class VirtualTime implements Clock.Clock, Scheduler.Scheduler {
  readonly executionMode = "async"
  private now: number
  private tasks: Array<() => void> = []
  private readonly sleepers = new Heap<Sleeper>((a, b) => a.at - b.at)
  private names = 0

  constructor(start: number) {
    this.now = start
  }

  readonly currentTimeMillisUnsafe = () => this.now
  readonly currentTimeNanosUnsafe = () => BigInt(Math.floor(this.now)) * 1_000_000n
  readonly monotonicTimeNanosUnsafe = this.currentTimeNanosUnsafe
  readonly currentTimeMillis = Effect.sync(this.currentTimeMillisUnsafe)
  readonly currentTimeNanos = Effect.sync(this.currentTimeNanosUnsafe)
  readonly monotonicTimeNanos = this.currentTimeNanos

  sleep(duration: Duration.Duration): Effect.Effect<void> {
    const millis = Duration.toMillis(duration)
    if (millis <= 0) return Effect.yieldNow
    if (!Number.isFinite(millis)) return Effect.never
    return Effect.callback((resume) => {
      const name = `${this.names++}`
      this.sleepers.push(name, { at: this.now + millis, wake: () => resume(Effect.void) })
      return Effect.sync(() => this.sleepers.remove(name))
    })
  }

  shouldYield(fiber: Fiber.Fiber<unknown, unknown>) {
    return fiber.currentOpCount >= fiber.cache.maxOpsBeforeYield
  }
  makeDispatcher(): Scheduler.SchedulerDispatcher {
    return { scheduleTask: (task) => this.tasks.push(task), flush: () => this.settle(Number.POSITIVE_INFINITY) }
  }

  /** Lets everything run that can, until it is `until` by the real clock. Whether nothing can any more. */
  private settle(until: number): boolean {
    while (this.tasks.length > 0) {
      const batch = this.tasks
      this.tasks = []
      for (const task of batch) task()
      if (performance.now() >= until) return this.tasks.length === 0
    }
    return true
  }

  /** To the next time at which somebody wakes, with all who wake then. */
  private advance() {
    const first = this.sleepers.peek()
    if (first === undefined) throw new Error("nothing will happen any more, and the program is not over")
    this.now = first.at
    while (this.sleepers.peek()?.at === first.at) this.sleepers.pop()?.wake()
  }

  /** The end of a program, with all that is random by that seed; or its interruption, as soon as it is `enough`. */
  async run<A, E>(program: Effect.Effect<A, E>, seed: string, enough: () => boolean): Promise<Exit.Exit<A, E>> {
    const context = Context.make(Clock.Clock, this).pipe(Context.add(Scheduler.Scheduler, this))
    const fiber = Effect.runForkWith(context)(Random.withSeed(program, seed), { scheduler: this })
    for (let isEnding = false; ; ) {
      const until = performance.now() + slice
      do {
        if (!this.settle(until)) break
        const exit = fiber.pollUnsafe()
        if (exit !== undefined) return exit
        if (enough() && !isEnding) {
          isEnding = true
          fiber.interruptUnsafe()
          continue
        }
        this.advance()
      } while (performance.now() < until)
      await new Promise<void>((resolve) => setImmediate(resolve))
    }
  }
}
