/** Addresses as numbers, the families that Services are given, and which numbers of a range. */
import { assert, describe, it } from "@effect/vitest"
import * as fc from "fast-check"
import * as Addresses from "../../plugins/resources/contracts/Addresses.ts"
import type { ServiceSpec } from "../../plugins/resources/contracts/core/v1.ts"
import { decide, isRefused } from "../../plugins/service-addresses/Families.ts"
import { choose, contains, rangeOf } from "../../plugins/service-addresses/Ranges.ts"

const spec = (given: Partial<ServiceSpec>): ServiceSpec => ({ sessionAffinity: "None", type: "ClusterIP", ...given })
const [v4, v6] = ["IPv4", "IPv6"]

describe("addresses", () => {
  it("are what they were when they are printed and read", () => {
    const any = fc.oneof(
      fc.tuple(fc.constant(4 as const), fc.bigInt(0n, 2n ** 32n - 1n)),
      fc.tuple(fc.constant(6 as const), fc.bigInt(0n, 2n ** 128n - 1n))
    )
    fc.assert(fc.property(any, ([family, number]) => Addresses.parse(Addresses.format(family, number)) === number))
  })
  it("are printed as Go prints them", () => {
    for (const [given, printed] of [
      ["FD00:0:0:1:0:0:0:A", "fd00:0:0:1::a"],
      ["::", "::"],
      ["1:0:0:2:0:0:3:4", "1::2:0:0:3:4"],
      ["::ffff:10.0.0.1", "::ffff:a00:1"],
      ["1:2:3:4:5:6:7:0", "1:2:3:4:5:6:7:0"]
    ] as const)
      assert.strictEqual(Addresses.format(6, Addresses.parse(given) ?? 0n), printed)
  })
  it("are counted from the start of their range", () => {
    const range = Addresses.cidr("10.96.3.4/16")
    assert.isDefined(range)
    assert.strictEqual(Addresses.at(range, 10), "10.96.0.10")
    assert.strictEqual(Addresses.indexOf(range, "10.96.1.0"), 256n)
    assert.isUndefined(Addresses.indexOf(range, "10.97.0.0"))
    for (const wrong of ["10.96.0.0", "10.96.0.0/33", "fd00::/129", "x/8", "10.96.0/16"])
      assert.isUndefined(Addresses.cidr(wrong))
  })
})

describe("the families of a Service", () => {
  const one = [v4]
  const both = [v4, v6]
  const chosen = (given: Partial<ServiceSpec>, cluster: ReadonlyArray<string>, old?: Partial<ServiceSpec>) => {
    const decision = decide(spec(given), cluster, old && spec(old))
    return isRefused(decision) ? decision[0]?.field : [decision.ipFamilyPolicy, ...decision.ipFamilies].join(" ")
  }
  it("are the cluster's first where nothing is asked", () => {
    assert.strictEqual(chosen({}, one), "SingleStack IPv4")
    assert.strictEqual(chosen({}, [v6, v4]), "SingleStack IPv6")
    assert.strictEqual(chosen({ clusterIPs: ["fd00::1"] }, both), "SingleStack IPv6")
  })
  it("are both where both are preferred or required", () => {
    assert.strictEqual(chosen({ ipFamilyPolicy: "PreferDualStack" }, one), "PreferDualStack IPv4")
    assert.strictEqual(chosen({ ipFamilyPolicy: "PreferDualStack" }, both), "PreferDualStack IPv4 IPv6")
    assert.strictEqual(chosen({ ipFamilyPolicy: "RequireDualStack", ipFamilies: [v6] }, both), "RequireDualStack IPv6 IPv4")
    assert.strictEqual(chosen({ ipFamilies: [v6, v4] }, both), "RequireDualStack IPv6 IPv4")
  })
  it("are whatever its owner makes a headless one without a selector", () => {
    assert.strictEqual(chosen({ clusterIP: "None" }, one), "RequireDualStack IPv4 IPv6")
    assert.strictEqual(chosen({ clusterIP: "None", selector: { a: "b" } }, one), "SingleStack IPv4")
  })
  it("are refused where the cluster has not got them", () => {
    assert.strictEqual(chosen({ ipFamilies: [v6] }, one), "spec.ipFamilies[0]")
    assert.strictEqual(chosen({ ipFamilyPolicy: "RequireDualStack" }, one), "spec.ipFamilyPolicy")
    assert.strictEqual(chosen({ ipFamilyPolicy: "SingleStack", ipFamilies: [v4, v6] }, both), "spec.ipFamilyPolicy")
  })
  it("are the first when only the policy is lowered", () => {
    const old = { ipFamilyPolicy: "PreferDualStack", ipFamilies: both, clusterIPs: ["10.96.0.7", "fd00::7"] }
    assert.strictEqual(chosen({ ...old, ipFamilyPolicy: "SingleStack" }, both, old), "SingleStack IPv4")
  })
})

describe("a range of Services", () => {
  it("has neither the network's own address nor, of IPv4, the broadcast", () => {
    const range = rangeOf("10.96.0.0/28")
    assert.isDefined(range)
    assert.deepStrictEqual(
      ["10.96.0.0", "10.96.0.1", "10.96.0.14", "10.96.0.15", "10.96.0.16"].map((address) => contains(range, address)),
      [false, true, true, false, false]
    )
    assert.isUndefined(rangeOf("10.96.0.0/31"))
    const six = rangeOf("fd00:10:96::/108")
    assert.isDefined(six)
    assert.deepStrictEqual(six.numbers, { first: 1, size: 2 ** 20 - 1 })
    assert.isTrue(contains(six, "fd00:10:96::f:ffff"))
  })
  it("gives every number once until none is left", () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 40 }),
        fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true }),
        (size, random) => {
          const taken = new Set<number>()
          for (let count = 0; count < size; count++) {
            const value = choose({ first: 5, size }, random, (one) => !taken.has(one))
            assert.isDefined(value)
            taken.add(value)
          }
          assert.strictEqual(taken.size, size)
          assert.isUndefined(choose({ first: 5, size }, random, (one) => !taken.has(one)))
        }
      )
    )
  })
})
