/**
 * `npm run package`: the project as npm publishes it, `dist/keelson-VERSION.tgz`. Node.js reads no TypeScript below `node_modules`, so each
 * module is JavaScript there, with its source map and its declarations. In a clone the sources are read as they are.
 * `--without-types` leaves the declarations out, which take the compiler a minute or two.
 */
import { execFileSync } from "node:child_process"
import { build } from "esbuild"
import { cpSync, existsSync, globSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs"
import { dirname, join, relative, resolve } from "node:path"
import { fileURLToPath } from "node:url"
import { parseArgs } from "node:util"

const root = dirname(dirname(fileURLToPath(import.meta.url)))
const { values } = parseArgs({
  options: { out: { type: "string", default: join(root, "dist") }, "without-types": { type: "boolean", default: false } }
})
const out = resolve(values.out)
const place = join(out, "package")

/** What an author copies stays as it was written, and who generates code or builds the project has its sources. */
const isModule = (file) => !/\/(generate|templates)\//.test(file)
const folders = "{bin,kernel,plugins,adapters,conformance,testing}"
const sources = [
  ...globSync(`${folders}/**/*.ts`, { cwd: root }).filter(isModule),
  // What starts a real kube-apiserver, for those who compare with it.
  ...["Children", "Delayed", "Etcd", "KubeApiserver"].map((name) => `bench/store/${name}.ts`)
]
const asTheyAre = [
  ...["LICENSE", "README.md", "bin/keelson", "bin/launch.mjs", "bin/process.json", "bin/envtest"],
  ...["conformance/service-proxy/Peer.mjs", "plugins/packages/templates", "examples"],
  ...globSync("{kernel,plugins,adapters,conformance,testing}/**/README.md", { cwd: root }),
  ...globSync("adapters/**/generated/*.json", { cwd: root })
]

/** Modules are named by paths that begin with a dot, or with a folder of the project. */
const named = /(["'])((?:\.{1,2}|bin|kernel|plugins|adapters|conformance|testing)\/[^"'*\n]+)\.ts\1/g
const compiled = (text, from, ending) =>
  text.replace(named, (found, quote, path) => {
    const source = `${path}.ts`
    const isThere = [dirname(join(root, from)), root].some((folder) => existsSync(join(folder, source)))
    return isThere ? `${quote}${path}${ending}${quote}` : found
  })
const read = (file) => readFileSync(join(root, file), "utf8")

const modules = () =>
  build({
    absWorkingDir: root,
    entryPoints: sources,
    outdir: place,
    outbase: ".",
    // Of a `.js` Node.js reads the package.json each time to know what kind of module it is: a fifth of the time of all imports.
    outExtension: { ".js": ".mjs" },
    format: "esm",
    platform: "node",
    target: "node24",
    sourcemap: true,
    logLevel: "warning",
    plugins: [
      {
        name: "names of modules",
        setup: ({ onLoad }) =>
          onLoad({ filter: /\.ts$/ }, ({ path }) => {
            const file = relative(root, path)
            return { loader: "ts", contents: compiled(read(file), file, ".mjs") }
          })
      }
    ]
  })

const about = JSON.parse(read("package.json"))
const targets = (ending) => (target) => target?.replace(/\.ts$/, ending) ?? null
const exportsOf = Object.fromEntries(
  Object.entries(about.exports).map(([name, target]) => [
    name,
    target === null ? null : { types: targets(".d.ts")(target), default: targets(".mjs")(target) }
  ])
)

/** Of what can be imported, and of what that names. */
const declarations = () => {
  const hidden = Object.entries(about.exports).filter(([, target]) => target === null)
  const isHidden = (file) => hidden.some(([name]) => file.startsWith(name.slice(2).replace(/\*$/, "")))
  const files = Object.values(about.exports)
    .filter((target) => target !== null)
    .flatMap((target) => globSync(target.replace("*", "**/*"), { cwd: root }))
    .filter((file) => isModule(file) && !isHidden(file))
  const config = join(root, `tsconfig.package-${process.pid}.json`)
  const compilerOptions = { noEmit: false, emitDeclarationOnly: true, declaration: true, rootDir: ".", outDir: place }
  writeFileSync(config, JSON.stringify({ extends: "./tsconfig.json", files, include: [], compilerOptions }))
  try {
    execFileSync(process.execPath, [join(root, "node_modules/typescript/bin/tsc"), "-p", config], { stdio: "inherit" })
  } finally {
    rmSync(config)
  }
  for (const file of globSync("**/*.d.ts", { cwd: place })) {
    const at = join(place, file)
    writeFileSync(at, compiled(readFileSync(at, "utf8"), file, ".js"))
  }
}

/** A program's Effect and its cluster's have to be one. Node.js is there already: whoever runs npm has it. */
const { effect, node: _, ...dependencies } = about.dependencies
const { allowScripts: _scripts, devDependencies: _dev, private: _private, scripts: _run, ...rest } = about
const manifest = { ...rest, exports: exportsOf, dependencies, peerDependencies: { effect } }

rmSync(place, { recursive: true, force: true })
mkdirSync(place, { recursive: true })
await modules()
if (!values["without-types"]) declarations()
for (const file of asTheyAre) cpSync(join(root, file), join(place, file), { recursive: true })
writeFileSync(join(place, "package.json"), `${JSON.stringify(manifest, undefined, 2)}\n`)
execFileSync("npm", ["pack", place, "--pack-destination", out, "--loglevel=error"], { stdio: "inherit" })
