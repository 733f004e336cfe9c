/**
 * Starts one of our programs on the Node.js that the project brings, whichever the machine has. Plain JavaScript without
 * dependencies, because it runs before they are there.
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

/** `name` of `bin/<name>.ts`, with the arguments of this process or others. */
export const launch = (name, args = process.argv.slice(2)) => {
  const node = join(root, "node_modules", ".bin", "node")
  const bundle = join(root, "dist", "bin", `${name}.js`)
  if (!existsSync(node)) {
    console.error(
      `keelson: the npm packages are not installed: run \`npm install\` (or \`npm start\`, which does it) in ${root}`
    )
    process.exit(1)
  }
  const program =
    existsSync(bundle) && process.env.KEELSON_SOURCE === undefined
      ? [...flags, bundle]
      : [
          "--enable-source-maps",
          "--import",
          join(root, "node_modules", "tsx", "dist", "loader.mjs"),
          join(root, "bin", `${name}.ts`)
        ]
  const cache = join(root, "node_modules", ".cache", "v8")
  const env = { ...variables, ...process.env, KEELSON_DIST: join(root, "dist"), NODE_COMPILE_CACHE: cache }
  const child = spawn(node, [...program, ...args], { stdio: "inherit", env })
  // The terminal sends its signals to both; this one only waits.
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"]) process.on(signal, () => child.kill(signal))
  child.on("exit", (code, signal) => process.exit(code ?? (signal === "SIGINT" ? 130 : 1)))
}
