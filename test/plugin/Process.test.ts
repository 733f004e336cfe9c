/** What a guest in a process finds there. */
import { assert, describe, it } from "@effect/vitest"
import { delimiter } from "node:path"
import * as Process from "../../kernel/plugin/isolate/Process.ts"

describe("the environment of a process", () => {
  it("has the folders of programs, those of root and of this machine among them, and no secrets", () => {
    const { env } = Process.node({ name: "any", grants: { environment: ["LANG_OF_NOBODY"] } }, new URL(import.meta.url))
    const folders = (env["PATH"] ?? "").split(delimiter)
    assert.includeMembers(folders, [
      "/usr/sbin",
      "/usr/bin",
      ...(process.env["PATH"] ?? "").split(delimiter).filter(Boolean)
    ])
    assert.deepStrictEqual(
      Object.keys(env).filter((name) => name !== "KEELSON_DIST"),
      ["PATH"]
    )
  })
})
