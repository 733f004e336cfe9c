/** The rows of a storage: their order, what was at a revision, who is told of a change, and what is kept in memory. */
import { assert, describe, it } from "@effect/vitest"
import { Index } from "../../kernel/table/Index.ts"
import { Row } from "../../kernel/table/Row.ts"
import { Rows } from "../../kernel/table/Rows.ts"
import type { Change } from "../../kernel/table/Watchers.ts"

const text = new TextEncoder()
const rowOf = (path: string, revision: number, { node = "", size = 100 } = {}) => {
  const [namespace = "", name = ""] = path.split("/")
  return new Row({ namespace, name, revision, size, bytes: () => text.encode(JSON.stringify({ spec: { node } })) })
}
const put = (path: string, revision: number, options = {}) => ({
  path,
  row: rowOf(path, revision, options),
  deleted: false
})
const gone = (path: string, revision: number) => ({ path, row: rowOf(path, revision), deleted: true })

const make = () => {
  const failures: Array<unknown> = []
  return { failures, rows: new Rows(0, (cause) => failures.push(cause)) }
}
const names = (rows: Iterable<Row> | undefined) => [...(rows ?? [])].map(({ name, namespace }) => `${namespace}/${name}`)

const nodes = { by: "spec.node", of: (row: Row) => String(Object(row.wire["spec"])["node"]) }

/** A watcher that writes down what it is told. */
const listener = () => {
  const told: Array<string> = []
  return {
    told,
    changed: (changes: ReadonlyArray<Change>) => {
      for (const { after, path } of changes) told.push(after === undefined ? `-${path}` : path)
    },
    reset: () => told.push("reset")
  }
}

describe("the rows of a storage", () => {
  it("are in the order of their keys, whenever they came or went", () => {
    const { rows } = make()
    rows.apply([put("b/2", 1), put("a/x", 2), put("a-b/y", 3), put("b/1", 4)], 4)
    assert.deepStrictEqual(names(rows.list("")), ["a-b/y", "a/x", "b/1", "b/2"])
    const reader = rows.list("")
    reader.next()
    rows.apply([gone("a/x", 5), put("a/a", 6), put("b/0", 7)], 7)
    assert.deepStrictEqual(
      names(reader),
      ["b/1", "b/2"],
      "a reader under way sees neither twice what is there nor what came"
    )
    assert.deepStrictEqual(names(rows.list("")), ["a-b/y", "a/a", "b/0", "b/1", "b/2"])
    rows.apply([put("a/x", 8), gone("a/x", 9), put("a/x", 10)], 10)
    assert.deepStrictEqual(names(rows.list("a")), ["a/a", "a/x"])
    assert.deepStrictEqual(names(rows.list("", "b/0")), ["b/1", "b/2"])
    assert.deepStrictEqual(names(rows.list("b", "b/1")), ["b/2"])
    assert.deepStrictEqual(names(rows.list("c")), [])
  })

  it("can be read as they were", () => {
    const { rows } = make()
    rows.apply([put("a/1", 1), put("a/2", 2), put("b/3", 3)], 3)
    rows.apply([gone("a/1", 4), put("a/0", 5), put("a/2", 6)], 6)
    assert.deepStrictEqual(names(rows.at(3, "")), ["a/1", "a/2", "b/3"])
    assert.deepStrictEqual(names(rows.at(3, "a", "a/1")), ["a/2"])
    assert.deepStrictEqual(
      [...(rows.at(5, "a") ?? [])].map(({ revision }) => revision),
      [5, 2]
    )
    rows.compact(4)
    assert.isUndefined(rows.at(3, ""))
    assert.isUndefined(rows.after(3))
    assert.strictEqual(rows.after(4)?.length, 2)
  })

  it("keep no more of the past than a window of bytes, and stay watchable from what is kept", () => {
    const { rows } = make()
    const size = 1024 * 1024
    for (let revision = 1; revision <= 200; revision++) rows.apply([put("a/large", revision, { size })], revision)
    assert.isUndefined(rows.after(1))
    const kept = rows.after(150)?.length ?? 0
    assert.strictEqual(kept, 50)
    rows.compact(200)
    for (let revision = 201; revision <= 260; revision++) rows.apply([put("a/large", revision, { size })], revision)
    assert.strictEqual(rows.after(200)?.length, 60, "what compaction has let go of is not counted any more")
  })

  it("are not parsed twice, and not kept parsed when others have replaced them", () => {
    const { rows } = make()
    rows.apply([put("a/1", 1)], 1)
    const first = rows.get("a/1")
    const parsed = first?.wire
    assert.strictEqual(first?.wire, parsed)
    for (let revision = 2; revision < 400; revision++) rows.apply([put("a/1", revision)], revision)
    assert.notStrictEqual(first?.wire, parsed)
    assert.deepStrictEqual(first?.wire, parsed)
  })
})

describe("who watches a storage", () => {
  it("by a value is told of what has it, had it, and goes, and of nothing else", () => {
    const { rows } = make()
    const [one, other, all] = [listener(), listener(), listener()]
    const stop = rows.watch(one, { ...nodes, value: "one" })
    rows.watch(other, { ...nodes, value: "other" })
    rows.watch(all)
    rows.apply([put("a/1", 1, { node: "one" }), put("a/2", 2, { node: "third" })], 2)
    rows.apply([put("a/1", 3, { node: "other" })], 3)
    rows.apply([put("a/1", 4, { node: "other" }), gone("a/1", 5)], 5)
    assert.deepStrictEqual(one.told, ["a/1", "a/1"])
    assert.deepStrictEqual(other.told, ["a/1", "a/1", "-a/1"])
    assert.deepStrictEqual(all.told, ["a/1", "a/2", "a/1", "a/1", "-a/1"])
    stop()
    rows.apply([put("a/9", 6, { node: "one" })], 6)
    assert.strictEqual(one.told.length, 2)
    rows.replace(new Map(), 7)
    assert.strictEqual(other.told.at(-1), "reset")
    assert.strictEqual(one.told.length, 2)
  })

  it("and throws is told that it knows nothing; the others go on", () => {
    const { failures, rows } = make()
    const [before, after] = [listener(), listener()]
    let resets = 0
    rows.watch(before)
    rows.watch({
      changed: () => {
        throw new Error("a broken watcher")
      },
      reset: () => resets++
    })
    rows.watch(after)
    rows.apply([put("a/1", 1)], 1)
    assert.deepStrictEqual([before.told, after.told], [["a/1"], ["a/1"]])
    assert.strictEqual(resets, 1)
    assert.match(String(failures[0]), /a broken watcher/)
  })
})

describe("an index", () => {
  it("forgets the values that no object has any more", () => {
    const index = new Index<{ readonly owner: string }>(({ owner }) => [owner])
    for (let turn = 0; turn < 100; turn++) {
      const object = { owner: `uid-${turn}` }
      index.put("a", object)
      assert.deepStrictEqual(index.get(`uid-${turn}`), [object])
      index.put("a", undefined)
    }
    assert.strictEqual(index.size, 0)
  })
})
