/** What the scheduler is told by `--scheduler-config`. A mistake in it is told before anything starts. */
import { Effect, FileSystem } from "effect"
import * as Configuration from "../plugins/scheduler/Configuration.ts"
import { BadSetting } from "./Settings.ts"

/** Empty: there is none. */
export const read = Effect.fnUntraced(function* (path: string) {
  if (path === "") return {}
  const files = yield* FileSystem.FileSystem
  const source = `--scheduler-config ${path}`
  const configuration = yield* Effect.mapError(
    files.readFileString(path),
    ({ message }) => new BadSetting({ message: `${source}: it cannot be read: ${message}` })
  )
  yield* Effect.mapError(Configuration.read(configuration, source), ({ message }) => new BadSetting({ message }))
  return { configuration, source }
})
