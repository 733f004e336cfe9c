/** The quick check of objects that cross isolates says what `Schema.Json` says. */
import { assert, describe, it } from "@effect/vitest"
import { Schema } from "effect"
import * as fc from "fast-check"
import { isJson } from "../../kernel/client/Json.ts"

const exactly = Schema.is(Schema.Json)
const nested = (depth: number): unknown => (depth === 0 ? {} : { in: nested(depth - 1) })

describe("isJson", () => {
  it("is what Schema.Json says of values of all kinds", () => {
    const anything = fc.anything({ withDate: true, withMap: true, withTypedArray: true, withNullPrototype: true })
    fc.assert(fc.property(anything, (value) => assert.strictEqual(isJson(value), exactly(value))))
    fc.assert(fc.property(fc.jsonValue(), (value) => assert.isTrue(isJson(value))))
  })
  it("refuses a cycle, and takes what is deep or shared", () => {
    const list: Array<unknown> = []
    list.push(list)
    assert.isFalse(isJson(list))
    assert.isTrue(isJson(nested(1000)))
    let shared: unknown = {}
    for (let depth = 0; depth < 40; depth++) shared = [shared, shared]
    assert.isTrue(isJson(shared))
  })
})
