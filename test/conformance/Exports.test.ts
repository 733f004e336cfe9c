/** The public API is what was published: authors' packages import it, and a change of it is made on purpose. */
import { assert, describe, it } from "@effect/vitest"
import { readFileSync } from "node:fs"
import * as Exports from "../../conformance/describe/Exports.ts"

describe("what the package lets others import", () => {
  it("is as it was published", () => {
    const [published, now] = [readFileSync(Exports.file, "utf8").split("\n"), Exports.report().split("\n")]
    const gone = published.filter((line) => !now.includes(line)).map((line) => `- ${line}`)
    const added = now.filter((line) => !published.includes(line)).map((line) => `+ ${line}`)
    assert.deepStrictEqual(
      [...gone, ...added],
      [],
      "if that is meant: `npm run conformance -- describe --exports` publishes it"
    )
  }, 120_000)
})
