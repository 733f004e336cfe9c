import * as fc from "fast-check"
import { Result, type Schema } from "effect"
import { describe, expect, it } from "vitest"
import * as JsonPatch from "../../kernel/resource/JsonPatch.ts"
import * as MergePatch from "../../kernel/resource/MergePatch.ts"

type Json = Schema.Json
const patch = (document: Json, ...operations: ReadonlyArray<Schema.JsonObject>) =>
  Result.flatMap(JsonPatch.decode(operations), (decoded) => JsonPatch.apply(document, decoded))
const patched = (document: Json, ...operations: ReadonlyArray<Schema.JsonObject>) =>
  Result.getOrThrow(patch(document, ...operations))
const refused = (document: Json, ...operations: ReadonlyArray<Schema.JsonObject>) =>
  Result.getOrThrow(Result.flip(patch(document, ...operations)))

describe("JSON patch: the examples of RFC 6902", () => {
  it.each<[string, Json, Schema.JsonObject, Json]>([
    ["A.1", { foo: "bar" }, { op: "add", path: "/baz", value: "qux" }, { baz: "qux", foo: "bar" }],
    ["A.2", { foo: ["bar", "baz"] }, { op: "add", path: "/foo/1", value: "qux" }, { foo: ["bar", "qux", "baz"] }],
    ["A.3", { baz: "qux", foo: "bar" }, { op: "remove", path: "/baz" }, { foo: "bar" }],
    ["A.4", { foo: ["bar", "qux", "baz"] }, { op: "remove", path: "/foo/1" }, { foo: ["bar", "baz"] }],
    ["A.5", { baz: "qux", foo: "bar" }, { op: "replace", path: "/baz", value: "boo" }, { baz: "boo", foo: "bar" }],
    [
      "A.6",
      { foo: { bar: "baz", waldo: "fred" }, qux: { corge: "grault" } },
      { op: "move", from: "/foo/waldo", path: "/qux/thud" },
      { foo: { bar: "baz" }, qux: { corge: "grault", thud: "fred" } }
    ],
    [
      "A.7",
      { foo: ["all", "grass", "cows", "eat"] },
      { op: "move", from: "/foo/1", path: "/foo/3" },
      { foo: ["all", "cows", "eat", "grass"] }
    ],
    [
      "A.10",
      { foo: "bar" },
      { op: "add", path: "/child", value: { grandchild: {} } },
      { foo: "bar", child: { grandchild: {} } }
    ],
    ["A.14", { "/": 9, "~1": 10 }, { op: "test", path: "/~01", value: 10 }, { "/": 9, "~1": 10 }],
    ["A.16", { foo: ["bar"] }, { op: "add", path: "/foo/-", value: ["abc", "def"] }, { foo: ["bar", ["abc", "def"]] }],
    ["root", { a: 1 }, { op: "replace", path: "", value: [] }, []],
    ["copy", { a: { b: 1 } }, { op: "copy", from: "/a", path: "/c" }, { a: { b: 1 }, c: { b: 1 } }],
    ["null", { a: null }, { op: "replace", path: "/a", value: 1 }, { a: 1 }],
    ["absent is null", {}, { op: "test", path: "/a", value: null }, {}]
  ])("%s", (_, document, operation, expected) => expect(patched(document, operation)).toEqual(expected))

  it("says what did not apply", () => {
    expect(refused({ foo: "bar" }, { op: "add", path: "/baz/bat", value: "qux" })).toBe(
      "add operation does not apply: doc is missing path: /baz/bat"
    )
    expect(refused({ a: 1 }, { op: "test", path: "/a", value: "1" })).toBe("testing value /a failed: test failed")
    expect(refused({ a: [1] }, { op: "replace", path: "/a/1", value: 2 })).toContain("missing path")
    expect(refused({ a: [1] }, { op: "remove", path: "/a/01" })).toContain("missing path")
    expect(refused({ a: {} }, { op: "move", from: "/a", path: "/a/b" })).toContain("into itself")
    expect(refused({}, { op: "add", path: "a", value: 1 })).toContain("missing path")
  })

  it("is all or nothing, and refuses what is no patch", () => {
    expect(Result.isFailure(patch({ a: 1 }, { op: "remove", path: "/a" }, { op: "remove", path: "/a" }))).toBe(true)
    expect(refused({}, { op: "jump", path: "/a" })).toContain("Expected")
    expect(Result.isFailure(JsonPatch.decode({}))).toBe(true)
  })
})

describe("JSON merge patch", () => {
  it.each<[Json, Json, Json]>([
    [{ a: "b" }, { a: "c" }, { a: "c" }],
    [{ a: "b", b: "c" }, { a: null }, { b: "c" }],
    [{ a: ["b"] }, { a: "c" }, { a: "c" }],
    [{ a: { b: "c" } }, { a: { b: "d", c: null } }, { a: { b: "d" } }],
    [["a", "b"], { a: "b" }, { a: "b" }],
    [{ e: null }, { a: 1 }, { e: null, a: 1 }],
    [{}, { a: { bb: { ccc: null } } }, { a: { bb: {} } }]
  ])("%j with %j is %j", (target, change, expected) => expect(MergePatch.apply(target, change)).toEqual(expected))

  it("an empty one changes nothing, and twice is as once", () => {
    const json = fc.dictionary(fc.string(), fc.jsonValue() as fc.Arbitrary<Json>)
    fc.assert(
      fc.property(json, json, (target, change) => {
        expect(MergePatch.apply(target, {})).toEqual(target)
        const once = MergePatch.apply(target, change)
        expect(MergePatch.apply(once, change)).toEqual(once)
      })
    )
  })
})
