/**
 * The processes of one data directory: who runs, said by pid files. A pid alone proves nothing, because numbers are used again,
 * so a file also keeps when the process began.
 */
import { Effect, FileSystem, Option, Schedule, Schema } from "effect"
import { readFileSync } from "node:fs"
import { join } from "node:path"

const PidFile = Schema.fromJsonString(Schema.Struct({ pid: Schema.Int, began: Schema.String }))
export type Process = typeof PidFile.Type
export const encode = Schema.encodeSync(PidFile)
export const decode = Schema.decodeUnknownOption(PidFile)

/** Clock ticks since boot, from `/proc/<pid>/stat`; empty if there is no such process. Source: proc(5). */
const beganOf = (pid: number): string => {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, "utf8")
    const [state, ...fields] = stat.slice(stat.lastIndexOf(")") + 2).split(" ")
    return state === "Z" ? "" : (fields[18] ?? "")
  } catch {
    // The file is gone with the process: that is the answer.
    return ""
  }
}

export const isAlive = ({ began, pid }: Process) => began !== "" && beganOf(pid) === began

export const of = (pid: number): Process => ({ pid, began: beganOf(pid) })

const fileOf = (run: string, name: string) => join(run, `${name}.pid`)

/** Says that a process runs under this name, until the scope closes. */
export const record = Effect.fnUntraced(function* (run: string, name: string, pid: number) {
  const files = yield* FileSystem.FileSystem
  const file = fileOf(run, name)
  yield* files.makeDirectory(run, { recursive: true, mode: 0o700 })
  yield* Effect.acquireRelease(files.writeFileString(file, encode(of(pid)), { mode: 0o600 }), () =>
    Effect.ignore(files.remove(file, { force: true }))
  )
})

/** The process that was recorded under a name, if it still runs. */
export const find = Effect.fnUntraced(function* (run: string, name: string) {
  const files = yield* FileSystem.FileSystem
  const text = yield* Effect.option(files.readFileString(fileOf(run, name)))
  return Option.filter(Option.flatMap(text, decode), isAlive)
})

/** Never to a process that only has the number of one that is gone. Who ends in between is gone too: that is no failure. */
const signal = (to: Process, name: NodeJS.Signals) =>
  Effect.suspend(() => (isAlive(to) ? Effect.ignore(Effect.try(() => process.kill(to.pid, name))) : Effect.void))

const gone = (process: Process) =>
  Effect.suspend(() => (isAlive(process) ? Effect.fail("alive" as const) : Effect.void)).pipe(
    Effect.retry(Schedule.spaced("50 millis"))
  )

/** Asks a process to end, and ends it after `patience`. Done when it is gone. */
export const end = (process: Process, patience: string & `${number} seconds`) =>
  signal(process, "SIGTERM").pipe(
    Effect.andThen(gone(process)),
    Effect.timeoutOrElse({
      duration: patience,
      orElse: () => Effect.andThen(signal(process, "SIGKILL"), gone(process))
    }),
    Effect.orDie
  )
