/** Ranges of addresses, and the pool of a node on disk: as CNI's host-local has them. */
import { assert, describe, it } from "@effect/vitest"
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import * as Pool from "../../adapters/cni/Pool.ts"
import * as Range from "../../adapters/cni/Range.ts"

const range = (cidr: string) => {
  const made = Range.make(cidr)
  assert.ok(made !== undefined, cidr)
  return made
}

describe("ranges", () => {
  it("are written as they are read", () => {
    for (const address of [
      "10.0.0.1",
      "255.255.255.255",
      "fd00::1",
      "::",
      "::1",
      "2001:db8:0:1::",
      "1:0:0:2::3",
      "fd00:0:1:2:3:4:5:6"
    ]) {
      const number = Range.parse(address)
      assert.ok(number !== undefined)
      assert.strictEqual(Range.format(Range.familyOf(address), number), address)
    }
    assert.strictEqual(Range.parse("::ffff:10.0.0.1"), 0xffff0a000001n)
    for (const wrong of ["", "10.0.0", "10.0.0.256", "fd00:::1", "eth0"]) assert.strictEqual(Range.parse(wrong), undefined)
  })
  it("have room for all but the network, the gateway and the broadcast address", () => {
    const v4 = range("10.244.7.9/28")
    assert.deepStrictEqual(
      [v4.gateway, Range.format(4, v4.first), Range.format(4, v4.last), Range.sizeOf(v4)],
      ["10.244.7.1", "10.244.7.2", "10.244.7.14", 13]
    )
    const v6 = range("fd00:1::/124")
    assert.deepStrictEqual(
      [v6.gateway, Range.format(6, v6.first), Range.format(6, v6.last), Range.sizeOf(v6)],
      ["fd00:1::1", "fd00:1::2", "fd00:1::f", 14]
    )
    assert.strictEqual(Range.sizeOf(range("fd00:1::/64")), Number.MAX_SAFE_INTEGER)
    for (const wrong of ["10.0.0.0", "10.0.0.0/31", "10.0.0.0/x", "a/24", "fd00::/128"])
      assert.strictEqual(Range.make(wrong), undefined)
  })
})

describe("the pool", () => {
  const use = (run: (folder: string) => void) => {
    const folder = mkdtempSync(join(tmpdir(), "kt-pool-"))
    try {
      run(folder)
    } finally {
      rmSync(folder, { recursive: true })
    }
  }
  const owner = (pod: string) => ({ pod, interface: "eth0" })
  const small = range("10.1.0.0/29")

  it("gives each its own, the same again, and none when it is full", () =>
    use((folder) => {
      const given = ["a", "b", "c", "d", "e"].map((pod) => Pool.reserve(folder, small, 0, owner(pod)))
      assert.deepStrictEqual(given, ["10.1.0.2", "10.1.0.3", "10.1.0.4", "10.1.0.5", "10.1.0.6"])
      assert.strictEqual(Pool.reserve(folder, small, 0, owner("b")), "10.1.0.3")
      assert.strictEqual(Pool.reserve(folder, small, 0, owner("f")), undefined)
      assert.strictEqual(Pool.used(folder, small), 5)
      Pool.release(folder, owner("c"))
      assert.strictEqual(Pool.reserve(folder, small, 0, owner("f")), "10.1.0.4")
    }))
  it("goes round, so that an address rests a while", () =>
    use((folder) => {
      const given = Array.from({ length: 6 }, (_, index) => {
        const address = Pool.reserve(folder, small, 0, owner(`${index}`))
        Pool.release(folder, owner(`${index}`))
        return address
      })
      assert.deepStrictEqual(given, ["10.1.0.2", "10.1.0.3", "10.1.0.4", "10.1.0.5", "10.1.0.6", "10.1.0.2"])
    }))
  it("reads and writes what host-local does", () =>
    use((folder) => {
      writeFileSync(join(folder, "10.1.0.2"), "theirs\r\neth0")
      writeFileSync(join(folder, "last_reserved_ip.0"), "10.1.0.2")
      writeFileSync(join(folder, "lock"), "")
      assert.deepStrictEqual(Pool.of(folder, owner("theirs")), ["10.1.0.2"])
      assert.strictEqual(Pool.reserve(folder, small, 0, owner("ours")), "10.1.0.3")
      assert.strictEqual(readFileSync(join(folder, "10.1.0.3"), "utf8"), "ours\r\neth0")
      Pool.release(folder, owner("theirs"))
      assert.deepStrictEqual(readdirSync(folder).toSorted(), ["10.1.0.3", "last_reserved_ip.0", "lock"])
    }))
})
