/** API processes whose store is another process: it is killed and started again, and they go on where they were. */
import { assert, it } from "@effect/vitest"
import { Context, Effect, Exit, Fiber, FileSystem, Layer, References, Scope } from "effect"
import * as NodeServices from "@effect/platform-node/NodeServices"
import { spawn } from "node:child_process"
import * as Patience from "../../kernel/pipeline/Patience.ts"
import * as Socket from "../../kernel/plugin/Socket.ts"
import { Log } from "../../kernel/store/Log.ts"
import { seal } from "../../kernel/table/Envelope.ts"
import * as Tables from "../../kernel/table/Tables.ts"
import { ConfigMap } from "../../plugins/resources/contracts/core/v1.ts"

const temporary = Effect.provide(
  Effect.flatMap(FileSystem.FileSystem, (fs) => fs.makeTempDirectoryScoped({ prefix: "keelson-owner-" })),
  NodeServices.layer
)

/** In a process of its own; closing the scope is a kill. */
const owner = Effect.fnUntraced(function* (directory: string) {
  const scope = yield* Scope.make()
  const main = new URL("./OwnerMain.ts", import.meta.url).pathname
  const args = ["--import", "tsx", main, `${directory}/store.db`, `${directory}/log.sock`]
  const child = spawn(process.execPath, args, { stdio: "ignore" })
  const ended = new Promise((resolve) => child.once("exit", resolve))
  yield* Scope.addFinalizer(
    scope,
    Effect.promise(() => {
      child.kill("SIGKILL")
      return ended
    })
  )
  return scope
})

/** An API process' part: the log over the socket, tables of it, and a watcher. */
const follower = (directory: string) =>
  Effect.gen(function* () {
    const layer = Layer.provideMerge(Tables.layer, Socket.connect(Log, `${directory}/log.sock`))
    // A machine that is busy takes its time until the owner serves.
    const context = yield* Effect.retry(Layer.build(Layer.fresh(layer)), { times: 5 })
    const tables = Context.get(context, Tables.Tables)
    const seen: Array<number> = []
    let resets = 0
    tables.of({ log: "objects", storage: "configmaps" }).watch({
      changed: (changes) => seen.push(...changes.map(({ row }) => row.revision)),
      reset: () => resets++
    })
    return { log: Context.get(context, Log), tables, seen, resets: () => resets }
  })

const put = (log: Log["Service"], name: string) =>
  Patience.append(
    log,
    {
      ...{ log: "objects", op: "put", prev: 0, key: `configmaps/default/${name}`, writeId: name },
      bytes: seal(ConfigMap, { metadata: { name, namespace: "default" } })
    },
    { within: Effect.timeoutOrElse }
  ).pipe(Effect.retry({ while: ({ _tag }) => _tag === "Unavailable", times: 5 }))

it.live(
  "the owner is killed twice: no change fails, and watchers miss nothing and begin nothing anew",
  () =>
    Effect.gen(function* () {
      const directory = yield* temporary
      let scope = yield* owner(directory)
      yield* Effect.addFinalizer(() => Effect.suspend(() => Scope.close(scope, Exit.void)))
      const [one, two] = [yield* follower(directory), yield* follower(directory)]
      const seqs: Array<number> = []
      const write = (from: number) =>
        Effect.forEach(
          Array.from({ length: 40 }, (_, index) => `${from}-${index}`),
          (name) => Effect.map(put(one.log, name), (seq) => void seqs.push(seq)),
          { concurrency: 4, discard: true }
        )
      for (const round of [1, 2]) {
        const writing = yield* Effect.forkChild(write(round))
        while (seqs.length < round * 40 - 25) yield* Effect.sleep("5 millis")
        yield* Scope.close(scope, Exit.void)
        // What is known goes on being served.
        assert.isAbove(two.tables.of({ log: "objects", storage: "configmaps" }).size, 0)
        scope = yield* owner(directory)
        yield* Effect.timeout(Fiber.join(writing), "60 seconds")
        assert.strictEqual(seqs.length, round * 40)
      }
      const sorted = seqs.toSorted((a, b) => a - b)
      for (const { resets, seen, tables } of [one, two]) {
        yield* Effect.timeout(tables.passed("objects", sorted.at(-1) ?? 0), "30 seconds")
        assert.deepStrictEqual(seen, sorted)
        assert.strictEqual(resets(), 0)
        assert.strictEqual(yield* tables.current("objects"), sorted.at(-1))
      }
    }).pipe(Effect.scoped, Effect.provideService(References.MinimumLogLevel, "None")),
  120_000
)
