/**
 * Keeps the logs from growing for ever: history is forgotten when it is older than a window. One instance of a cluster runs it;
 * several do no harm. It remembers nothing: after a start it takes one window until it compacts again.
 */
import { Clock, Duration, Effect, Layer, Schedule } from "effect"
import { Log, names } from "./Log.ts"

export interface Options {
  /** Who was away for longer than this starts from a snapshot. */
  readonly window?: Duration.Input
  readonly every?: Duration.Input
}

interface Mark {
  readonly time: number
  readonly seq: number
}

export const run = ({ every = "1 minute", window = "5 minutes" }: Options = {}): Effect.Effect<never, never, Log> =>
  Effect.flatMap(Log, (log) => {
    const age = Duration.toMillis(window)
    const keep = (name: (typeof names)[number]) => {
      let marks: ReadonlyArray<Mark> = []
      const step = Effect.gen(function* () {
        const mark = { time: yield* Clock.currentTimeMillis, seq: yield* log.barrier({ log: name }) }
        marks = [...marks, mark]
        const old = marks.findLast(({ time }) => time <= mark.time - age)
        if (old === undefined) return
        yield* log.compact({ log: name, seq: old.seq })
        marks = marks.filter(({ time }) => time > old.time)
      })
      return step.pipe(
        Effect.catch((cause) => Effect.logWarning(`the log ${name} was not compacted`, cause)),
        Effect.repeat(Schedule.spaced(every)),
        Effect.andThen(Effect.never)
      )
    }
    return Effect.andThen(Effect.forEach(names, keep, { concurrency: "unbounded", discard: true }), Effect.never)
  })

/** Compacts for as long as the scope is open. */
export const layer = (options?: Options): Layer.Layer<never, never, Log> =>
  Layer.effectDiscard(Effect.forkScoped(run(options)))
