/**
 * Starts one of our programs on the Node.js that the project brings, whichever the machine has; where npm has installed Keelson as a
 * package, on the one that runs this. Plain JavaScript without dependencies, because it runs before they are there.
 */
import { spawn } from "node:child_process"
import { existsSync, readFileSync } from "node:fs"
import { dirname, join } from "node:path"
import { fileURLToPath } from "node:url"

const root = dirname(dirname(fileURLToPath(import.meta.url)))

/**
 * How the bundle is run, by this and by `npm run bench`: V8 and malloc are kept from leaving lie what they could use again, and source
 * maps, which take 30 MiB of every process as soon as one error tells where it comes from, are left out: functions keep their names.
 */
const { env: variables, flags } = JSON.parse(readFileSync(join(root, "bin", "process.json"), "utf8"))

const fail = (message) => {
  console.error(`keelson: ${message}`)
  process.exit(1)
}

/** Of the project: its bundle, or its sources. */
const ofProject = (name) => {
  const node = join(root, "node_modules", ".bin", "node")
  const bundle = join(root, "dist", "bin", `${name}.js`)
  if (!existsSync(node))
    fail(`the npm packages are not installed: run \`npm install\` (or \`npm start\`, which does it) in ${root}`)
  if (existsSync(bundle) && process.env.KEELSON_SOURCE === undefined) return [node, ...flags, bundle]
  const tsx = join(root, "node_modules", "tsx", "dist", "loader.mjs")
  return [node, "--enable-source-maps", "--import", tsx, join(root, "bin", `${name}.ts`)]
}

/** Of the package, as `npm run package` makes it. */
const ofPackage = (file) => {
  const [major] = process.versions.node.split(".")
  if (Number(major) < 24) fail(`Node.js 24 or newer is needed; this is ${process.versions.node}`)
  return [process.execPath, ...flags, file]
}

/** `name` of `bin/<name>.ts`, with the arguments of this process or others. */
export const launch = (name, args = process.argv.slice(2)) => {
  const compiled = join(root, "bin", `${name}.mjs`)
  const [node, ...program] = existsSync(compiled) ? ofPackage(compiled) : ofProject(name)
  const cache = join(root, "node_modules", ".cache", "v8")
  const env = { ...variables, ...process.env, KEELSON_DIST: join(root, "dist"), NODE_COMPILE_CACHE: cache }
  const child = spawn(node, [...program, ...args], { stdio: "inherit", env })
  // The terminal sends its signals to both; this one only waits.
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"]) process.on(signal, () => child.kill(signal))
  child.on("exit", (code, signal) => process.exit(code ?? (signal === "SIGINT" ? 130 : 1)))
}
