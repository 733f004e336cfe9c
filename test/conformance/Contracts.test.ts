/** The contracts as they are published: whoever keeps or calls one must hear of every change by its version. */
import { assert, describe, it } from "@effect/vitest"
import { SemVer } from "effect"
import { existsSync, globSync, readFileSync } from "node:fs"
import { join, resolve } from "node:path"

import * as Command from "../../conformance/describe/Command.ts"
import * as Words from "../../conformance/describe/Words.ts"
import { contracts } from "../../conformance/Contracts.ts"
import * as Overview from "../../conformance/describe/Overview.ts"
import * as Description from "../../kernel/plugin/Description.ts"

const root = resolve(import.meta.dirname, "..", "..")
const published = new Map(
  readFileSync(Command.file, "utf8")
    .split("\n\n\n")
    .map((page) => page.trim())
    .map((page) => [page.split(" ")[0] ?? "", page])
)

describe("the contracts", () => {
  it("are all described", () => {
    const sources = globSync("{kernel,plugins}/**/*.ts", { cwd: root }).map((file) => readFileSync(join(root, file), "utf8"))
    const keys = sources.flatMap((text) =>
      [...text.matchAll(/extends Contract\.make<\w+>\(\)\(\s*"([^"]+)"/g)].map(([, key = ""]) => key)
    )
    assert.deepStrictEqual(contracts.map(({ key }) => key).toSorted(), keys.toSorted())
  })

  it.each(contracts.map((contract) => [contract.key, contract] as const))("%s is as it was published", (key, contract) => {
    const before = published.get(key) ?? ""
    const now = Words.page(contract).trim()
    const version = before.split("\n")[0]?.split(" ")[1] ?? ""
    if (before === now) return
    const isNewer = version === "" || SemVer.Order(SemVer.parseUnsafe(contract.version), SemVer.parseUnsafe(version)) > 0
    assert.isTrue(isNewer, `${key} is another than was published as ${version}: raise its version`)
    assert.strictEqual(now, before, "`npm run conformance -- describe --write` publishes it")
  })

  it("have a description for other languages whose references lead somewhere", () => {
    for (const contract of contracts) {
      const text = JSON.stringify(Description.describe(contract))
      const asked = [...text.matchAll(/"#\/\$defs\/([^"]+)"/g)].map(([, name = ""]) => name)
      const there = Object.keys(Description.describe(contract).$defs)
      assert.deepStrictEqual(
        asked.filter((name) => !there.includes(name)),
        []
      )
    }
  })
})

/** Contracts that no package in `examples/` keeps: why, or what shows how it is done. */
const withoutExample: { readonly [key: string]: string } = {
  "kernel/Api": "it is given to plugins, and the server keeps it",
  ...Object.fromEntries(
    ["ContainerRuntime", "Events", "Exec", "Images", "Logs", "Stats"].map((name) => [
      `kubelet/${name}`,
      "examples/runtime-go keeps it, and has to be built"
    ])
  )
}

describe("the table of the contracts", () => {
  const table = readFileSync(Overview.file, "utf8")
  const rows = Overview.rows()

  it.each(rows.map((row) => [row.contract.key, row] as const))("has %s, with all that belongs to it", (key, row) => {
    const line = table.split("\n").find((one) => one.startsWith(`| [${key}]`)) ?? ""
    assert.include(
      line,
      `| ${row.contract.version} |`,
      "`npm run conformance -- describe --write` brings the table up to date"
    )
    const links = Array.from(line.matchAll(/\]\(([^)]+)\)/g), ([, path = ""]) => join(root, "conformance", path))
    for (const path of [...links, join(root, row.checks)]) assert.isTrue(existsSync(path), `there is no ${path}`)
    const [name = ""] = key.split("/").slice(-1)
    assert.include(readFileSync(join(root, row.readme), "utf8"), name, `${row.readme} does not name it`)
    assert.isTrue(row.examples.length > 0 || key in withoutExample, `${key} wants a package in examples/`)
  })
})
