/** The tests of a real container runtime: the laws of the kubelet's contracts, and the life of Pods on it. */
import { afterAll, assert, beforeAll, describe, it } from "@effect/vitest"
import * as Alone from "./Alone.ts"
import * as Runtimes from "./Runtimes.ts"

const run = (title: string, missing: ReadonlyArray<string>, file: string, name: string, minutes: number) =>
  describe.skipIf(missing.length > 0)(
    `${title}${missing.length > 0 ? ` (this machine lacks ${missing.join(", ")})` : ""}`,
    () => {
      let result: ReturnType<typeof Alone.run> | undefined
      beforeAll(() => {
        result = Alone.run(file, [name], minutes)
      }, minutes * 60_000)
      afterAll(() => {
        result = undefined
      })
      it("holds in everything", () => {
        assert.deepStrictEqual(
          result?.lines.filter((line) => /^(BROKEN|REPAIRED)/.test(line)),
          [],
          result?.lines.join("\n")
        )
        assert.strictEqual(result?.status, 0, result?.stderr)
        assert.isAbove(result?.lines.filter((line) => line.startsWith("ok")).length ?? 0, 5)
      })
      it("leaves nothing behind", () => {
        assert.deepStrictEqual(result?.left, Alone.nothing)
      })
    }
  )

/** By the names of `Runtimes.ts`. */
export const laws = (name: string) => {
  const { missing = ["its entry"], name: title = name } = Runtimes.all[name] ?? {}
  run(`the laws, on ${title}`, missing, "Laws.ts", name, 4)
}
export const life = (name: string) => {
  const { missing = ["its entry"], name: title = name } = Runtimes.all[name] ?? {}
  run(`the life of Pods, on ${title}`, missing, "Life.ts", name, 4)
}
export const powers = (name: string) => {
  const { missing = ["its entry"], name: title = name } = Runtimes.all[name] ?? {}
  run(`what the laws leave open, on ${title}`, missing, "Powers.ts", name, 4)
}
