/** `keelson down`: ends the cluster of a data directory, also one whose processes were killed, and with `purge` its data. */
import { Effect, FileSystem, Option } from "effect"
import { globSync } from "node:fs"
import { basename, join } from "node:path"
import type { Paths } from "./Paths.ts"
import * as Processes from "./Processes.ts"
import type { Settings } from "./Settings.ts"
import * as Sweep from "./Sweep.ts"

/** Ends what a supervisor that was killed may have left. The agents first, which need the server to take leave. */
export const leftovers = Effect.fnUntraced(function* ({ run }: Paths) {
  const agents = globSync(join(run, "agent*.pid")).map((file) => basename(file, ".pid"))
  for (const name of [...agents, "server"]) {
    const found = yield* Processes.find(run, name)
    if (Option.isSome(found)) yield* Processes.end(found.value, "30 seconds")
  }
})

export const down = Effect.fnUntraced(function* (settings: Settings, paths: Paths, purge: boolean) {
  const files = yield* FileSystem.FileSystem
  const up = yield* Processes.find(paths.run, "up")
  if (Option.isSome(up)) yield* Processes.end(up.value, "120 seconds")
  yield* leftovers(paths)
  yield* Sweep.run(settings, paths)
  if (purge) yield* Effect.orDie(files.remove(paths.root, { recursive: true, force: true }))
  return Option.isSome(up)
})
