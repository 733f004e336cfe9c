/** What containers of Podman use: its own figures, and of memory what the kernel could not take back, which it does not say. */
import { Clock, Effect, Layer, Schema } from "effect"
import { readFileSync } from "node:fs"
import { join } from "node:path"
import { Stats } from "../../../plugins/kubelet/contracts/Stats.ts"
import { Engine, unavailable } from "../Engine.ts"
import { own } from "../EngineLabels.ts"
import type * as Replies from "../EngineReplies.ts"
import * as Statuses from "../EngineStatuses.ts"
import { remembering } from "../Remembering.ts"

const { Array: List, Int, NullOr, String: Text, Struct } = Schema

const Usages = Struct({
  Stats: NullOr(List(Struct({ ContainerID: Text, CPUNano: Int, MemUsage: Int })))
})

/** Pages of files that nobody has used for a while. Of cgroups, version 2 and 1. */
const inactive = (cgroup: string) => {
  for (const [tree, line] of [
    ["", /^inactive_file (\d+)$/m],
    ["memory", /^total_inactive_file (\d+)$/m]
  ] as const) {
    try {
      return Number(line.exec(readFileSync(join("/sys/fs/cgroup", tree, cgroup, "memory.stat"), "utf8"))?.[1] ?? 0)
    } catch {
      // Not this version, or gone.
    }
  }
  return 0
}

export const layer = Layer.effect(
  Stats,
  Effect.map(Engine, (engine) => {
    const statuses = Statuses.make(engine, false)
    const cgroups = remembering((id) => Effect.map(statuses.inspect(id), ({ State }) => State.CgroupPath ?? ""))

    const sample = Effect.gen(function* () {
      const there = yield* statuses.all()
      for (const id of cgroups.known.keys()) if (!there.some(({ Id }) => Id === id)) cgroups.known.delete(id)
      const query = { stream: "false", all: "true" }
      const { Stats: usages } = yield* engine.call("GET", "/containers/stats", Usages, { query })
      const at = new Date(yield* Clock.currentTimeMillis).toISOString()
      const of = Effect.fnUntraced(function* ({ Id, Labels, State }: Replies.Listed) {
        const usage = usages?.find(({ ContainerID }) => ContainerID === Id)
        if (usage === undefined || Labels?.[own.kind] !== "container") return []
        const cgroup = yield* Effect.orElseSucceed(cgroups.of(Id, State), () => "")
        const { CPUNano: cpuNanoseconds, MemUsage: memoryBytes } = usage
        const workingSetBytes = Math.max(0, memoryBytes - inactive(cgroup))
        const [uid = "", name = ""] = [Labels[own.uid], Labels[own.container]]
        return [{ id: Id, uid, name, at, cpuNanoseconds, memoryBytes, workingSetBytes }]
      })
      return (yield* Effect.forEach(there, of)).flat()
    })
    return Stats.of({ sample: () => Effect.mapError(sample, unavailable(Stats.key)) })
  })
)
