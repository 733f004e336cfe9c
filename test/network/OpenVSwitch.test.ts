/** The laws of `NetworkAttachment` and `NetworkConfiguration` on a real Open vSwitch, and its life: killed, found again, taken back. */
import { assert, beforeAll, describe, it } from "@effect/vitest"
import * as Daemons from "../../adapters/cni/openvswitch/Daemons.ts"
import * as Inside from "./Inside.ts"

const missing = [...Inside.missing(), ...Daemons.missing()]

describe.skipIf(missing.length > 0)(
  `Open vSwitch${missing.length > 0 ? ` (this machine lacks ${missing.join(", ")})` : ""}`,
  () => {
    let result: ReturnType<typeof Inside.run> | undefined
    beforeAll(() => {
      result = Inside.run("./OpenVSwitchNode.ts", 4)
    }, 240_000)
    it("holds in everything", () => {
      const broken = result?.lines.filter((line) => /^(BROKEN|REPAIRED)/.test(line))
      assert.deepStrictEqual(broken, [], result?.lines.join("\n"))
      assert.strictEqual(result?.stderr, "")
      assert.isAbove(result?.lines.filter((line) => line.startsWith("ok")).length ?? 0, 24, result?.lines.join("\n"))
    })
    it("leaves nothing behind", () => {
      assert.deepStrictEqual(result?.left, Inside.nothing)
    })
  }
)
