/** A package on disk: its manifest, the digest of its files, and the copy of it that is run, so that nobody changes what runs. */
import { Effect, FileSystem, Path, Schema, SchemaIssue } from "effect"
import { createHash } from "node:crypto"
import { pathToFileURL } from "node:url"
import { schemaOf } from "./contracts/ConfigurationSchema.ts"
import * as Manifest from "./contracts/Manifest.ts"
import * as Dependencies from "./Dependencies.ts"
import { PackageInvalid } from "./PackageInvalid.ts"

export { PackageInvalid }
const invalid = (message: string) => new PackageInvalid({ message })

const decodeManifest = Schema.decodeUnknownEffect(Schema.fromJsonString(Manifest.Manifest), {
  errors: "all",
  onExcessProperty: "error"
})
const words = SchemaIssue.makeFormatterStandardSchemaV1()

/** Each mistake with its place, in one line. */
const mistakes = ({ issue }: Schema.SchemaError) =>
  words(issue)
    .issues.map(({ message, path = [] }) => `${path.map(String).join(".")}: ${message}`.replace(/^: /, ""))
    .join("; ")

export const manifest = Effect.fnUntraced(function* (directory: string) {
  const [files, paths] = [yield* FileSystem.FileSystem, yield* Path.Path]
  const at = paths.join(directory, Manifest.file)
  const text = yield* Effect.mapError(files.readFileString(at), () =>
    invalid(`there is no ${at}: a package is a directory with a ${Manifest.file}`)
  )
  const found = yield* Effect.mapError(decodeManifest(text), (error) => invalid(`${at}: ${mistakes(error)}`))
  const isThere = (path: string) => Effect.orElseSucceed(files.exists(paths.join(directory, path)), () => false)
  const [program = ""] = found.command ?? []
  if (found.module !== undefined && !(yield* isThere(found.module)))
    return yield* invalid(`${at}: module: there is no ${paths.join(directory, found.module)}`)
  // What has no slash is a program of the machine's.
  if (program.includes("/") && !program.startsWith("/") && !(yield* isThere(program)))
    return yield* invalid(`${at}: command: there is no ${paths.join(directory, program)}: build it first`)
  return found
})

/** What the module is called with has to be of the manifest's schema. */
export const configured = Effect.fnUntraced(function* (
  { configuration, name }: Manifest.Manifest,
  values: Schema.Json | undefined
) {
  if (configuration === undefined) {
    return values === undefined
      ? undefined
      : yield* invalid(`${name} takes no configuration: its manifest has no schema of one`)
  }
  const schema = yield* Effect.mapError(Effect.fromOption(schemaOf(configuration)), () =>
    invalid(`${name}: the configuration schema of its manifest cannot be used`)
  )
  const given = values ?? {}
  // A schema made of JSON Schema needs no service to decode, which its type does not say.
  const decoded = Schema.decodeUnknownEffect(schema)(given, { errors: "all" }) as Effect.Effect<unknown, Schema.SchemaError>
  yield* Effect.mapError(decoded, (error) => invalid(`the configuration of ${name}: ${mistakes(error)}`))
  return given
})

/** Not part of what is shipped: what is linked there is the host's. */
const left = /(^|\/)(\.git|\.keelson|node_modules\/(keelson|effect|@effect|@types|\.bin|\.cache|\.package-lock\.json))(\/|$)/

const below = Effect.fnUntraced(function* (directory: string) {
  const [files, paths] = [yield* FileSystem.FileSystem, yield* Path.Path]
  const all: Array<string> = []
  const pending = [""]
  for (let folder = pending.pop(); folder !== undefined; folder = pending.pop()) {
    for (const entry of yield* files.readDirectory(paths.join(directory, folder))) {
      const path = folder === "" ? entry : `${folder}/${entry}`
      if (left.test(path)) continue
      const { type } = yield* files.stat(paths.join(directory, path))
      if (type === "Directory") pending.push(path)
      else if (type === "File") all.push(path)
    }
  }
  return all
})

