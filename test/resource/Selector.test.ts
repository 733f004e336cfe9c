import { Result } from "effect"
import { describe, expect, it } from "vitest"
import * as Selector from "../../kernel/resource/Selector.ts"

const selects = (text: string, labels: Selector.Labels) => Result.getOrThrow(Selector.parseLabels(text))(labels)
const refused = (text: string) => Result.getOrThrow(Result.flip(Selector.parse(text))).detail

describe("label selectors", () => {
  it.each([
    ["", {}, true],
    ["app=web", { app: "web" }, true],
    ["app==web", { app: "db" }, false],
    ["app=web,tier!=db", { app: "web" }, true],
    ["app=web,tier!=db", { app: "web", tier: "db" }, false],
    ["app in (web, api)", { app: "api" }, true],
    ["app in (web,api)", {}, false],
    ["app notin (web)", {}, true],
    ["app notin (web)", { app: "web" }, false],
    ["app", { app: "" }, true],
    ["!app", { app: "" }, false],
    ["! app , b", { b: "x" }, true],
    ["app=", { app: "" }, true],
    ["app in ()", { app: "" }, true],
    ["n > 3", { n: "12" }, true],
    ["n>3", { n: "2" }, false],
    ["n<3", {}, false],
    ["in in (in)", { in: "in" }, true],
    ["example.com/app=web", { "example.com/app": "web" }, true],
    ["toString", {}, false]
  ] as const)("%s on %o: %s", (text, labels, expected) => expect(selects(text, labels)).toBe(expected))

  it.each([
    ["a b", "unable to parse requirement: found 'b', expected: in, notin, =, ==, !=, gt, lt"],
    ["a=b=c", "found '=', expected: ',' or 'end of string'"],
    ["a,", "found '', expected: identifier after ','"],
    [",a", "found ',', expected: !, identifier, or 'end of string'"],
    ["a in b", "unable to parse requirement: found 'b' expected: '('"],
    ["a in (b", "unable to parse requirement: found '', expected: ',' or ')'"],
    ["!", "unable to parse requirement: found '', expected: identifier"]
  ])("refuses %s", (text, detail) => expect(refused(text)).toBe(detail))

  it("refuses keys and values that no label can have", () => {
    expect(refused("-a=b")).toMatch(/^unable to parse requirement: <nil>: Invalid value: "-a": name part must consist/)
    expect(refused("a=-b")).toMatch(/^unable to parse requirement: values\[0\]\[a\]: Invalid value: "-b": a valid label/)
  })

  it("of an object, and back as text", () => {
    const selector = {
      matchLabels: { app: "web" },
      matchExpressions: [
        { key: "tier", operator: "NotIn", values: ["b", "a"] },
        { key: "x", operator: "Exists" },
        { key: "y", operator: "DoesNotExist" }
      ]
    }
    const text = Selector.format(Selector.ofObject(selector) ?? [])
    expect(text).toBe("app=web,tier notin (a,b),x,!y")
    for (const labels of [{ app: "web", x: "" }, { app: "web", x: "", tier: "a" }, { app: "web" }, {}])
      expect(selects(text, labels)).toBe(Selector.matcher(selector)(labels))
    expect(Selector.matcher(undefined)({})).toBe(false)
    expect(Selector.matcher({})({})).toBe(true)
  })

  it("says what is wrong with an object's", () => {
    expect(
      Selector.validate(
        {
          matchExpressions: [
            { key: "a", operator: "In" },
            { key: "b", operator: "Is" }
          ]
        },
        "spec.selector"
      )
    ).toEqual([
      {
        field: "spec.selector.matchExpressions[0].values",
        type: "FieldValueRequired",
        detail: "Required value: must be specified when `operator` is 'In' or 'NotIn'"
      },
      {
        field: "spec.selector.matchExpressions[1].operator",
        type: "FieldValueInvalid",
        detail: 'Invalid value: "Is": not a valid selector operator'
      }
    ])
  })
})

describe("field selectors", () => {
  const fields = (text: string) => Selector.parseFields(text, ["metadata.name", "spec.nodeName"])
  it("parses, with escapes", () => {
    expect(Result.getOrThrow(fields("metadata.name=a\\,b\\=,spec.nodeName!="))).toEqual([
      { field: "metadata.name", equal: true, value: "a,b=" },
      { field: "spec.nodeName", equal: false, value: "" }
    ])
    expect(Result.getOrThrow(fields(""))).toEqual([])
  })
  it.each([
    ["status.phase=x", "field label not supported: status.phase"],
    ["=a", "field label not supported: "],
    ["metadata.name===a", "invalid field selector: unescaped character in value: 61"],
    ["foo", "invalid selector: 'foo'; can't understand 'foo'"]
  ])("refuses %s", (text, detail) => expect(Result.getOrThrow(Result.flip(fields(text))).detail).toBe(detail))
})
