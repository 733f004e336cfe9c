/**
 * The npm packages that a plugin's package depends on and that npm has laid beside it, above its directory: they are part of what is run,
 * and lie in the copy where Node.js finds the same ones.
 */
import { Effect, FileSystem, Path, Schema } from "effect"
import { PackageInvalid } from "./PackageInvalid.ts"

const About = Schema.fromJsonString(
  Schema.Struct({
    dependencies: Schema.optionalKey(Schema.Record(Schema.String, Schema.String)),
    optionalDependencies: Schema.optionalKey(Schema.Record(Schema.String, Schema.String))
  })
)
const decode = Schema.decodeUnknownEffect(About)
const file = "package.json"

/** What the host gives to all. */
const isShared = (name: string) => name === "keelson" || name === "effect" || name.startsWith("@effect/")

export interface Dependency {
  readonly from: string
  /** Its folder in the copy, below the package's. */
  readonly to: string
}

/** By way of Node.js: in the `node_modules` of the folder, or of one above it. */
const found = Effect.fnUntraced(function* (from: string, name: string) {
  const [files, paths] = [yield* FileSystem.FileSystem, yield* Path.Path]
  for (let folder = from; ; folder = paths.dirname(folder)) {
    const place = paths.join(folder, "node_modules", name)
    if (yield* Effect.orElseSucceed(files.exists(paths.join(place, file)), () => false)) return yield* files.realPath(place)
    if (folder === paths.dirname(folder)) return undefined
  }
})

const wantedBy = Effect.fnUntraced(function* (folder: string) {
  const [files, paths] = [yield* FileSystem.FileSystem, yield* Path.Path]
  const at = paths.join(folder, file)
  if (!(yield* files.exists(at))) return []
  const { dependencies = {}, optionalDependencies = {} } = yield* Effect.mapError(
    Effect.flatMap(files.readFileString(at), decode),
    ({ message }) => new PackageInvalid({ message: `${at}: ${message}` })
  )
  const names = Object.keys({ ...dependencies, ...optionalDependencies }).filter((name) => !isShared(name))
  return names.map((name) => ({ name, isOptional: name in optionalDependencies }))
})

/** What lies in a folder that is copied is copied with it; what that wants may lie above all the same. */
export const above = Effect.fnUntraced(function* (directory: string) {
  const [files, paths] = [yield* FileSystem.FileSystem, yield* Path.Path]
  const root: Dependency = { from: yield* files.realPath(directory), to: "" }
  const copied: Array<Dependency> = [root]
  const places = new Map<string, string>()
  const placeOf = (name: string, from: string, wanting: Dependency): Dependency => {
    const within = copied.find((one) => from.startsWith(`${one.from}/`))
    if (within !== undefined) return { from, to: paths.join(within.to, paths.relative(within.from, from)) }
    const top = `node_modules/${name}`
    // Another version of it may have the place: then this one lies with who wants it.
    const to = (places.get(top) ?? from) === from ? top : paths.join(wanting.to, top)
    if (!copied.some((one) => one.from === from && one.to === to)) copied.push({ from, to })
    places.set(to, from)
    return { from, to }
  }
  const seen = new Set<string>()
  const pending = [root]
  // Its own come first, and get their places first.
  for (let one = pending.shift(); one !== undefined; one = pending.shift()) {
    if (seen.has(one.to)) continue
    seen.add(one.to)
    for (const { isOptional, name } of yield* wantedBy(one.from)) {
      const from = yield* found(one.from, name)
      if (from !== undefined) pending.push(placeOf(name, from, one))
      else if (!isOptional)
        return yield* new PackageInvalid({
          message: `${one.from} depends on ${name}, which is not there: \`npm install\` brings it`
        })
    }
  }
  return copied.slice(1)
})
