/** What `kubectl get -o wide` shows of objects: golden pairs, `<case>.in.yaml` and `<case>.out.txt`. */
import { readFileSync } from "node:fs"
import { assert, describe, it } from "@effect/vitest"
import { Effect, Layer, Result } from "effect"
import { expect } from "vitest"
import { parseAllDocuments } from "yaml"
import * as Decoder from "../../kernel/resource/Decoder.ts"
import type { Resource } from "../../kernel/resource/Kind.ts"
import { Kinds } from "../../kernel/resource/Kinds.ts"
import * as Shape from "../../kernel/resource/Shape.ts"
import { columnsOf } from "../../plugins/apiserver/objects/Table.ts"
import * as Resources from "../../plugins/resources/Resources.ts"

const now = Date.parse("2026-01-01T12:00:00Z")
const folder = new URL("./golden/", import.meta.url)

const rowsOf = Effect.fnUntraced(function* (name: string) {
  const kinds = yield* Kinds
  const documents = parseAllDocuments(readFileSync(new URL(`${name}.in.yaml`, folder), "utf8"))
  const lines: Array<string> = []
  let last: unknown
  for (const document of documents) {
    const { apiVersion, kind, ...wire } = document.toJS()
    const group = apiVersion.includes("/") ? apiVersion.split("/")[0] : ""
    const served = kinds.byKind(group, kind)
    if (served === undefined) return assert.fail(`${kind} is not served`)
    const { object } = Result.getOrThrow(Decoder.decode(Shape.of(served.kind.versions[0].schema()))(wire))
    const resource = object as unknown as Resource
    const completed = served.strategy.defaults?.(resource) ?? resource
    const columns = columnsOf(served)
    if (last !== kind) lines.push(`${last === undefined ? "" : "\n"}${columns.map((column) => column.name).join(" | ")}`)
    last = kind
    lines.push(columns.map((column) => column.value(completed, now) ?? "").join(" | "))
  }
  return `${lines.join("\n")}\n`
})

describe("columns", () => {
  it.layer(Resources.layer.pipe(Layer.provideMerge(Kinds.layer)), { excludeTestServices: true })((it) => {
    for (const name of ["pods", "others"])
      it.effect(name, () =>
        Effect.flatMap(rowsOf(name), (rows) =>
          Effect.promise(() => expect(rows).toMatchFileSnapshot(new URL(`${name}.out.txt`, folder).pathname))
        )
      )
  })
})
