/** What npm has laid above a package is part of what is kept and run. */
import * as NodeServices from "@effect/platform-node/NodeServices"
import { assert, describe, it } from "@effect/vitest"
import { Effect, FileSystem, type Scope } from "effect"
import { createRequire } from "node:module"
import { dirname, join } from "node:path"
import * as Package from "../../plugins/packages/Package.ts"

interface About {
  readonly version?: string
  readonly dependencies?: { readonly [name: string]: string }
  readonly optionalDependencies?: { readonly [name: string]: string }
}

const written = Effect.fnUntraced(function* (folder: string, name: string, about: About, more: Record<string, string> = {}) {
  const files = yield* FileSystem.FileSystem
  const all = {
    "package.json": JSON.stringify({ name, version: "1.0.0", main: "index.js", ...about }),
    "index.js": "",
    ...more
  }
  for (const [file, text] of Object.entries(all)) {
    yield* files.makeDirectory(dirname(join(folder, file)), { recursive: true })
    yield* files.writeFileString(join(folder, file), text)
  }
})

const manifest = JSON.stringify({ name: "mine", version: "1.0.0", module: "index.js", offers: [] })

/** As npm lays them: `a` wants another `b` than `mine`, and has it below itself; all want `c`. */
const site = Effect.gen(function* () {
  const root = yield* (yield* FileSystem.FileSystem).makeTempDirectoryScoped({ prefix: "keelson-npm-" })
  const above = join(root, "site", "node_modules")
  yield* written(
    join(above, "mine"),
    "mine",
    { dependencies: { a: "1", b: "1", "@team/c": "1", effect: "4" }, optionalDependencies: { none: "1" } },
    { "keelson.json": manifest }
  )
  yield* written(join(above, "a"), "a", { dependencies: { b: "2" } })
  yield* written(join(above, "a", "node_modules", "b"), "b", { version: "2.0.0", dependencies: { "@team/c": "1" } })
  yield* written(join(above, "b"), "b", { dependencies: { "@team/c": "1" } })
  yield* written(join(above, "@team", "c"), "@team/c", {})
  yield* written(join(above, "stranger"), "stranger", {})
  return { root, above, mine: join(above, "mine"), store: join(root, "store") }
})

const found = (from: string, name: string) => createRequire(join(from, "index.js")).resolve(name)
const run = <A, E>(effect: Effect.Effect<A, E, FileSystem.FileSystem | Scope.Scope>) =>
  effect.pipe(Effect.scoped, Effect.provide(NodeServices.layer))

describe("the copy of a package that npm has installed", () => {
  it.effect("has what it depends on, where Node.js finds the same", () =>
    Effect.gen(function* () {
      const files = yield* FileSystem.FileSystem
      const { mine, store } = yield* site
      const { directory } = yield* Package.keep(store, "mine", { path: mine }).pipe(Effect.provide(NodeServices.layer))
      yield* files.remove(dirname(mine), { recursive: true })
      const at = (path: string) => join(directory, "node_modules", path)
      assert.strictEqual(found(directory, "a"), at("a/index.js"))
      assert.strictEqual(found(directory, "b"), at("b/index.js"))
      assert.strictEqual(found(at("a"), "b"), at("a/node_modules/b/index.js"))
      assert.strictEqual(found(at("a/node_modules/b"), "@team/c"), at("@team/c/index.js"))
      assert.isFalse(yield* files.exists(at("stranger")))
    }).pipe(run)
  )

  it.effect("is another when one of them changes, and is not made when one is missing", () =>
    Effect.gen(function* () {
      const files = yield* FileSystem.FileSystem
      const { above, mine } = yield* site
      const digest = Package.digest(mine).pipe(Effect.provide(NodeServices.layer))
      const before = yield* digest
      yield* files.writeFileString(join(above, "@team", "c", "index.js"), "exports.c = 1")
      assert.notStrictEqual(yield* digest, before)
      yield* files.remove(join(above, "b"), { recursive: true })
      const { message } = yield* Effect.flip(digest)
      assert.match(message, /mine depends on b, which is not there: `npm install` brings it/)
    }).pipe(run)
  )
})
