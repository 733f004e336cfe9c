/** `keelson down`: ends the cluster of a data directory, also one whose processes were killed, and with `purge` its data. */
import { Effect, FileSystem, Option } from "effect"
import { globSync } from "node:fs"
import { basename, join } from "node:path"
import * as Hosted from "./hosted/Hosted.ts"
import * as Place from "./hosted/Place.ts"
import type { Paths } from "./Paths.ts"
import * as Processes from "./Processes.ts"
import type { Settings } from "./Settings.ts"
import * as Sweep from "./Sweep.ts"

/** Ends what a supervisor that was killed may have left. The agents first, which need the server to take leave. */
export const leftovers = Effect.fnUntraced(function* ({ run }: Paths) {
  const agents = globSync(join(run, "agent*.pid")).map((file) => basename(file, ".pid"))
  const servers = globSync(join(run, "server*.pid")).map((file) => basename(file, ".pid"))
  const end = Effect.fnUntraced(function* (name: string) {
    const found = yield* Processes.find(run, name)
    if (Option.isSome(found)) yield* Processes.end(found.value, "30 seconds")
  })
  yield* Effect.forEach(agents, end, { discard: true })
  // Of several the last has no store any more, and would wait for it.
  yield* Effect.forEach(servers, end, { discard: true, concurrency: "unbounded" })
})

export const down = Effect.fnUntraced(function* (settings: Settings, paths: Paths, purge: boolean) {
  const files = yield* FileSystem.FileSystem
  if (settings.name !== "") return yield* Hosted.remove(Place.allOf(settings), settings.name, purge)
  const up = yield* Processes.find(paths.run, "up")
  if (Option.isSome(up)) yield* Processes.end(up.value, "120 seconds")
  yield* leftovers(paths)
  yield* Sweep.run(settings, paths)
  if (purge) yield* Effect.orDie(files.remove(paths.root, { recursive: true, force: true }))
  return Option.isSome(up)
})
