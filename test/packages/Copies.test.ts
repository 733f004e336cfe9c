/** Copies of Effect: a package that has bundled one is refused with that reason; in a server's bundle all packages share one, which the server's own never meets. */
import * as NodeServices from "@effect/platform-node/NodeServices"
import { assert, describe, it } from "@effect/vitest"
import { Effect, FileSystem } from "effect"
import { build } from "esbuild"
import { execFile } from "node:child_process"
import { join, resolve } from "node:path"
import { pathToFileURL } from "node:url"
import * as Isolate from "../../kernel/plugin/Isolate.ts"
import * as Plugin from "../../kernel/plugin/Plugin.ts"
import { Prices } from "./Prices.ts"

const root = resolve(import.meta.dirname, "..", "..")
const bundled = (entry: string, outfile: string) =>
  Effect.promise(() =>
    build({
      ...{
        absWorkingDir: root,
        entryPoints: [entry],
        outfile,
        bundle: true,
        format: "esm",
        platform: "node",
        logLevel: "error"
      },
      // CommonJS dependencies ask for `require`.
      banner: {
        js: 'import { createRequire as __createRequire } from "node:module"; const require = __createRequire(import.meta.url);'
      },
      nodePaths: [join(root, "node_modules")],
      external: ["cbor-extract"]
    })
  )
const folder = Effect.flatMap(FileSystem.FileSystem, (files) => files.makeTempDirectoryScoped({ prefix: "keelson-copies-" }))

/** A program with a host of plugins, as a server's bundle is one; the plugin looks at the class of what it was failed with. */
const program = `
import { Effect, Layer } from "effect"
import * as Contract from "${root}/kernel/plugin/Contract.ts"
import * as Isolate from "${root}/kernel/plugin/Isolate.ts"
import { Main } from "${root}/kernel/plugin/isolate/Settings.ts"
import * as Outside from "${root}/kernel/plugin/Outside.ts"
import * as Plugin from "${root}/kernel/plugin/Plugin.ts"
import { Prices } from "${root}/test/packages/Prices.ts"
class Source extends Contract.make()("acme/Source", { version: "1.0.0", laws: {} },
  Contract.method("ask", { doc: "Never answers.", errors: [] })) {}
const run = Effect.gen(function* () {
  const host = yield* Plugin.Host
  const none = Effect.fail(new Contract.Unavailable({ contract: "acme/Source", applied: "no", cause: "none" }))
  const plugin = Isolate.run({ name: "shop", module: new URL(process.argv[2]), offers: [Prices], needs: [Source], isolation: "in-process" })
  const context = yield* Effect.provide(host.start(plugin), Layer.succeed(Source, { ask: () => none }))
  const price = yield* host.handle(Prices).price()
  yield* host.stop(plugin)
  return Outside.isBundled + " " + price
})
const guest = new URL("kernel/plugin/isolate/GuestMain.ts", Outside.root)
console.log(await Effect.runPromise(run.pipe(Effect.provide(Plugin.Host.layer), Effect.provideService(Main, guest))))
`
const shop = `
import { Effect, Layer, Schema } from "effect"
import * as Contract from "keelson/kernel/plugin/Contract"
import * as Plugin from "keelson/kernel/plugin/Plugin"
class Source extends Contract.make()("acme/Source", { version: "1.0.0", laws: {} },
  Contract.method("ask", { doc: "Never answers.", errors: [] })) {}
class Prices extends Contract.make()("acme/Prices", { version: "1.1.0", laws: {} },
  Contract.method("price", { doc: "What anything costs.", success: Schema.Int, errors: [] })) {}
export const plugin = Plugin.make({
  name: "shop", offers: [Prices], needs: [Source],
  layer: Layer.effect(Prices, Effect.map(Source, (source) => ({
    price: () => Effect.map(Effect.flip(source.ask()), (error) => error instanceof Contract.Unavailable ? 42 : 0)
  })))
})
`

describe("copies of Effect", () => {
  it.live(
    "a package that has bundled one is refused, and told what to do",
    () =>
      Effect.gen(function* () {
        const host = yield* Plugin.Host
        const outfile = join(yield* folder, "plugin.mjs")
        yield* bundled("test/packages/Prices.ts", outfile)
        for (const isolation of ["in-process", "worker"] as const) {
          const about = {
            name: "prices",
            module: pathToFileURL(outfile),
            options: { price: 3 },
            needs: [],
            isolation
          } as const
          const { message } = yield* Effect.flip(host.start(Isolate.run({ ...about, offers: [Prices] })))
          assert.include(
            message,
            "it brings an Effect of its own: leave `effect`, `@effect/*` and `keelson` out of its bundle"
          )
        }
      }).pipe(Effect.scoped, Effect.provide(Plugin.Host.layer), Effect.provide(NodeServices.layer)),
    120_000
  )

  it.live(
    "one in-process in a bundle knows the classes of what it is told",
    () =>
      Effect.gen(function* () {
        const files = yield* FileSystem.FileSystem
        const home = yield* folder
        const [entry, dist, module] = [join(home, "Program.ts"), join(home, "project", "dist"), join(home, "shop.ts")]
        yield* files.writeFileString(entry, program)
        yield* files.writeFileString(module, shop)
        yield* files.writeFileString(join(home, "package.json"), '{ "type": "module" }')
        // The project's folder is the one above its bundle.
        yield* files.makeDirectory(dist, { recursive: true })
        for (const part of ["kernel", "plugins", "test", "node_modules", "package.json"])
          yield* files.symlink(join(root, part), join(home, "project", part))
        yield* bundled(entry, join(dist, "Program.mjs"))
        const said = yield* Effect.callback<string>((resume) => {
          const env = { ...process.env, KEELSON_DIST: dist }
          const args = [join(dist, "Program.mjs"), pathToFileURL(module).href]
          const child = execFile(process.execPath, args, { env }, (_, out, error) =>
            resume(Effect.succeed(`${out}${error}`.trim()))
          )
          return Effect.sync(() => child.kill())
        })
        assert.strictEqual(said, "true 42")
      }).pipe(Effect.scoped, Effect.provide(NodeServices.layer)),
    120_000
  )
})
