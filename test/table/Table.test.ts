/** Views of a table: indexes, and what a view keeps of objects in place of them. */
import { assert, it } from "@effect/vitest"
import { Effect } from "effect"
import { Table } from "../../kernel/table/Table.ts"

interface Thing {
  readonly metadata: {
    readonly name: string
    readonly uid: string
    readonly resourceVersion: string
    readonly creationTimestamp: string
  }
  readonly colour: string
  readonly large: string
}
const thing = (name: string, colour: string): Thing => ({
  metadata: { name, uid: name, resourceVersion: "1", creationTimestamp: "" },
  colour,
  large: "large"
})
const applied = (object: Thing) => ({ revision: 1, events: [{ _tag: "Applied" as const, object }] })

it.effect("a view finds by index, counts without reading, and keeps what it transforms objects to", () =>
  Effect.gen(function* () {
    const table = new Table<Thing>(0)
    table.apply(applied(thing("a", "red")))
    let transformed = 0
    const indexes = { colour: ({ colour }: Thing) => [colour] }
    const whole = yield* table.cache({ indexes })
    const slim = yield* table.cache({
      indexes,
      transform: (one) => {
        transformed++
        return { ...one, large: "" }
      }
    })
    table.apply(applied(thing("b", "red")))
    table.apply(applied(thing("c", "blue")))
    assert.deepStrictEqual(
      slim.by("colour", "red").map(({ large, metadata }) => [metadata.name, large]),
      [
        ["a", ""],
        ["b", ""]
      ]
    )
    assert.deepStrictEqual(
      [slim.get({ namespace: "", name: "c" })?.large, whole.get({ namespace: "", name: "c" })?.large],
      ["", "large"]
    )
    table.apply(applied(thing("a", "blue")))
    table.apply({ revision: 2, events: [{ _tag: "Deleted", object: thing("b", "red") }] })
    for (const view of [whole, slim]) {
      assert.deepStrictEqual([view.count("colour", "red"), view.count("colour", "blue")], [0, 2])
      assert.strictEqual(view.all().length, 2)
    }
    assert.deepStrictEqual(
      slim.all().map(({ large }) => large),
      ["", ""]
    )
    assert.strictEqual(transformed, 4)
    table.apply({ revision: 3, events: [{ _tag: "Snapshot", objects: [thing("d", "red")] }] })
    assert.deepStrictEqual(
      slim.all().map(({ metadata }) => metadata.name),
      ["d"]
    )
    assert.isUndefined(slim.get({ namespace: "", name: "a" }))
  }).pipe(Effect.scoped)
)
