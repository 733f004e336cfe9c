/**
 * Where a control plane lies that is one of several on a machine (`--name`): a data directory of its own below that of all. A file
 * there says what was chosen for it, and goes before the defaults of settings.
 */
import { Effect, FileSystem, Option, Schema } from "effect"
import { dirname, join } from "node:path"
import { BadSetting, defaults, type Settings } from "../Settings.ts"

/** All of them, and what they share, below the data directory. */
export const rootOf = (dataDir: string) => join(dataDir, "hosted")
const planes = "control-planes"
export const directoryOf = (dataDir: string, name: string) => join(rootOf(dataDir), planes, name)

/** Of a setting that names the place of all, or already that of this one. */
const ownOf = ({ dataDir, name }: Settings) => (isOwn(dataDir, name) ? dataDir : directoryOf(dataDir, name))
const isOwn = (dataDir: string, name: string) => dataDir === directoryOf(dirname(dirname(dirname(dataDir))), name)

/** The data directory of all, of one's own. */
export const allOf = ({ dataDir }: Settings) => dirname(dirname(dirname(dataDir)))

export const files = (own: string) => ({
  record: join(own, "hosted.json"),
  seed: join(own, "store", "user.nk"),
  context: join(own, "store", "context.json"),
  /** Asks the process that runs it, and others with it, to end this one. */
  stop: join(own, "run", "stop")
})

const Record = Schema.Struct({
  apiPort: Schema.Int,
  store: Schema.optionalKey(Schema.String),
  natsContext: Schema.optionalKey(Schema.String),
  natsMonitor: Schema.optionalKey(Schema.String)
})
export type Record = typeof Record.Type
const Kept = Schema.fromJsonString(Record)
export const encode = Schema.encodeSync(Kept)

const read = Effect.fnUntraced(function* (file: string) {
  const fs = yield* FileSystem.FileSystem
  const text = yield* Effect.option(fs.readFileString(file))
  if (Option.isNone(text)) return undefined
  return yield* Effect.mapError(
    Schema.decodeEffect(Kept)(text.value),
    ({ message }) => new BadSetting({ message: `${file}, which says what the control plane is started with: ${message}` })
  )
})

/** The settings of the one that `name` names; without a name those of the only one. */
export const applied = Effect.fnUntraced(function* (settings: Settings) {
  if (settings.name === "") return settings
  const dataDir = ownOf(settings)
  const { apiPort, ...store } = (yield* read(files(dataDir).record)) ?? {}
  return {
    ...settings,
    dataDir,
    ...(apiPort !== undefined && settings.apiPort === defaults().apiPort && { apiPort }),
    ...(settings.store === "jetstream" && store)
  }
})

/** Whether its logs are on the server that all of this machine share. */
export const isShared = ({ dataDir, name, natsContext }: Settings) => name !== "" && natsContext === files(dataDir).context
