/** The laws of `NetworkAttachment` and `NetworkConfiguration` on a node of a Flannel network. */
import { assert, beforeAll, describe, it } from "@effect/vitest"
import * as Inside from "../network/Inside.ts"

const missing = Inside.missing()

describe.skipIf(missing.length > 0)(
  `a node of a Flannel network${missing.length > 0 ? ` (this machine lacks ${missing.join(", ")})` : ""}`,
  () => {
    let result: ReturnType<typeof Inside.run> | undefined
    beforeAll(() => {
      result = Inside.run("../flannel/FlannelNode.ts", 4)
    }, 240_000)
    it("holds in everything", () => {
      const broken = result?.lines.filter((line) => /^(BROKEN|REPAIRED)/.test(line))
      assert.deepStrictEqual(broken, [], result?.lines.join("\n"))
      assert.strictEqual(result?.stderr, "")
      assert.strictEqual(result?.status, 0)
      assert.isAbove(result?.lines.filter((line) => line.startsWith("ok")).length ?? 0, 30)
    })
    it("leaves nothing behind", () => {
      assert.deepStrictEqual(result?.left, Inside.nothing)
    })
  }
)