/** Another text whenever one of its files was saved; nothing is read for it. */
export const saved = Effect.fnUntraced(function* (directory: string) {
  const [files, paths] = [yield* FileSystem.FileSystem, yield* Path.Path]
  const all = yield* Effect.forEach(yield* below(directory), (path) =>
    Effect.map(files.stat(paths.join(directory, path)), ({ mtime, size }) => {
      const time = mtime._tag === "Some" ? mtime.value.getTime() : 0
      return `${path} ${time} ${size}`
    })
  )
  return all.toSorted().join("\n")
})

/** By their place in the copy: its own, and those of what npm has laid above it. */
const filesOf = Effect.fnUntraced(function* (directory: string) {
  const paths = yield* Path.Path
  const roots = [{ from: directory, to: "" }, ...(yield* Dependencies.above(directory))]
  const all = yield* Effect.forEach(roots, ({ from, to }) =>
    Effect.map(below(from), (names) => names.map((name) => ({ path: paths.join(to, name), from: paths.join(from, name) })))
  )
  return all.flat().toSorted((a, b) => (a.path < b.path ? -1 : 1))
})

/** SHA-256 over the names and contents of its files. */
export const digest = Effect.fnUntraced(
  function* (directory: string) {
    const files = yield* FileSystem.FileSystem
    const hash = createHash("sha256")
    for (const { from, path } of yield* filesOf(directory)) {
      const bytes = yield* files.readFile(from)
      hash.update(`${path}\0${bytes.length}\0`).update(bytes)
    }
    return `sha256:${hash.digest("hex")}`
  },
  Effect.mapError((error) =>
    error instanceof PackageInvalid ? error : invalid(`the package cannot be read: ${error.message}`)
  )
)

/** Where a package of this name may keep what shall outlive its versions. */
export const stateOf = (store: string, name: string) => `${store}/${name}/state`

export interface Kept {
  readonly manifest: Manifest.Manifest
  readonly digest: string
  /** Where it was found. */
  readonly source: string
  readonly directory: string
  /** Absent: it is a program. */
  readonly module?: URL
}

/** The copy of a package below `store`, made if it is not there. With a digest that was kept, the directory may be gone or changed. */
export const keep = Effect.fnUntraced(
  function* (store: string, name: string, source: { readonly path: string; readonly digest?: string }) {
    const [files, paths] = [yield* FileSystem.FileSystem, yield* Path.Path]
    const placeOf = (digest: string) => paths.join(store, name, digest.replace("sha256:", "").slice(0, 16))
    const isThere = (place: string) => Effect.orElseSucceed(files.exists(paths.join(place, Manifest.file)), () => false)
    const wanted = source.digest
    const found = wanted !== undefined && (yield* isThere(placeOf(wanted))) ? wanted : yield* digest(source.path)
    if (wanted !== undefined && found !== wanted)
      return yield* invalid(`${source.path} has another digest, ${found}: it was changed since; load it again`)
    const place = placeOf(found)
    if (!(yield* isThere(place))) {
      // Of several processes each makes its own, and the last one's stays.
      const fresh = `${place}.new-${process.pid}`
      yield* files.remove(fresh, { recursive: true, force: true })
      for (const { from, path } of yield* filesOf(source.path)) {
        yield* files.makeDirectory(paths.dirname(paths.join(fresh, path)), { recursive: true })
        yield* files.copyFile(from, paths.join(fresh, path))
      }
      // Without it Node.js has to guess what kind of modules these are.
      const about = paths.join(fresh, "package.json")
      if (!(yield* files.exists(about))) yield* files.writeFileString(about, '{ "type": "module" }\n')
      yield* Effect.catch(files.rename(fresh, place), (error) =>
        Effect.flatMap(isThere(place), (made) =>
          made ? files.remove(fresh, { recursive: true, force: true }) : Effect.fail(error)
        )
      )
    }
    const read = yield* manifest(place)
    const kept: Kept = {
      manifest: read,
      digest: found,
      source: source.path,
      directory: place,
      ...(read.module !== undefined && { module: pathToFileURL(paths.join(place, read.module)) })
    }
    return kept
  },
  Effect.mapError((error) =>
    error instanceof PackageInvalid ? error : invalid(`the package cannot be kept: ${error.message}`)
  )
)
