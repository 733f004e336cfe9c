import * as fc from "fast-check"
import { Result } from "effect"
import { describe, expect, it } from "vitest"
import * as Quantity from "../../kernel/resource/Quantity.ts"

const canonical = (text: string) => Result.getOrThrow(Quantity.canonical(text))
const amounts = fc
  .tuple(
    fc.bigInt({ min: -(10n ** 12n), max: 10n ** 12n }),
    fc.integer({ min: 0, max: 6 }),
    fc.constantFrom("n", "u", "m", "", "k", "M", "Ki", "Mi", "e3", "E-2")
  )
  .map(([digits, point, suffix]) => {
    const text = `${digits < 0n ? -digits : digits}`.padStart(point + 1, "0")
    const at = text.length - point
    return `${digits < 0n ? "-" : ""}${text.slice(0, at)}${point === 0 ? "" : `.${text.slice(at)}`}${suffix}`
  })

describe("Quantity", () => {
  it.each([
    ["0", "0"],
    ["0.5", "500m"],
    [".5", "500m"],
    ["1.", "1"],
    ["1000m", "1"],
    ["1024Mi", "1Gi"],
    ["1500Mi", "1500Mi"],
    ["1.5Gi", "1536Mi"],
    ["0.5Mi", "512Ki"],
    ["512", "512"],
    ["0.1Ki", "102400m"],
    ["1000Ki", "1000Ki"],
    ["1Ki", "1Ki"],
    ["100k", "100k"],
    ["100000", "100k"],
    ["1e3", "1e3"],
    ["1E3", "1e3"],
    ["2E", "2E"],
    ["12e-1", "1200e-3"],
    ["-1.5", "-1500m"],
    ["+3", "3"],
    ["0.0000000001", "1n"],
    ["9223372036854775808", "9223372036854775807"]
  ])("%s is %s", (text, expected) => expect(canonical(text)).toBe(expected))

  it.each(["", "a", "1.2.3", "1 Gi", "1ki", "1KiB", "--1", "1e", "0x1"])("refuses %j", (text) =>
    expect(Result.isFailure(Quantity.parse(text))).toBe(true)
  )

  it("rounds away from zero", () => {
    expect(Quantity.value(Quantity.of("1100m"))).toBe(2)
    expect(Quantity.value(Quantity.of("-1100m"))).toBe(-2)
    expect(Quantity.milli(Quantity.of("0.0001"))).toBe(1)
    expect(Quantity.value(Quantity.of(undefined))).toBe(0)
  })

  it("the canonical text is one, and says the same amount", () =>
    fc.assert(
      fc.property(amounts, (text) => {
        const once = canonical(text)
        expect(canonical(once)).toBe(once)
        expect(Quantity.equals(Quantity.of(once), Quantity.of(text))).toBe(true)
      })
    ))

  it("adds and takes away", () =>
    fc.assert(
      fc.property(amounts, amounts, (one, other) => {
        const [a, b] = [Quantity.of(one), Quantity.of(other)]
        const sum = Quantity.add(a, b)
        expect(Quantity.equals(sum, Quantity.add(b, a))).toBe(true)
        expect(Quantity.equals(Quantity.subtract(sum, b), a)).toBe(true)
        expect(Quantity.compare(a, b)).toBe(-Quantity.compare(b, a) + 0)
      })
    ))
})
