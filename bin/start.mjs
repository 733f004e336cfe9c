/** `npm start`: installs what is missing, and brings up a working cluster with a small application in it. */
import { spawn } from "node:child_process"
import { join } from "node:path"
import { bundle, debianPackages, npmPackages, root } from "./setup.mjs"

npmPackages()
debianPackages()
bundle()
const child = spawn(process.execPath, [join(root, "bin", "keelson"), "up", "--hello", ...process.argv.slice(2)], {
  stdio: "inherit"
})
// The terminal sends Ctrl-C to both; this one only waits for the cluster to take leave.
process.on("SIGINT", () => undefined)
for (const signal of ["SIGTERM", "SIGHUP"]) process.on(signal, () => child.kill("SIGTERM"))
child.on("exit", (code) => process.exit(code ?? 1))
