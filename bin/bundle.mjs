/**
 * Bundles the program into dist/, which is what users run: one entry for the command line and one for each module that is started
 * as a thread. A module that names such a module by `new URL("./X.ts", import.meta.url)` finds its bundle instead.
 */
import { build } from "esbuild"
import { existsSync, globSync, readFileSync, renameSync, rmSync } from "node:fs"
import { dirname, join, relative, resolve } from "node:path"
import { fileURLToPath } from "node:url"

const root = dirname(dirname(fileURLToPath(import.meta.url)))
const reference = /new URL\("(\.[^"]+\.ts)", import\.meta\.url\)/g
const sources = globSync("{bin,kernel,plugins,adapters}/**/*.ts", { cwd: root }).filter(
  (file) => !file.includes("/generate/")
)
const threads = new Set(
  sources.flatMap((file) =>
    [...readFileSync(join(root, file), "utf8").matchAll(reference)].map(([, path]) => resolve(root, dirname(file), path))
  )
)

/** Every output lies at its source's path below dist/, but shared chunks do not: so paths are told from dist/ itself. */
const urls = {
  name: "thread modules",
  setup: ({ onLoad }) =>
    onLoad({ filter: /\/(bin|kernel|plugins|adapters)\/.*\.ts$/ }, ({ path }) => ({
      loader: "ts",
      contents: readFileSync(path, "utf8").replace(reference, (_, to) => {
        const target = relative(root, resolve(dirname(path), to)).replace(/\.ts$/, ".js")
        return `new URL(${JSON.stringify(target)}, "file://" + process.env.KEELSON_DIST + "/")`
      })
    }))
}

/** Built aside and put in place whole, so that who starts meanwhile finds the old one or the new one. */
const [fresh, old, dist] = [`dist.new-${process.pid}`, `dist.old-${process.pid}`, "dist"].map((name) => join(root, name))
await build({
  absWorkingDir: root,
  entryPoints: ["bin/Main.ts", "bin/KubeApiserver.ts", ...[...threads].map((file) => relative(root, file))],
  outdir: fresh,
  outbase: ".",
  bundle: true,
  splitting: true,
  chunkNames: "chunks/[name]-[hash]",
  format: "esm",
  platform: "node",
  target: "node24",
  sourcemap: true,
  logLevel: "warning",
  plugins: [urls],
  // The SDKs of clouds stay where they are installed: they are large, and read only where their cloud is.
  external: ["cbor-extract", "@aws-sdk/*", "@smithy/*", "@azure/*", "@googleapis/*", "google-auth-library"],
  // CommonJS dependencies ask for `require`, which a module does not have.
  banner: {
    js: `import { createRequire as __createRequire } from "node:module"; const require = __createRequire(import.meta.url);`
  }
})
if (existsSync(dist)) renameSync(dist, old)
renameSync(fresh, dist)
rmSync(old, { recursive: true, force: true })
