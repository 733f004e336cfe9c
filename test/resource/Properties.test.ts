/** What holds for all patches, selectors, labels and names, on values that fast-check makes. */
import { Result, type Schema } from "effect"
import * as fc from "fast-check"
import { describe, expect, it } from "vitest"
import * as Apply from "../../kernel/resource/Apply.ts"
import * as JsonPatch from "../../kernel/resource/JsonPatch.ts"
import * as MergePatch from "../../kernel/resource/MergePatch.ts"
import * as Names from "../../kernel/resource/Names.ts"
import * as Selector from "../../kernel/resource/Selector.ts"
import * as Shape from "../../kernel/resource/Shape.ts"
import { ConfigMap } from "../../plugins/resources/contracts/core/v1.ts"

type Json = Schema.Json
type JsonObject = Schema.JsonObject

const word = fc.stringMatching(/^[a-z]{1,3}$/)
const leaf = fc.oneof(fc.boolean(), fc.integer({ min: 0, max: 9 }), word)
const { tree } = fc.letrec<{ tree: JsonObject }>((tie) => ({
  tree: fc.dictionary(word, fc.oneof({ maxDepth: 3 }, leaf, tie("tree")), { maxKeys: 4 })
}))

const isObject = (value: Json | undefined): value is JsonObject =>
  typeof value === "object" && value !== null && !Array.isArray(value)

/** The merge patch from one object to another. */
const difference = (from: JsonObject, to: JsonObject): JsonObject =>
  Object.fromEntries(
    [...new Set([...Object.keys(from), ...Object.keys(to)])].map((key): [string, Json] => {
      const [before, after] = [from[key], to[key]]
      if (isObject(before) && isObject(after)) return [key, difference(before, after)]
      return [key, after ?? null]
    })
  )

describe("patches", () => {
  it("a merge patch leads from any object to any other, and back", () =>
    fc.assert(
      fc.property(tree, tree, (a, b) => {
        expect(MergePatch.apply(a, difference(a, b))).toEqual(b)
        expect(MergePatch.apply(MergePatch.apply(a, difference(a, b)), difference(b, a))).toEqual(a)
      })
    ))
  it("merge patches of different fields commute", () =>
    fc.assert(
      fc.property(tree, tree, tree, (object, a, b) => {
        const [mine, other] = [{ a }, { b }]
        const [first, second] = [
          MergePatch.apply(MergePatch.apply(object, mine), other),
          MergePatch.apply(MergePatch.apply(object, other), mine)
        ]
        expect(first).toEqual(second)
      })
    ))
  it("what a JSON patch adds it removes again", () =>
    fc.assert(
      fc.property(tree, word, leaf, (object, name, value) => {
        fc.pre(!(name in object))
        const path = `/${name}`
        const body = [
          { op: "add", path, value },
          { op: "test", path, value },
          { op: "remove", path }
        ]
        expect(Result.getOrThrow(JsonPatch.patch(object, body))).toEqual(object)
      })
    ))
})

const shape = Shape.of(ConfigMap.versions[0].schema())
const data = fc.dictionary(word, word, { maxKeys: 4 })
const configuration = (given: JsonObject): JsonObject => ({
  apiVersion: "v1",
  kind: "ConfigMap",
  metadata: { name: "a" },
  ...(Object.keys(given).length > 0 && { data: given })
})
const applied = (live: JsonObject | undefined, given: JsonObject, manager: string) =>
  Result.getOrThrow(
    Apply.apply({
      ...{ shape, live, applied: configuration(given), manager, apiVersion: "v1", time: "2030-01-01T00:00:00Z" },
      force: true
    })
  )
const dataOf = (object: JsonObject) => object["data"] ?? {}

