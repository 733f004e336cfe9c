import { describe, expect, it } from "@effect/vitest"
import { Result } from "effect"
import * as fc from "fast-check"
import * as Decoder from "../../kernel/resource/Decoder.ts"
import * as Duplicates from "../../kernel/resource/Duplicates.ts"
import * as Shape from "../../kernel/resource/Shape.ts"
import { ConfigMap } from "../../plugins/resources/contracts/core/v1.ts"

describe("Duplicates.find", () => {
  it.each([
    ['{"a":1,"b":{"a":1}}', []],
    ['{"a":1,"a":2,"a":3}', ['duplicate field "a"']],
    ['{"spec":{"list":[{"x":1},{"x":1,"y":"},{\\"x\\":","x":2}]}}', ['duplicate field "spec.list[1].x"']],
    ['{"a":{"b":[]},"c":[[1,2],{"d":1}],"a":1}', ['duplicate field "a"']],
    ['{"a\\\\":1, "b" :2}', []],
    ['{"k":"\\\\","v":"k","v":1}', ['duplicate field "v"']],
    ["[]", []]
  ])("%s", (text, expected) => {
    expect(Duplicates.find(text)).toEqual(expected)
  })

  it("finds none in what a serializer wrote, and survives any text", () => {
    fc.assert(fc.property(fc.json({ maxDepth: 4 }), (text) => Duplicates.find(text).length === 0))
    fc.assert(fc.property(fc.string(), (text) => Array.isArray(Duplicates.find(`{"a":${text}`))))
  })

  it("are reported as unknown fields are", () => {
    const decode = Decoder.decode(Shape.of(ConfigMap.versions[0].schema()))
    const repeated = ['duplicate field "data"']
    expect(Result.getOrThrow(decode({}, { unknown: "Ignore", repeated })).warnings).toEqual([])
    expect(Result.getOrThrow(decode({ x: 1 }, { unknown: "Warn", repeated })).warnings).toEqual([
      'unknown field "x"',
      ...repeated
    ])
    expect(Result.getOrThrow(Result.flip(decode({}, { unknown: "Strict", repeated }))).malformed).toBe(
      'strict decoding error: duplicate field "data"'
    )
  })
})
