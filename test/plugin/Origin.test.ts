/** What goes wrong in a plugin is told of with the plugin's name and the line, whatever lies between. */
import * as NodeServices from "@effect/platform-node/NodeServices"
import { assert, describe, it } from "@effect/vitest"
import { Effect, FileSystem, Layer, Schedule, SubscriptionRef } from "effect"
import { join } from "node:path"
import { pathToFileURL } from "node:url"
import { transformSync } from "esbuild"
import * as Isolate from "../../kernel/plugin/Isolate.ts"
import * as Plugin from "../../kernel/plugin/Plugin.ts"
import { AdmissionPoints } from "../../plugins/admission/contracts/AdmissionPoints.ts"
import * as Far from "./Far.ts"
import * as Levels from "./Levels.ts"

/** It throws in line 8, and rejects in line 10. */
const source = `import { Effect, Layer } from "effect"
import { AdmissionPoints } from "keelson/admission/AdmissionPoints"
import * as Plugin from "keelson/kernel/plugin/Plugin"

interface Options { readonly how: "throws" | "rejects" }
const faults = {
  throws: (): never => {
    throw new Error("ouch")
  },
  rejects: () => Promise.reject(new Error("ouch"))
}
export const plugin = ({ how }: Options) => Plugin.make({
  name: "faulty",
  offers: [AdmissionPoints],
  layer: Layer.succeed(AdmissionPoints, {
    describe: () => (how === "throws" ? Effect.sync(faults.throws) : Effect.callback(() => void faults.rejects())),
    mutate: () => Effect.die("unused"),
    validate: () => Effect.die("unused")
  })
})
`
type Level = Pick<Isolate.Settings, "confinement" | "isolation" | "remote" | "runtime">

const written = Effect.fnUntraced(function* (name: string, code: string) {
  const files = yield* FileSystem.FileSystem
  const directory = yield* files.makeTempDirectoryScoped({ prefix: "keelson-faulty-" })
  yield* files.chmod(directory, 0o755)
  yield* files.writeFileString(join(directory, "keelson.json"), "{}")
  yield* files.writeFileString(join(directory, "package.json"), '{ "type": "module" }')
  yield* files.makeDirectory(join(directory, "source"))
  yield* files.writeFileString(join(directory, "source", name), code)
  return pathToFileURL(join(directory, "source", name))
}, Effect.provide(NodeServices.layer))
const plain = written("plugin.ts", source)
/** Without its types, its empty lines and its comments, and with the map that leads back. */
const compiled = Effect.suspend(() => {
  const { code, map } = transformSync(source, {
    loader: "ts",
    format: "esm",
    sourcemap: "external",
    sourcefile: "plugin.ts",
    minifyWhitespace: true
  })
  return written(
    "plugin.js",
    `${code}//# sourceMappingURL=data:application/json;base64,${Buffer.from(map).toString("base64")}`
  )
})

const at = (module: URL, how: "throws" | "rejects", level: Level) =>
  Layer.provideMerge(
    Plugin.install(
      Isolate.run({ name: "faulty", module, options: { how }, offers: [AdmissionPoints], needs: [], ...level })
    ),
    Plugin.Host.layer
  )

const near = Levels.all.map(({ how, lacks, title }) => ({ title, lacks, level: () => Effect.succeed<Level>(how) }))
const far = Far.ways.map(({ at, lacks, title }) => ({
  title,
  lacks,
  level: (module: URL) =>
    Effect.map(at({ name: "faulty", module }), ({ remote }): Level => ({ isolation: "remote", remote }))
}))

for (const { lacks, level, title } of [...near, ...far]) {
  describe.skipIf(lacks.length > 0)(title, () => {
    it.live("a call that fails says where", () =>
      Effect.gen(function* () {
        const module = yield* plain
        const settings = yield* level(module)
        const points = yield* Effect.provide(AdmissionPoints, yield* Layer.build(at(module, "throws", settings)))
        const { message } = yield* Effect.flip(points.describe())
        const who = settings.isolation === "in-process" ? "" : "#faulty"
        assert.strictEqual(message, `admission/AdmissionPoints${who} is unavailable: ouch (source/plugin.ts:8:11)`)
      }).pipe(Effect.scoped)
    )
    it.live.skipIf(title.includes("in-process"))("so does what ends it", () =>
      Effect.gen(function* () {
        const module = yield* plain
        const context = yield* Layer.build(at(module, "rejects", yield* level(module)))
        const [points, { states }] = yield* Effect.provide(Effect.all([AdmissionPoints, Plugin.Host]), context)
        yield* Effect.flip(points.describe())
        const death = Effect.map(SubscriptionRef.get(states), ([state]) => state?.lastDeath?.reason)
        const reason = yield* Effect.repeat(death, {
          schedule: Schedule.spaced("10 millis"),
          until: (found) => found !== undefined
        })
        assert.strictEqual(reason, "ouch (source/plugin.ts:10:33)")
      }).pipe(Effect.scoped)
    )
  })
}

for (const isolation of ["worker", "process"] as const) {
  it.live(`what was compiled is told of by its source, as ${isolation}`, () =>
    Effect.gen(function* () {
      const points = yield* Effect.provide(AdmissionPoints, yield* Layer.build(at(yield* compiled, "throws", { isolation })))
      assert.match((yield* Effect.flip(points.describe())).message, /: ouch \(source\/plugin\.ts:8:11\)$/)
    }).pipe(Effect.scoped)
  )
}