describe("apply", () => {
  it("reverted is as if it had never been", () =>
    fc.assert(
      fc.property(data, data, (first, second) => {
        const before = applied(undefined, first, "a")
        const own = Object.fromEntries(Object.entries(second).filter(([key]) => !(key in first)))
        const reverted = applied(applied(before, own, "b"), {}, "b")
        expect(reverted).toEqual(before)
      })
    ))
  it("of disjoint appliers commutes", () =>
    fc.assert(
      fc.property(data, data, (first, second) => {
        const own = Object.fromEntries(Object.entries(second).filter(([key]) => !(key in first)))
        const [one, other] = [
          applied(applied(undefined, first, "a"), own, "b"),
          applied(applied(undefined, own, "b"), first, "a")
        ]
        expect(dataOf(one)).toEqual(dataOf(other))
        expect(one["metadata"]).toEqual(other["metadata"])
      })
    ))
})

const labels = fc.dictionary(word, fc.constantFrom("x", "y", "z"), { maxKeys: 3 })
const values = fc.uniqueArray(fc.constantFrom("x", "y", "z"), { minLength: 1, maxLength: 3 })
const requirement = fc.tuple(word, fc.constantFrom("in", "notin", "exists", "absent"), values)
type Requirement = readonly [key: string, operator: string, values: ReadonlyArray<string>]

const written = ([key, operator, some]: Requirement) => {
  if (operator === "exists") return key
  if (operator === "absent") return `!${key}`
  return `${key} ${operator} (${some.join(",")})`
}
const holds = (of: { readonly [key: string]: string }, [key, operator, some]: Requirement) => {
  const value = Object.hasOwn(of, key) ? of[key] : undefined
  if (operator === "exists") return value !== undefined
  if (operator === "absent") return value === undefined
  const isIn = value !== undefined && some.includes(value)
  return operator === "in" ? isIn : !isIn
}

describe("label selectors", () => {
  it("select what all their requirements hold for, also written and read again", () =>
    fc.assert(
      fc.property(labels, fc.array(requirement, { maxLength: 4 }), (of, requirements) => {
        const selector = Result.getOrThrow(Selector.parse(requirements.map(written).join(",")))
        const wanted = requirements.every((one) => holds(of, one))
        expect(Selector.compile(selector)(of)).toBe(wanted)
        const again = Result.getOrThrow(Selector.parse(Selector.format(selector)))
        expect(Selector.compile(again)(of)).toBe(wanted)
      })
    ))
  it("are read or refused, whatever the text", () =>
    fc.assert(fc.property(fc.string({ unit: fc.constantFrom(..."ab=!,() <>\n-/.") }), (text) => void Selector.parse(text))))
})

const isAlphanumeric = (text: string) => /^[A-Za-z0-9]$/.test(text)
const text = fc.string({ unit: fc.constantFrom(..."abZ09-._/ä "), maxLength: 70 })

describe("names", () => {
  it("the value of a label is empty, or begins and ends with a letter or digit, and has at most 63", () =>
    fc.assert(
      fc.property(text, (value) => {
        const [first = "", last = ""] = [value.at(0), value.at(-1)]
        const isRight =
          value === "" ||
          (value.length <= 63 && isAlphanumeric(first) && isAlphanumeric(last) && /^[-A-Za-z0-9_.]*$/.test(value))
        expect(Names.labelValue(value).length === 0).toBe(isRight)
      })
    ))
  it("a subdomain is labels with dots between", () =>
    fc.assert(
      fc.property(text, (value) => {
        const isRight = value.length <= 253 && value.split(".").every((one) => /^[a-z0-9]([-a-z0-9]*[a-z0-9])?$/.test(one))
        expect(Names.dns1123Subdomain(value).length === 0).toBe(isRight)
      })
    ))
  it("a key is a name, or a subdomain and a name with a slash between", () =>
    fc.assert(
      fc.property(text, (value) => {
        const [name = "", prefix, ...more] = value.split("/").toReversed()
        const isRight =
          more.length === 0 &&
          name !== "" &&
          Names.labelValue(name).length === 0 &&
          (prefix === undefined || (prefix !== "" && Names.dns1123Subdomain(prefix).length === 0))
        expect(Names.labelKey(value).length === 0).toBe(isRight)
      })
    ))
})
