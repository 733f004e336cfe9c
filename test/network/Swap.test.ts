/** One network in another's place under a runtime's Pods, and back: each detaches what the other attached. */
import { assert, beforeAll, describe, it } from "@effect/vitest"
import * as Daemons from "../../adapters/cni/openvswitch/Daemons.ts"
import * as Inside from "./Inside.ts"

const suite = (name: string, missing: ReadonlyArray<string>, ...given: ReadonlyArray<string>) =>
  describe.skipIf(missing.length > 0)(
    `${name}${missing.length > 0 ? ` (this machine lacks ${missing.join(", ")})` : ""}`,
    () => {
      let result: ReturnType<typeof Inside.run> | undefined
      beforeAll(() => {
        result = Inside.run("./SwapNode.ts", 4, ...given)
      }, 240_000)
      it("holds in everything", () => {
        assert.strictEqual(result?.stderr, "", result?.lines.join("\n"))
        assert.strictEqual(result?.lines.filter((line) => line.startsWith("ok")).length, 5, result?.lines.join("\n"))
      })
      it("leaves nothing behind", () => {
        assert.deepStrictEqual(result?.left, Inside.nothing)
      })
    }
  )

suite("networks in one another's place", [...Inside.missing(), ...Daemons.missing()])
suite(
  "networks in one another's place, under containerd",
  [...Inside.missing("containerd", "runc"), ...Daemons.missing()],
  "containerd"
)
