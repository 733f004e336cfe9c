/** Snapshots by the clock, by the settings `snapshotEvery`, `snapshotTo`, `snapshotKeep` and `snapshotKeyFile`. */
import { Effect, Layer, Stream } from "effect"
import * as NodeServices from "@effect/platform-node/NodeServices"
import * as Plugin from "../kernel/plugin/Plugin.ts"
import { save } from "../kernel/store/snapshot/Save.ts"
import { readKey } from "../kernel/store/snapshot/Sealing.ts"
import { Stored } from "../kernel/store/Switch.ts"
import * as Snapshots from "../plugins/snapshots/Snapshots.ts"
import * as Destination from "./Destination.ts"
import type { Settings } from "./Settings.ts"
import { about } from "./SnapshotRoute.ts"
import { lifetime } from "./Lifetime.ts"

/** Nothing, if none are wanted. */
export const layer = (settings: Settings, cluster: Parameters<typeof about>[0]) => {
  const every = lifetime(settings.snapshotEvery) ?? 0
  if (every === 0) return Layer.empty
  const found = Effect.gen(function* () {
    const log = yield* Stored
    if (log === undefined) return Layer.empty
    const { storage } = yield* Destination.parse(Destination.standard(settings), settings)
    const key = settings.snapshotKeyFile === "" ? undefined : yield* readKey(settings.snapshotKeyFile)
    const plugin = Snapshots.plugin({
      save: Stream.suspend(() => save(log, about(cluster), key)),
      every,
      keep: settings.snapshotKeep
    })
    return Plugin.install(plugin).pipe(Layer.provide(storage))
  })
  return Layer.unwrap(Effect.provide(found, NodeServices.layer))
}
