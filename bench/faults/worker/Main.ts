/**
 * One worker, a process that is killed and paused like any other: `Main.ts '{"process": …}'`. SIGUSR2 asks it to come to the end of
 * the log with its watcher and to end; killed and started again, its watcher goes on where its file says.
 */
import * as NodeRuntime from "@effect/platform-node/NodeRuntime"
import { Deferred, Effect, Layer, References, Schedule, Schema, Stream } from "effect"
import { readdirSync, readFileSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import * as JetStreamLog from "../../../kernel/store/jetstream/JetStreamLog.ts"
import * as Nats from "../../../kernel/store/jetstream/Nats.ts"
import * as NatsScrub from "../../../kernel/store/jetstream/NatsScrub.ts"
import * as Streams from "../../../kernel/store/jetstream/Streams.ts"
import { type Entry, Log } from "../../../kernel/store/Log.ts"
import * as Lines from "../Lines.ts"
import * as ApiTarget from "./ApiTarget.ts"
import * as LogTarget from "./LogTarget.ts"
import type { Cursor, Target, Watcher } from "./Target.ts"
import * as Workload from "./Workload.ts"

export const Task = Schema.Struct({
  process: Schema.String,
  /** Where the history goes. */
  directory: Schema.String,
  /** The store. */
  servers: Schema.Array(Schema.String),
  cluster: Schema.String,
  /** Of the API server to ask; empty to ask the store by its driver. */
  kubeconfig: Schema.String,
  /** What is recorded begins with it. */
  prefix: Schema.String,
  /** What is written begins with it. */
  keys: Schema.String,
  clients: Schema.Int,
  pause: Schema.Int,
  /** Whether it forgets history now and then. */
  compacts: Schema.Boolean,
  /** Instead of all that: writes down what the log holds, and ends. */
  last: Schema.Boolean
})
export type Task = typeof Task.Type

const layerOf = ({ cluster, servers }: Task) => JetStreamLog.layer({ servers, cluster, replicas: 3 })

const filesOf = ({ directory, process }: Task) =>
  readdirSync(directory)
    .filter((file) => file.startsWith(`${process}.`) && file.endsWith(".jsonl"))
    .toSorted()
const epochFile = ({ directory, process }: Task) => join(directory, `${process}.epoch`)

/** Where the watcher of this process has got to, over all its starts. */
const cursorOf = (task: Task): Cursor | undefined => {
  for (const file of filesOf(task).toReversed()) {
    const records = Effect.runSync(Effect.fromResult(Lines.read(task.directory, file)))
    const last = records.findLast(({ _tag }) => _tag === "UpTo" || _tag === "Began")
    if (last?._tag === "UpTo") return { epoch: readFileSync(epochFile(task), "utf8"), seq: last.seq }
    if (last?._tag === "Began") return undefined
  }
  return undefined
}

const watcherOf = (task: Task, lines: Lines.Lines, at: { seq: number }): Watcher => {
  const { process } = task
  const who = () => ({ time: Lines.now(), process, watcher: `watcher of ${process}` })
  return {
    began: (epoch) => {
      lines.write({ _tag: "Began", ...who(), epoch })
      writeFileSync(epochFile(task), epoch)
    },
    resumed: (after) => lines.write({ _tag: "Resumed", ...who(), after }),
    gone: () => lines.write({ _tag: "Gone", ...who() }),
    saw: (seen) => lines.write({ _tag: "Saw", ...who(), ...seen }),
    upTo: (seq) => {
      lines.write({ _tag: "UpTo", ...who(), seq })
      at.seq = seq
    }
  }
}

const work = Effect.fn("Worker.work")(function* <E, R>(task: Task, made: Effect.Effect<Target, E, R>) {
  const cursor = cursorOf(task)
  const count = `${filesOf(task).length}`.padStart(4, "0")
  const lines = Lines.open(join(task.directory, `${task.process}.${count}.jsonl`))
  lines.write({ _tag: "Restarted", time: Lines.now(), process: task.process })
  const stop = yield* Deferred.make<void>()
  process.on("SIGUSR2", () => Effect.runFork(Deferred.succeed(stop, undefined)))
  const target = yield* made
  const at = { seq: 0 }
  yield* Effect.forkScoped(target.watch(watcherOf(task, lines, at), cursor))
  if (task.compacts) yield* Effect.forkScoped(Effect.forever(target.compact))
  yield* Effect.raceFirst(Workload.run(target, lines, task), Deferred.await(stop))
  const asked = Lines.now()
  const head = yield* Workload.close(target, lines, task)
  yield* Effect.sync(() => at.seq >= head).pipe(Effect.repeat({ schedule: Schedule.spaced("50 millis"), until: Boolean }))
  lines.write({ _tag: "Ended", time: Lines.now(), asked, process: task.process, watcher: `watcher of ${task.process}` })
})

/** An entry as the workload knows it; nothing if it is not of the workload. */
const keptOf = ({ kubeconfig, prefix }: Task, entry: Entry) => {
  if (kubeconfig === "") return entry.key.startsWith(prefix) ? LogTarget.seenOf(entry) : undefined
  return ApiTarget.entryOf(entry, prefix)
}

const last = Effect.fn("Worker.last")(function* (task: Task) {
  const log = yield* Log
  const patient = Schedule.spaced("500 millis")
  const head = yield* Effect.retry(log.barrier({ log: "objects" }), patient)
  const { compacted } = yield* Effect.retry(log.status({ log: "objects" }), patient)
  const lines = Lines.open(join(task.directory, "last.jsonl"))
  yield* Stream.runForEach(log.history({ log: "objects", after: 0, upTo: head }), (entries) =>
    Effect.sync(() => {
      for (const entry of entries) {
        const seen = keptOf(task, entry)
        if (seen !== undefined) lines.write({ _tag: "Kept", ...seen, prev: entry.prev })
      }
    })
  )
  const report = yield* Effect.scoped(
    Effect.flatMap(Nats.make({ servers: task.servers }), (nats) => NatsScrub.scrub(nats, task.cluster))
  ).pipe(Effect.retry({ schedule: Schedule.spaced("1 second"), times: 30 }))
  const wrong = NatsScrub.describe(report)
  const compared = { _tag: "Compared" as const, servers: report.servers.length, messages: report.messages }
  lines.write(wrong === undefined ? compared : { ...compared, wrong })
  lines.write({ _tag: "Head", last: head, compacted, versions: Streams.versions })
})

const main = Effect.gen(function* () {
  const task = yield* Schema.decodeEffect(Schema.fromJsonString(Task))(process.argv[2] ?? "")
  if (task.kubeconfig !== "" && !task.last) return yield* work(task, ApiTarget.make(task))
  // At its start a server may be away as at any other time.
  const log = yield* Layer.build(layerOf(task)).pipe(Effect.retry(Schedule.spaced("500 millis")))
  yield* Effect.provide(task.last ? last(task) : work(task, LogTarget.make(task)), log)
}).pipe(Effect.scoped, Effect.provideService(References.MinimumLogLevel, "Error"))

NodeRuntime.runMain(main)
