/** The package as npm has it: made, installed into a folder that knows nothing of this one, and used there as its README says. */
import * as NodeServices from "@effect/platform-node/NodeServices"
import { assert, describe, it } from "@effect/vitest"
import { Effect, FileSystem, Schema } from "effect"
import { execFile } from "node:child_process"
import { createHash } from "node:crypto"
import { existsSync, globSync, readFileSync } from "node:fs"
import { dirname, join, resolve } from "node:path"
import * as Machine from "../../conformance/stage/Machine.ts"
import { left } from "../Left.ts"

const root = resolve(import.meta.dirname, "..", "..")
const lacks = Machine.lacking("npm")

const Names = Schema.Record(Schema.String, Schema.String)
const About = Schema.Struct({ dependencies: Names, devDependencies: Names })
const Lock = Schema.Struct({ packages: Schema.Record(Schema.String, Schema.Record(Schema.String, Schema.Json)) })
const lock = Schema.decodeUnknownSync(Schema.fromJsonString(Lock))(readFileSync(join(root, "package-lock.json"), "utf8"))
const own = Schema.decodeUnknownSync(About)(lock.packages[""])
const Manifest = Schema.Struct({
  version: Schema.String,
  dependencies: Names,
  peerDependencies: Names,
  bin: Names,
  exports: Schema.Record(Schema.String, Schema.NullOr(Names))
})

const run = (cwd: string, file: string, ...args: ReadonlyArray<string>) =>
  Effect.callback<string>((resume) => {
    const { HOME = "", PATH = "" } = process.env
    const env = { HOME, PATH: `${join(root, "node_modules/.bin")}:${PATH}` }
    const child = execFile(file, args, { cwd, env, timeout: 120_000 }, (error, stdout, stderr) =>
      resume(
        error === null ? Effect.succeed(stdout) : Effect.die(new Error(`${file} ${args.join(" ")}\n${stdout}${stderr}`))
      )
    )
    return Effect.sync(() => child.kill())
  })

const test = `
import { assert, it } from "@effect/vitest"
import { Effect } from "effect"
import { Pod } from "keelson/resources/core/v1"
import { TestCluster } from "keelson/testing"

it.effect("a Pod is placed by the package", () =>
  Effect.gen(function* () {
    const cluster = yield* TestCluster.make({ nodes: 2 })
    yield* cluster.load(import.meta.dirname, { isolation: "worker" })
    const spec = { containers: [{ name: "main", image: "web" }] }
    yield* cluster.client.create(Pod, { metadata: { name: "web", namespace: "default" }, spec })
    const [pod] = yield* cluster.until(Pod, (pods) => pods.some(({ status }) => status.phase === "Running"))
    assert.match(pod?.spec.nodeName ?? "", /node-[12]/)
  }), 60_000)
`

/** What npm is to lay there is what lies here, of the same versions: nothing but the package itself is new to its cache. */
const site = Effect.gen(function* () {
  const files = yield* FileSystem.FileSystem
  const place = yield* files.makeTempDirectoryScoped({ prefix: "kt-package-" })
  yield* run(root, process.execPath, "bin/package.mjs", "--without-types", "--out", place)
  const text = yield* files.readFileString(join(place, "package/package.json"))
  const made = yield* Schema.decodeUnknownEffect(Schema.fromJsonString(Manifest))(text)
  const resolved = `file:keelson-${made.version}.tgz`
  const archive = yield* files.readFile(join(place, `keelson-${made.version}.tgz`))
  const integrity = `sha512-${createHash("sha512").update(archive).digest("base64")}`
  const of = (...names: ReadonlyArray<string>) => Object.fromEntries(names.map((name) => [name, own.devDependencies[name]]))
  const about = {
    type: "module",
    dependencies: { keelson: resolved, ...made.peerDependencies },
    devDependencies: of("vitest", "@effect/vitest")
  }
  const { bin, dependencies, peerDependencies, version } = made
  const packages = {
    ...lock.packages,
    "": about,
    "node_modules/keelson": { version, resolved, integrity, dependencies, peerDependencies, bin }
  }
  yield* files.writeFileString(join(place, "package.json"), JSON.stringify(about))
  yield* files.writeFileString(join(place, "package-lock.json"), JSON.stringify({ lockfileVersion: 3, packages }))
  yield* run(place, "npm", "install", "--prefer-offline", "--ignore-scripts", "--no-audit", "--no-fund")
  return { place, made }
})

/** What its modules import of their own that is not there. */
const missing = (folder: string) =>
  globSync("{bin,kernel,plugins,adapters,conformance,testing,bench}/**/*.mjs", { cwd: folder }).flatMap((file) =>
    [...readFileSync(join(folder, file), "utf8").matchAll(/(?:from |import |import\()"(\.[^"]*)"/g)]
      .map(([, path = ""]) => join(dirname(file), path))
      .filter((path) => !existsSync(join(folder, path)))
      .map((path) => `${file} → ${path}`)
  )

describe("the package", () => {
  it.live.skipIf(lacks.length > 0)(
    `installed elsewhere it makes plugins, checks them, and runs them in a test's cluster${left(lacks)}`,
    () =>
      Effect.gen(function* () {
        const files = yield* FileSystem.FileSystem
        const { made, place } = yield* site
        for (const [name, targets] of Object.entries(made.exports)) {
          const target = targets?.["default"]
          if (target === undefined || name.includes("*")) continue
          assert.isTrue(yield* files.exists(join(place, "node_modules/keelson", target)), `${name} is ${target}`)
        }
        assert.deepStrictEqual(missing(join(place, "node_modules/keelson")), [])
        const keelson = join(place, "node_modules/.bin/keelson")
        assert.include(yield* run(place, keelson, "version"), `keelson ${made.version}`)
        yield* run(place, keelson, "plugin", "new", "scheduler-score", "lab")
        assert.include(yield* run(place, keelson, "plugin", "check", "lab"), "laws      lab keeps them, as worker")
        yield* files.writeFileString(join(place, "lab/cluster.test.ts"), test)
        assert.include(yield* run(place, join(place, "node_modules/.bin/vitest"), "run", "lab/cluster"), "1 passed")
      }).pipe(Effect.scoped, Effect.provide(NodeServices.layer)),
    180_000
  )
})
