/** What YAML says twice. */
import { expect, it } from "@effect/vitest"
import { parse } from "../../plugins/apiserver/yaml/Text.ts"

it("names every key that stands again, and its line", () => {
  const text = "kind: A\nspec:\n  foo: 1\n  foo: 2\nkind: B\n"
  expect(() => parse(text)).toThrow(
    'yaml: unmarshal errors:\n  line 5: key "kind" already set in map\n  line 4: key "foo" already set in map'
  )
  expect(parse("a: {b: 1}\nc: {b: 2}")).toEqual({ a: { b: 1 }, c: { b: 2 } })
})
