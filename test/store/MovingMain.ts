/**
 * A process that writes and moves its store from one file to another, and ends as by kill -9 at a step of that. Each line that it says
 * is a write that was acknowledged.
 */
import { Effect } from "effect"
import * as StoreRecord from "../../bin/StoreRecord.ts"
import { Log } from "../../kernel/store/Log.ts"
import * as SqliteLog from "../../kernel/store/sqlite/SqliteLog.ts"
import * as Switch from "../../kernel/store/Switch.ts"
import { writeSync } from "node:fs"

const [, , directory = "", step = ""] = process.argv
const file = `${directory}/moved.json`

const write = Effect.fnUntraced(function* (writer: number) {
  const log = yield* Log
  const key = `pods/default/${writer}`
  let prev = 0
  for (let count = 1; ; count++) {
    const bytes = new TextEncoder().encode(`${count}`)
    // Whose revision has passed meanwhile begins with what is there, as the pipeline does.
    for (let isDone = false; !isDone; ) {
      const change = { log: "objects", key, op: "put", bytes, writeId: `${writer} ${count}` } as const
      const exit = yield* Effect.result(log.append({ ...change, prev }))
      isDone = exit._tag === "Success"
      if (exit._tag === "Success") prev = exit.success
      else if (exit.failure._tag === "Conflict") prev = exit.failure.last
    }
    writeSync(1, `${key} ${count}\n`)
    yield* Effect.sleep(2)
  }
})

const program = Effect.gen(function* () {
  const { move } = yield* Switch.Switch
  yield* Effect.forEach(Array(8).keys(), write, { concurrency: "unbounded" }).pipe(Effect.forkScoped)
  yield* Effect.sleep(200)
  yield* move({
    layer: SqliteLog.layer({ file: `${directory}/b.db` }),
    record: (id) => StoreRecord.write(file, { store: "b", controlPlanes: 1, from: "a", id, time: "" }),
    onStep: (at) => Effect.sync(() => at === step && process.kill(process.pid, "SIGKILL"))
  })
  yield* Effect.sleep(200)
  process.kill(process.pid, "SIGKILL")
})

await Effect.runPromise(
  program.pipe(Effect.provide(Switch.layer(SqliteLog.layer({ file: `${directory}/a.db` }))), Effect.scoped)
)
