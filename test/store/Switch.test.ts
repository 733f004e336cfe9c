/** A store that is left for another one while it is used: the laws go on, nothing is lost, and a crash leaves one of the two. */
import * as NodeServices from "@effect/platform-node/NodeServices"
import { assert, describe, it } from "@effect/vitest"
import { Clock, Context, Effect, Fiber, FileSystem, Layer, References, Stream } from "effect"
import { execFile } from "node:child_process"
import * as StoreRecord from "../../bin/StoreRecord.ts"
import * as Suite from "../../conformance/Log.ts"
import { Log } from "../../kernel/store/Log.ts"
import * as MemoryLog from "../../kernel/store/memory/MemoryLog.ts"
import { steps } from "../../kernel/store/Move.ts"
import * as Restoring from "../../kernel/store/snapshot/Restoring.ts"
import * as SqliteLog from "../../kernel/store/sqlite/SqliteLog.ts"
import * as Switch from "../../kernel/store/Switch.ts"
import { verify } from "../Verify.ts"

type Service = Log["Service"]
const quiet = Effect.provideService(References.MinimumLogLevel, "None")
const temporary = Effect.provide(
  Effect.flatMap(FileSystem.FileSystem, (files) => files.makeTempDirectoryScoped({ prefix: "keelson-switch-" })),
  NodeServices.layer
)
const decoder = new TextDecoder()

const living = Effect.fnUntraced(function* (log: Service) {
  const found = new Map<string, string>()
  for (const { bytes, key, op } of (yield* Stream.runCollect(log.history({ log: "objects", after: 0 }))).flat()) {
    if (op === "put") found.set(key, decoder.decode(bytes))
    else found.delete(key)
  }
  return found
})

verify("through a switch", Suite.suite, Switch.layer(MemoryLog.layer))

describe("a move", () => {
  it.live("while there are writers and a follower", () =>
    Effect.gen(function* () {
      const directory = yield* temporary
      const built = yield* Layer.build(Switch.layer(MemoryLog.layer))
      const log = Context.get(built, Log)
      const { move } = Context.get(built, Switch.Switch)
      const acknowledged = new Map<string, string>()
      let longest = 0
      let isDone = false
      const write = Effect.fnUntraced(function* (writer: number) {
        const key = `pods/default/${writer}`
        let prev = 0
        for (let count = 0; !isDone; count++) {
          const began = yield* Clock.currentTimeMillis
          const change = { log: "objects", key, op: "put", bytes: new TextEncoder().encode(`${count}`) } as const
          const append = (prev: number) => log.append({ ...change, prev, writeId: `${writer} ${count}` })
          const after = yield* Effect.catchTag(append(prev), "Conflict", ({ last }) => append(last))
          assert.isAbove(after, prev)
          prev = after
          acknowledged.set(key, `${count}`)
          longest = Math.max(longest, (yield* Clock.currentTimeMillis) - began)
          yield* Effect.sleep(20)
        }
      })
      for (let at = 0; at < 5000; at++) {
        const key = `pods/still/${at}`
        yield* log.append({ log: "objects", key, op: "put", bytes: new Uint8Array(100), prev: 0, writeId: key })
      }
      const writers = yield* Effect.forkScoped(Effect.forEach(Array(20).keys(), write, { concurrency: "unbounded" }))
      const told: string[] = []
      const seen = new Map<string, string>()
      yield* Effect.forkScoped(
        Stream.runForEach(log.follow({ log: "objects" }), (event) =>
          Effect.sync(() => {
            if (event._tag === "Began") {
              told.push(event.epoch)
              return seen.clear()
            }
            for (const { bytes, key, op } of event.entries) {
              if (op === "put") seen.set(key, decoder.decode(bytes))
              else seen.delete(key)
            }
          })
        )
      )
      yield* Effect.sleep(100)
      const before = yield* log.barrier({ log: "objects" })
      const { held } = yield* move({
        layer: SqliteLog.layer({ file: `${directory}/b.db` }),
        record: () => Effect.void
      })
      yield* Effect.sleep(200)
      isDone = true
      yield* Fiber.join(writers)
      assert.isBelow(held, 5000)
      assert.isBelow(longest, 5000)
      const now = yield* living(log)
      assert.strictEqual(now.size, 5020)
      for (const [key, value] of acknowledged) assert.strictEqual(now.get(key), value)
      assert.isAbove(yield* log.barrier({ log: "objects" }), before + 1_000_000)
      yield* Effect.eventually(
        Effect.suspend(() => (told.length === 2 && seen.size === 5020 ? Effect.void : Effect.fail("not yet")))
      )
      assert.strictEqual(told.length, 2)
      assert.notStrictEqual(told[0], told[1])
      yield* Restoring.assertWhole(log)
    }).pipe(Effect.scoped)
  )

  it.live("back to where it came from, and not into what others have", () =>
    Effect.gen(function* () {
      const directory = yield* temporary
      const [one, two] = ["one", "two"].map((name) => SqliteLog.layer({ file: `${directory}/${name}.db` }))
      if (one === undefined || two === undefined) return
      const built = yield* Layer.build(Switch.layer(one))
      const log = Context.get(built, Log)
      const { move } = Context.get(built, Switch.Switch)
      const put = (prev: number, text: string) =>
        log.append({
          log: "objects",
          key: "pods/default/a",
          op: "put",
          bytes: new TextEncoder().encode(text),
          prev,
          writeId: text
        })
      const first = yield* put(0, "first")
      yield* move({ layer: two, record: () => Effect.void })
      // Who asks again, because the answer was lost, is told of the same write.
      const moved = yield* put(0, "first")
      assert.isAbove(moved, first)
      const second = yield* put(moved, "second")
      yield* Effect.eventually(Effect.retry(move({ layer: one, record: () => Effect.void }), { times: 100 }))
      assert.deepStrictEqual(yield* living(log), new Map([["pods/default/a", "second"]]))
      assert.isAbove(yield* log.barrier({ log: "objects" }), second + 1_000_000)
      const strange = Layer.effect(
        Log,
        Effect.tap(Log, (other) =>
          other.append({ log: "objects", key: "b", op: "put", bytes: new Uint8Array(1), prev: 0, writeId: "b" })
        )
      ).pipe(Layer.provide(MemoryLog.layer))
      const refused = yield* Effect.flip(move({ layer: strange, record: () => Effect.void }))
      assert.include(refused.message, "the other is not empty")
      assert.isAbove(yield* put(yield* lastOf(log), "third"), second)
    }).pipe(quiet, Effect.scoped)
  )

  it.live("that cannot be remembered did not happen", () =>
    Effect.gen(function* () {
      const built = yield* Layer.build(Switch.layer(MemoryLog.layer))
      const log = Context.get(built, Log)
      const { move } = Context.get(built, Switch.Switch)
      const change = { log: "objects", key: "a", op: "put", bytes: new Uint8Array(1) } as const
      const first = yield* log.append({ ...change, prev: 0, writeId: "1" })
      const failure = yield* Effect.flip(
        move({ layer: Layer.fresh(MemoryLog.layer), record: () => Effect.fail("full" as const) })
      )
      assert.strictEqual(failure, "full")
      assert.strictEqual(yield* log.append({ ...change, prev: first, writeId: "2" }), first + 1)
    }).pipe(Effect.scoped)
  )
})

