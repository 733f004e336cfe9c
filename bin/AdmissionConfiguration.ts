/** What admission is told by `--admission-control-config-file`, upstream's AdmissionConfiguration. */
import { Effect, FileSystem } from "effect"
import { dirname, resolve } from "node:path"
import * as Configuration from "../plugins/admission/pod-security/Configuration.ts"
import { BadSetting } from "./Settings.ts"

const read = Effect.fnUntraced(function* (path: string) {
  const files = yield* FileSystem.FileSystem
  return yield* Effect.mapError(
    files.readFileString(path),
    ({ message }) => new BadSetting({ message: `--admission-control-config-file ${path}: it cannot be read: ${message}` })
  )
})

/** Empty: there is none. Files that it names lie beside it, unless they say where. */
export const podSecurity = Effect.fnUntraced(function* (path: string) {
  if (path === "") return {}
  const files = yield* FileSystem.FileSystem
  const other = (name: string) => Effect.provideService(read(resolve(dirname(path), name)), FileSystem.FileSystem, files)
  return yield* Configuration.read(yield* read(path), path, other)
})
