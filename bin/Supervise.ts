/**
 * Runs one of our own processes as a child: its output goes to a log file, it is started again with back-off when it ends, and it
 * ends by itself when this process is gone (its standard input closes).
 */
import { Clock, Deferred, Duration, Effect, FileSystem, Schema, Scope } from "effect"
import { spawn } from "node:child_process"
import { closeSync, openSync } from "node:fs"
import { join } from "node:path"
import type { Paths } from "./Paths.ts"
import * as Processes from "./Processes.ts"

/** Set in the environment of a child, so that it knows whose it is. */
export const supervised = "KEELSON_SUPERVISED"

interface Child {
  readonly name: string
  readonly args: ReadonlyArray<string>
  /** What it is started by, such as `nsenter …`. That has to become the process itself. */
  readonly inside?: ReadonlyArray<string>
  /** How long it may take to end, before it is killed. */
  readonly patience: `${number} seconds`
}

const shortest = 200
const longest = 30_000
/** A process that ran this long has worked: what ends it then is a new trouble. */
const steady = 60_000

const start = Effect.fnUntraced(function* ({ log, run }: Paths, { args, inside = [], name, patience }: Child) {
  const files = yield* FileSystem.FileSystem
  yield* files.makeDirectory(log, { recursive: true, mode: 0o700 })
  const ended = yield* Deferred.make<number | null>()
  yield* Effect.acquireRelease(
    Effect.sync(() => {
      const output = openSync(join(log, `${name}.log`), "a", 0o600)
      const script = process.argv[1] ?? ""
      // A group of its own, so that Ctrl-C in the terminal reaches the supervisor alone, which ends children in order.
      const [program = process.execPath, ...rest] = [...inside, process.execPath, ...process.execArgv, script, ...args]
      const child = spawn(program, rest, {
        stdio: ["pipe", output, output],
        env: { ...process.env, [supervised]: "1" },
        detached: true
      })
      closeSync(output)
      child.once("exit", (code) => Deferred.doneUnsafe(ended, Effect.succeed(code)))
      child.once("error", () => Deferred.doneUnsafe(ended, Effect.succeed(null)))
      // Asked now, and not when it is to be ended: by then its number may be another's.
      return child.pid === undefined ? undefined : Processes.of(child.pid)
    }),
    (child) => (child === undefined ? Effect.void : Processes.end(child, patience))
  ).pipe(Effect.tap((child) => (child === undefined ? Effect.void : Processes.record(run, name, child.pid))))
  return yield* Deferred.await(ended)
})

export class NotStarting extends Schema.TaggedError<NotStarting>()("NotStarting", { message: Schema.String }) {}

/** So often in a row may a start fail by something that passes, such as a port that a dying process still has. */
const attempts = 3

/** The child's own words for why it ended, or the end of its log. */
const lastWords = Effect.fnUntraced(function* ({ log }: Paths, { name }: Child) {
  const files = yield* FileSystem.FileSystem
  const file = join(log, `${name}.log`)
  const lines = (yield* Effect.orElseSucceed(files.readFileString(file), () => "")).trimEnd().split("\n")
  const said = lines.findLast((line) => line.startsWith("keelson: "))?.slice("keelson: ".length)
  return said ?? `the ${name} does not start. The end of ${file}:\n${lines.slice(-8).join("\n")}`
})

/** Keeps the child running until the scope closes; then it is ended. The effect that it returns fails if the child never starts. */
export const child = Effect.fnUntraced(function* (paths: Paths, about: Child) {
  const scope = yield* Scope.Scope
  const hopeless = yield* Deferred.make<never, NotStarting>()
  const loop = Effect.gen(function* () {
    for (let failures = 0; ; failures++) {
      const began = yield* Clock.currentTimeMillis
      const code = yield* Effect.scoped(start(paths, about))
      if ((yield* Clock.currentTimeMillis) - began > steady) failures = 0
      if (failures + 1 === attempts) {
        yield* Deferred.fail(hopeless, new NotStarting({ message: yield* lastWords(paths, about) }))
      }
      const delay = Math.min(longest, shortest * 2 ** failures)
      yield* Effect.logWarning(
        `${about.name} ended (${code ?? "killed"}); again in ${delay} ms; its log: ${join(paths.log, `${about.name}.log`)}`
      )
      yield* Effect.sleep(Duration.millis(delay))
    }
  })
  yield* Effect.forkIn(loop, scope)
  return Deferred.await(hopeless)
})

/** In a child: succeeds when the supervisor is gone. */
export const orphaned: Effect.Effect<void> = Effect.callback((resume) => {
  if (process.env[supervised] === undefined) return
  process.stdin.resume()
  process.stdin.once("close", () => resume(Effect.void))
  process.stdin.once("end", () => resume(Effect.void))
})