const lastOf = (log: Service) =>
  Effect.map(
    Stream.runCollect(log.history({ log: "objects", after: 0, key: "pods/default/a" })),
    (found) => found.flat().at(-1)?.seq ?? 0
  )

/** What it said before it was killed: of each key the last value that was acknowledged. */
const killed = (directory: string, step: string) =>
  Effect.callback<Map<string, number>>((resume) => {
    const script = new URL("./MovingMain.ts", import.meta.url).pathname
    execFile(process.execPath, [script, directory, step], { timeout: 60_000 }, (error, stdout, stderr) => {
      assert.strictEqual(error?.signal, "SIGKILL", stderr)
      const lines = stdout.split("\n").slice(0, -1)
      resume(
        Effect.succeed(
          new Map(lines.map((line): [string, number] => [line.split(" ")[0] ?? "", Number(line.split(" ")[1])]))
        )
      )
    })
  })

describe("killed", () => {
  it.live.each([...steps])("at `%s`, one of the two stores has all that was acknowledged", (step) =>
    Effect.gen(function* () {
      const directory = yield* temporary
      const acknowledged = yield* killed(directory, step)
      assert.strictEqual(acknowledged.size, 8)
      const record = yield* StoreRecord.read(`${directory}/moved.json`)
      assert.strictEqual(record !== undefined, steps.indexOf(step) >= steps.indexOf("recorded"))
      const store = SqliteLog.layer({ file: `${directory}/${record?.store ?? "a"}.db` })
      const built = yield* Layer.build(Switch.layer(store))
      const log = Context.get(built, Log)
      yield* Restoring.assertWhole(log, record?.id)
      const found = yield* living(log)
      assert.strictEqual(found.size, 8)
      for (const [key, count] of acknowledged) {
        // What was under way may be there too; what was acknowledged has to be.
        assert.include([count, count + 1], Number(found.get(key)))
      }
      if (record !== undefined) return
      // What the move has left in the other store does not hinder the next.
      yield* Context.get(built, Switch.Switch).move({
        layer: SqliteLog.layer({ file: `${directory}/b.db` }),
        record: () => Effect.void
      })
      assert.deepStrictEqual(yield* living(log), found)
    }).pipe(Effect.scoped)
  )
})
