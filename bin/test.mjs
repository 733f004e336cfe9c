/** `npm test`: installs what is missing; then types, rules of style, and every test that can run on this machine. */
import { spawnSync } from "node:child_process"
import { join } from "node:path"
import { addParts } from "./parts.mjs"
import { bundle, debianPackages, forTests, node, npmPackages, root } from "./setup.mjs"

npmPackages()
debianPackages(forTests)
addParts(["nats-server", "versitygw", "coredns", "flanneld", "crio", "pinns", "containerd-1.7", "containerd-2.1"])
bundle()
const env = { ...process.env, PATH: `${join(root, "node_modules", ".bin")}:${process.env.PATH}` }
const run = (name, program, args) => {
  console.log(`\n== ${name}`)
  const { status } = spawnSync(node, [join(root, "node_modules", program), ...args], { cwd: root, stdio: "inherit", env })
  return status === 0
}
const given = process.argv.slice(2)
/** Upstream's programs are nobody's to install here: `npm run interchange` tries them where they are. */
const usual = ["--project", "parts", "--project", "e2e"]
const passed = [
  run("types", "typescript/bin/tsc", ["-p", "."]),
  run("style", "@biomejs/biome/bin/biome", ["check"]),
  run("tests", "vitest/vitest.mjs", ["run", ...(given.length === 0 ? usual : given)])
]
process.exit(passed.every(Boolean) ? 0 : 1)
