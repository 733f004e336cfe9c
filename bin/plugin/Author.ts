/** `keelson plugin new | check`: a package as its author has it before any cluster does. */
import { Console, Effect, FileSystem, Path, Schema } from "effect"
import { spawn } from "node:child_process"
import { existsSync } from "node:fs"
import { createRequire } from "node:module"
import { join } from "node:path"
import { fileURLToPath } from "node:url"
import { root } from "../../kernel/plugin/Outside.ts"
import * as Package from "../../plugins/packages/Package.ts"

export class AuthorFailed extends Schema.TaggedError<AuthorFailed>()("AuthorFailed", { message: Schema.String }) {}
const failed = (message: string) => new AuthorFailed({ message })

const at = (path: string) => fileURLToPath(new URL(path, root))
/** Where npm has laid a package for Keelson: in Keelson's folder, or above it where that was installed as a package itself. */
const installed = (name: string) =>
  (createRequire(at("package.json")).resolve.paths(name) ?? [])
    .map((folder) => join(folder, name))
    .find((folder) => existsSync(folder))
const templates = at("plugins/packages/templates")
/** What every package has. */
const common = "common"
/** What stands in the templates for the name of the package. */
const sample = "sample-plugin"
/** Examples that are templates too: by what authors ask for. */
const examples: { readonly [template: string]: string } = {
  audit: "audit-deletions",
  authentication: "authentication-names",
  authorization: "authorization-freeze",
  cloud: "cloud-table",
  "container-service": "containers-told",
  contract: "contract-tariff",
  controller: "controller-contact",
  devices: "devices-lamps",
  dns: "dns-names",
  handover: "handover-visits",
  "image-credentials": "credentials-table",
  ingress: "ingress-maintenance",
  keys: "keys-passphrases",
  kinds: "kinds-backup",
  routes: "routes-pods",
  scheduler: "scheduler-first-fit",
  "scheduler-bind": "scheduler-bind",
  "scheduler-permit": "scheduler-permit",
  "scheduler-post-filter": "scheduler-post-filter",
  "scheduler-queue": "scheduler-queue",
  "scheduler-reserve": "scheduler-reserve",
  "service-proxy": "proxy-told",
  snapshots: "snapshots-mirrored",
  store: "store-journal",
  volumes: "volumes-memory"
}

/** Of what a package is made, in the order that it is copied, and what is its name there. */
const sourceOf = (template: string) => {
  const example = examples[template]
  return example === undefined
    ? { folder: at(`plugins/packages/templates/${template}`), name: sample }
    : { folder: at(`examples/${example}`), name: example }
}

/** What `keelson plugin new` makes. */
export const known = Effect.gen(function* () {
  const own = yield* (yield* FileSystem.FileSystem).readDirectory(templates)
  return [...own.filter((name) => name !== common), ...Object.keys(examples)].toSorted()
})

/** What an editor, the compiler and Node.js find beside the package: what its host gives it. */
const links = () => ({ keelson: at("."), effect: installed("effect"), "@types/node": installed("@types/node") })

const linked = Effect.fnUntraced(function* (directory: string) {
  const [files, paths] = [yield* FileSystem.FileSystem, yield* Path.Path]
  for (const [name, target] of Object.entries(links())) {
    const link = paths.join(directory, "node_modules", name)
    if (target === undefined || (yield* files.exists(link))) continue
    yield* files.makeDirectory(paths.dirname(link), { recursive: true })
    yield* files.symlink(target, link)
  }
})

export const create = Effect.fnUntraced(function* (contract: string, directory: string) {
  const [files, paths] = [yield* FileSystem.FileSystem, yield* Path.Path]
  const all = yield* known
  if (!all.includes(contract)) return yield* failed(`there is no template ${contract}: expected one of ${all.join(", ")}`)
  const place = paths.resolve(directory)
  const name = paths.basename(place)
  if (!/^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$/.test(name))
    return yield* failed(`${name}: a package's name is lower case letters, digits and -`)
  if (yield* files.exists(paths.join(place, "keelson.json"))) return yield* failed(`${place} is a package already`)
  yield* files.makeDirectory(place, { recursive: true })
  for (const source of [sourceOf(common), sourceOf(contract)]) {
    for (const file of yield* files.readDirectory(source.folder)) {
      const text = yield* files.readFileString(paths.join(source.folder, file))
      const to = paths.join(place, file.replace(".template", ""))
      const renamed = text.replaceAll(source.name, name)
      yield* files.writeFileString(to, renamed.replace('"version": "1.0.0"', '"version": "0.1.0"'))
    }
  }
  yield* linked(place)
  yield* Console.log(
    [
      `${place} is a package, made from the template ${contract}: its code is plugin.ts, what it says of itself keelson.json`,
      `  keelson plugin check ${directory}    # types, manifest, laws`,
      `  keelson plugin load ${directory}     # into the cluster that runs`
    ].join("\n")
  )
})

/** A program, with its output shown; its exit code. */
const ran = (program: string, args: ReadonlyArray<string>) =>
  Effect.callback<number, AuthorFailed>((resume) => {
    const child = spawn(program, args, { stdio: ["ignore", "inherit", "inherit"] })
    child.once("exit", (code) => resume(Effect.succeed(code ?? 1)))
    child.once("error", ({ message }) => resume(Effect.fail(failed(`${program} could not be started: ${message}`))))
    return Effect.sync(() => child.kill())
  })

/** `beside`: packages with contracts of their own that it needs. */
export const check = Effect.fnUntraced(function* (directory: string, beside: ReadonlyArray<string> = []) {
  const [files, paths] = [yield* FileSystem.FileSystem, yield* Path.Path]
  const place = paths.resolve(directory)
  const manifest = yield* Package.manifest(place)
  yield* Console.log(`manifest  ${manifest.name} ${manifest.version} is right`)
  const compiler = installed("typescript")
  const hasTypes = yield* files.exists(paths.join(place, "tsconfig.json"))
  if (hasTypes) yield* linked(place)
  if (!hasTypes) yield* Console.log("types     there is no tsconfig.json: not checked")
  else if (compiler === undefined) yield* Console.log("types     there is no TypeScript here: not checked")
  else if ((yield* ran(process.execPath, [paths.join(compiler, "bin/tsc"), "-p", place])) !== 0)
    return yield* failed(`${manifest.name} has mistakes`)
  else yield* Console.log("types     fit")
  const { isolation = "worker" } = manifest
  if (manifest.offers.length === 0) return yield* Console.log("laws      it offers no contract: there are none to check")
  const others = beside.map((one) => `--with=${paths.resolve(one)}`)
  const code = yield* ran(process.execPath, [at("conformance/stage/PackageMain.ts"), isolation, ...others, place])
  if (code !== 0) return yield* failed(`${manifest.name} does not keep the laws of its contract`)
  yield* Console.log(`laws      ${manifest.name} keeps them, as ${isolation}`)
})
