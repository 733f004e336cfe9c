/** What containers of Docker use. */
import { Effect, Layer, Schema } from "effect"
import { Stats } from "../../../plugins/kubelet/contracts/Stats.ts"
import { Engine, isMissing, unavailable } from "../Engine.ts"
import { own } from "../EngineLabels.ts"
import type * as Replies from "../EngineReplies.ts"
import * as Statuses from "../EngineStatuses.ts"

const { Int, Number, Record, String: Text, Struct, optionalKey } = Schema

/** What has just ended has no figures for its memory; some of those are beyond the whole numbers that can be told exactly. */
const Usage = Struct({
  read: Text,
  cpu_stats: Struct({ cpu_usage: Struct({ total_usage: Int }) }),
  memory_stats: Struct({ usage: optionalKey(Int), stats: optionalKey(Record(Text, Number)) })
})

/** Pages of files that nobody has used for a while. Of cgroups, version 1 and 2. */
const inactive = (stats: { readonly [name: string]: number } = {}) =>
  stats["total_inactive_file"] ?? stats["inactive_file"] ?? 0

export const layer = Layer.effect(
  Stats,
  Effect.map(Engine, (engine) => {
    const statuses = Statuses.make(engine, false)
    const query = { stream: "false", "one-shot": "true" }
    const of = ({ Id, Labels }: Replies.Listed) =>
      engine.call("GET", `/containers/${Id}/stats`, Usage, { query }).pipe(
        Effect.map(({ cpu_stats, memory_stats, read }) => {
          if (memory_stats.usage === undefined) return []
          const { stats, usage: memoryBytes } = memory_stats
          const workingSetBytes = Math.max(0, memoryBytes - inactive(stats))
          const cpuNanoseconds = cpu_stats.cpu_usage.total_usage
          const [uid = "", name = ""] = [Labels?.[own.uid], Labels?.[own.container]]
          return [{ id: Id, uid, name, at: read, cpuNanoseconds, memoryBytes, workingSetBytes }]
        }),
        Effect.catchIf(isMissing, () => Effect.succeed([]))
      )
    const isRunning = (one: Replies.Listed) => !Statuses.isSandbox(one) && Statuses.stateOf(one.State) === "Running"
    const sample = Effect.gen(function* () {
      const there = yield* statuses.all()
      return (yield* Effect.forEach(there.filter(isRunning), of, { concurrency: 16 })).flat()
    })
    return Stats.of({ sample: () => Effect.mapError(sample, unavailable(Stats.key)) })
  })
)
