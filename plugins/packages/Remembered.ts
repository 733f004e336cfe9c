/** Which version of a package that a setting names took its place: it is started in its place also the next time, before there are objects. */
import { Effect, FileSystem, Option, Schema } from "effect"

const Text = Schema.String
const Version = Schema.Struct({ named: Text, path: Text, digest: Text })
const Stored = Schema.fromJsonString(Version)

const fileOf = (store: string, name: string) => `${store}/${name}/version.json`

/** Nothing, if the setting names another directory by now. */
export const read = Effect.fnUntraced(function* (store: string, name: string, named: string) {
  const files = yield* FileSystem.FileSystem
  const text = yield* Effect.option(files.readFileString(fileOf(store, name)))
  const found = Option.flatMap(text, Schema.decodeUnknownOption(Stored))
  return found._tag === "Some" && found.value.named === named ? found.value : undefined
})

export const write = Effect.fnUntraced(function* (store: string, name: string, version: typeof Version.Type) {
  const files = yield* FileSystem.FileSystem
  const [file, text] = [fileOf(store, name), Schema.encodeSync(Stored)(version)]
  yield* files.writeFileString(`${file}.new`, text)
  yield* files.rename(`${file}.new`, file)
})
