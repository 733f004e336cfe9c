/** The contracts as they are published: whoever keeps or calls one must hear of every change by its version. */
import { assert, describe, it } from "@effect/vitest"
import { SemVer } from "effect"
import { globSync, readFileSync } from "node:fs"
import { join, resolve } from "node:path"

import * as Command from "../../conformance/describe/Command.ts"
import * as Words from "../../conformance/describe/Words.ts"
import { contracts } from "../../conformance/Contracts.ts"
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
