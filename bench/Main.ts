/**
 * `npm run bench`: every benchmark of this folder, one after another, each in a process of its own. Names of files choose some:
 * `npm run bench -- decode log`; what begins with `--`, and all behind it, is for the benchmark. A figure stands beside what a user would
 * pick instead, as a ratio; what this machine lacks is said.
 */
import { spawnSync } from "node:child_process"
import { globSync, readFileSync } from "node:fs"
import { cpus, totalmem } from "node:os"
import { basename, join } from "node:path"

/** A benchmark begins with what it is about. */
const about = /^\/\*\*\s+\* `npm run bench`, ([^:]+):/
const all = globSync("*.ts", { cwd: import.meta.dirname })
  .toSorted()
  .flatMap((file) => {
    const title = about.exec(readFileSync(join(import.meta.dirname, file), "utf8"))?.[1]
    return title === undefined ? [] : [{ file, title, name: basename(file, ".ts").toLowerCase() }]
  })

const given = process.argv.slice(2)
const flag = given.findIndex((word) => word.startsWith("--"))
const names = flag < 0 ? given : given.slice(0, flag)
const flags = given.slice(names.length)
const asked = names.map((name) => name.toLowerCase())
const unknown = asked.filter((one) => !all.some(({ name }) => name === one))
if (unknown.length > 0) {
  console.error(`bench: there is no ${unknown.join(", ")}: expected some of ${all.map(({ name }) => name).join(", ")}`)
  process.exit(1)
}

const [{ model = "an unknown processor" } = {}] = cpus()
console.log(`Node.js ${process.version}, ${cpus().length} × ${model}, ${Math.round(totalmem() / 2 ** 30)} GiB`)
const failed = all
  .filter(({ name }) => asked.length === 0 || asked.includes(name))
  .filter(({ file, title }) => {
    console.log(`\n== ${title} (bench/${file})`)
    const { status } = spawnSync(process.execPath, ["--import", "tsx", join(import.meta.dirname, file), ...flags], {
      stdio: "inherit"
    })
    return status !== 0
  })
if (failed.length > 0) console.error(`\nbench: ${failed.map(({ name }) => name).join(", ")} did not come to an end`)
process.exit(failed.length > 0 ? 1 : 0)
