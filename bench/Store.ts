/**
 * `npm run bench`, the store: SQLite, JetStream with one replica and with three, beside etcd 3.6 with one member and with three, each
 * as durable as it claims: appends at 1, 16 and 256 in flight, on this machine's disk and on one whose flushes take 5 ms longer. All
 * of them in turns within one run. Arguments choose: `… bench/Store.ts appends slow`. The figures also go to dist/bench-store.json.
 */
import * as NodeRuntime from "@effect/platform-node/NodeRuntime"
import * as NodeServices from "@effect/platform-node/NodeServices"
import { Console, Effect, FileSystem, Option } from "effect"
import { join } from "node:path"
import * as Appends from "./store/Appends.ts"
import * as Contestants from "./store/Contestants.ts"
import * as Delayed from "./store/Delayed.ts"
import * as Fanout from "./store/Fanout.ts"
import * as Loads from "./store/Loads.ts"
import * as Report from "./store/Report.ts"

const slow = 5

const appends = (directory: string, binaries: Contestants.Binaries, delay: number) =>
  Effect.gen(function* () {
    const rows = yield* Effect.scoped(Appends.run(directory, binaries, delay))
    yield* Console.log(Report.appends(rows))
    return rows
  })

const slowly = Effect.fnUntraced(function* (directory: string, binaries: Contestants.Binaries) {
  if (!Delayed.isThere()) return yield* Effect.as(Console.log("left out: this machine has no strace"), null)
  const [plain, held] = [0, slow].map((delay) => Effect.promise(() => Delayed.calibrate(delay, directory)))
  const flush = { plain: yield* plain!, held: yield* held! }
  yield* Console.log(
    `a flush takes ${flush.plain.p50.toFixed(2)} ms here, and ${flush.held.p50.toFixed(2)} ms held back; four at once ${flush.held.four.toFixed(2)} ms`
  )
  return { flush, rows: yield* appends(directory, binaries, slow) }
})

const loads = (directory: string, binaries: Contestants.Binaries, sizes: ReadonlyArray<Loads.Size>) =>
  Effect.forEach(sizes, (size) =>
    Effect.tap(Loads.run(directory, binaries, size), (rows) => Console.log(Report.loads(rows)))
  )

interface Part {
  readonly about: string
  readonly run: (directory: string, binaries: Contestants.Binaries) => Effect.Effect<unknown, unknown>
}
const parts: { readonly [name: string]: Part } = {
  appends: {
    about: "Appends of 2 KiB, each compare-and-swap",
    run: (directory, binaries) => appends(directory, binaries, 0)
  },
  slow: { about: `The same, every flush held back by ${slow} ms, and counted a write`, run: slowly },
  fanout: {
    about: "Watches: one writer's churn of objects of 2 KiB, from its request to each watcher",
    run: (directory, binaries) =>
      Effect.scoped(Effect.tap(Fanout.run(directory, binaries), (rows) => Console.log(Report.fanout(rows))))
  },
  loads: {
    about: "Load: from a stopped store until every object of 2 KiB is known",
    run: (directory, binaries) => loads(directory, binaries, Loads.sizes)
  },
  history: {
    about: "Load, with history",
    run: (directory, binaries) => loads(directory, binaries, [Loads.withHistory])
  }
}

const said = ({ etcd, nats }: Contestants.Binaries) => [
  "binary" in etcd ? `etcd ${etcd.version}` : `left out: etcd (${etcd.missing})`,
  Option.match(nats, {
    onNone: () => "left out: JetStream (no nats-server, and no Go to build one)",
    onSome: ({ version }) => `nats-server ${version}`
  })
]

const program = Effect.gen(function* () {
  const fs = yield* FileSystem.FileSystem
  const binaries = yield* Contestants.find
  const asked = process.argv.slice(2)
  const unknown = asked.find((name) => !(name in parts))
  if (unknown !== undefined) return yield* Effect.fail(new Error(`no part ${unknown}: ${Object.keys(parts).join(", ")}`))
  for (const line of said(binaries)) yield* Console.log(line)
  const figures: { [part: string]: unknown } = { versions: said(binaries) }
  for (const [name, { about, run }] of Object.entries(parts)) {
    if (asked.length > 0 && !asked.includes(name)) continue
    yield* Console.log(`\n${about}`)
    const directory = yield* fs.makeTempDirectory({ prefix: "keelson-bench-" })
    figures[name] = yield* Effect.ensuring(run(directory, binaries), Effect.orDie(fs.remove(directory, { recursive: true })))
  }
  const file = join(import.meta.dirname, "..", "dist", "bench-store.json")
  yield* fs.makeDirectory(join(file, ".."), { recursive: true })
  yield* fs.writeFileString(file, JSON.stringify(figures, null, 2))
  yield* Console.log(`\nThe figures as JSON: ${file}`)
})

NodeRuntime.runMain(Effect.provide(program, NodeServices.layer))
