/** `npm test`: installs what is missing; then types, rules of style, and every test that can run on this machine. */
import { spawnSync } from "node:child_process"
import { mkdtempSync, readFileSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join, relative } from "node:path"
import { addParts } from "./parts.mjs"
import { bundle, debianPackages, forTests, node, npmPackages, root } from "./setup.mjs"

npmPackages()
debianPackages(forTests)
addParts([
  "nats-server",
  "versitygw",
  "coredns",
  "flanneld",
  "crio",
  "pinns",
  "containerd-1.7",
  "containerd-2.1",
  "moto",
  "cloud-apis",
  "sample-device-plugin",
  "deno"
])
// The example in Go is built without a network. Where there is no Go, its tests say so.
spawnSync("go", ["mod", "download"], { cwd: join(root, "examples", "runtime-go"), stdio: "ignore", timeout: 300_000 })
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
const vitest = (name, args) => run(name, "vitest/vitest.mjs", ["run", ...args])

/** The files with a test that failed; none if something else is wrong. */
const failedFiles = (report) => {
  try {
    const { testResults } = JSON.parse(readFileSync(report, "utf8"))
    return testResults.filter(({ status }) => status === "failed").map(({ name }) => relative(root, name))
  } catch {
    return []
  }
}
/** So many may have failed of what runs beside them. */
const few = 2

/** All of them. Where few have failed, those have to pass by themselves, and it is said: a test that needs it is to be mended. */
const tests = () => {
  const folder = mkdtempSync(join(tmpdir(), "keelson-test-"))
  const report = join(folder, "report.json")
  const passed = vitest("tests", [...usual, "--reporter=default", "--reporter=json", `--outputFile.json=${report}`])
  const failed = failedFiles(report)
  rmSync(folder, { recursive: true, force: true })
  if (passed || failed.length === 0 || failed.length > few) return passed
  const isMended = vitest("those that failed, once more by themselves", failed)
  if (isMended)
    console.log(`\nfailed in the first run, whose report is above, and passed by themselves: ${failed.join(", ")}`)
  return isMended
}

const passed = [
  run("types", "typescript/bin/tsc", ["-p", "."]),
  run("style", "@biomejs/biome/bin/biome", ["check"]),
  given.length === 0 ? tests() : vitest("tests", given)
]
process.exit(passed.every(Boolean) ? 0 : 1)
