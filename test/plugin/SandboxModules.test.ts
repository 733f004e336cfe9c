/** Which files a sandbox sees of Keelson and of the package that it runs. */
import * as NodeFileSystem from "@effect/platform-node/NodeFileSystem"
import { assert, it } from "@effect/vitest"
import { Effect, FileSystem } from "effect"
import { fileURLToPath } from "node:url"
import * as Sandbox from "../../kernel/plugin/isolate/Sandbox.ts"

const main = fileURLToPath(new URL("../../kernel/plugin/isolate/GuestMain.ts", import.meta.url))

// A folder is laid into the sandbox to be read: nothing can be laid into that any more.
it.effect("a package's own node_modules come with its folder, and are not laid into it", () =>
  Effect.gen(function* () {
    const files = yield* FileSystem.FileSystem
    const own = yield* files.realPath(yield* files.makeTempDirectoryScoped({ prefix: "kt-sandbox-" }))
    yield* files.makeDirectory(`${own}/node_modules/keelson`, { recursive: true })
    for (const file of ["keelson.json", "package.json", "plugin.ts"]) yield* files.writeFileString(`${own}/${file}`, "{}")
    const seen = Sandbox.modules(main, `${own}/plugin.ts`)
    assert.deepStrictEqual(
      seen.filter((path) => path.startsWith(own)),
      [own]
    )
  }).pipe(Effect.scoped, Effect.provide(NodeFileSystem.layer))
)
