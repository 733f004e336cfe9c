/**
 * Keeps the logs from growing for ever: history is forgotten when it is older than a window. One instance of a cluster runs it;
 * several do no harm. When which seq was it reads from the log at its start, so that a cluster which is often restarted is compacted
 * too; without such marks it takes one window until it compacts.
 */
import { Clock, Duration, Effect, Layer, Schedule } from "effect"
import { Log, type LogName, names } from "./Log.ts"
import * as Times from "./Times.ts"

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
    const keep = (name: LogName) => {
      let marks: ReadonlyArray<Mark> | undefined
      const step = Effect.gen(function* () {
        const [{ last }, time] = [yield* log.status({ log: name }), yield* Clock.currentTimeMillis]
        marks ??= (yield* Times.marks(log)).map(({ revisions, time }) => ({ time, seq: revisions[name] }))
        const mark = { time, seq: last }
        if (last > (marks.at(-1)?.seq ?? -1)) marks = [...marks, mark]
        const old = marks.findLast(({ time }) => time <= mark.time - age)
        if (old === undefined) return
        yield* log.compact({ log: name, seq: old.seq })
        marks = marks.filter(({ seq }) => seq > old.seq)
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
