/** What authors begin with: every template makes a package that has no mistakes, and every example is short; both keep the laws of what they offer. */
import * as NodeServices from "@effect/platform-node/NodeServices"
import { assert, describe, it } from "@effect/vitest"
import { Effect, FileSystem } from "effect"
import { execFile } from "node:child_process"
import { globSync, readFileSync } from "node:fs"
import { dirname, join, resolve } from "node:path"
import * as Author from "../../bin/plugin/Author.ts"
import * as Suites from "../../conformance/stage/Suites.ts"
import type { Manifest } from "../../plugins/packages/contracts/Manifest.ts"
import * as Package from "../../plugins/packages/Package.ts"

const root = resolve(import.meta.dirname, "..", "..")
const examples = globSync(join(root, "examples/*/keelson.json")).map(dirname).toSorted()
const mostLines = 60

/** Programs have to be built first, and some checks take a machine of their own: these are run by tests of those. */
const isChecked = ({ contracts = [], module, offers }: Manifest) => {
  const own = contracts.map(({ contract }) => contract)
  return (
    module !== undefined && offers.every(({ contract }) => own.includes(contract) || Suites.find(contract) !== undefined)
  )
}

/** What a program has said, and whether it ended well. */
const ran = (...args: ReadonlyArray<string>) =>
  Effect.callback<{ readonly isWell: boolean; readonly said: string }>((resume) => {
    const child = execFile(process.execPath, args, (error, stdout, stderr) =>
      resume(Effect.succeed({ isWell: error === null, said: `${stdout}${stderr}` }))
    )
    return Effect.sync(() => child.kill())
  })

/** In one process, and before in one go of the compiler, for all of them: what they import is read only once. */
const compiles = (folder: string) =>
  Effect.map(ran(join(root, "node_modules/.bin/tsc"), "-p", folder), ({ said }) => assert.strictEqual(said, ""))
const keepLaws = (directories: ReadonlyArray<string>) =>
  Effect.map(ran(join(root, "conformance/stage/PackageMain.ts"), "in-process", ...directories), ({ isWell, said }) => {
    assert.isTrue(isWell, said)
    for (const directory of directories) assert.include(said, `${directory}\n✓ `)
  })

describe("packages that authors begin with", () => {
  it.live(
    "`keelson plugin new` makes one of every template, without mistakes, that keeps its laws",
    () =>
      Effect.gen(function* () {
        const files = yield* FileSystem.FileSystem
        const templates = yield* Author.known
        const home = yield* files.makeTempDirectoryScoped({ prefix: "keelson-templates-" })
        const placeOf = (name: string) => join(home, `my-${name}`)
        for (const name of templates) yield* Author.create(name, placeOf(name))
        const config = JSON.parse(yield* files.readFileString(join(placeOf("admission"), "tsconfig.json")))
        const compilerOptions = { ...config.compilerOptions, typeRoots: [join(root, "node_modules/@types")] }
        yield* files.writeFileString(
          join(home, "tsconfig.json"),
          JSON.stringify({ compilerOptions, include: ["my-*/*.ts"] })
        )
        yield* compiles(home)
        const manifests = yield* Effect.forEach(templates, (name) => Package.manifest(placeOf(name)))
        assert.deepStrictEqual(
          manifests.map(({ name }) => name),
          templates.map((name) => `my-${name}`)
        )
        yield* keepLaws(manifests.filter(isChecked).map(({ name }) => join(home, name)))
      }).pipe(Effect.scoped, Effect.provide(NodeServices.layer)),
    180_000
  )

  it.live(
    "examples are short, and keep their laws",
    () =>
      Effect.gen(function* () {
        const all = yield* Effect.forEach(examples, (directory) =>
          Effect.map(Package.manifest(directory), (manifest) => ({ directory, manifest }))
        )
        for (const { directory, manifest } of all) {
          if (manifest.module === undefined) continue
          const lines = readFileSync(join(directory, manifest.module), "utf8").trimEnd().split("\n")
          assert.isBelow(lines.length, mostLines, manifest.name)
        }
        yield* keepLaws(all.filter(({ manifest }) => isChecked(manifest)).map(({ directory }) => directory))
      }).pipe(Effect.provide(NodeServices.layer)),
    120_000
  )
})
