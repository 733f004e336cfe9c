/**
 * A server that outlived its supervisor, which was killed. Two servers on one directory would ruin it, and no lock of theirs
 * prevents that, so the old one is ended first; but not if who started it is still there.
 */
import { Effect, FileSystem, Schedule, Schema } from "effect"
import { ChildProcess, ChildProcessSpawner } from "effect/process"

export class NatsServerInUse extends Schema.TaggedError<NatsServerInUse>()("NatsServerInUse", {
  directory: Schema.String,
  owner: Schema.Int
}) {
  override get message() {
    return `the nats-server of ${this.directory} belongs to process ${this.owner}, which is running: stop that one first`
  }
}

export interface Files {
  readonly directory: string
  readonly config: string
  readonly pid: string
  readonly owner: string
}

export const pidIn = (file: string) =>
  Effect.flatMap(FileSystem.FileSystem, (fs) => fs.readFileString(file)).pipe(
    Effect.map((text) => Number.parseInt(text, 10)),
    Effect.orElseSucceed(() => 0)
  )

/** Parent and command line of a process, from Linux itself or from `ps`. */
const processOf = Effect.fnUntraced(function* (pid: number) {
  const fs = yield* FileSystem.FileSystem
  const spawner = yield* ChildProcessSpawner.ChildProcessSpawner
  const linux = Effect.all([fs.readFileString(`/proc/${pid}/status`), fs.readFileString(`/proc/${pid}/cmdline`)]).pipe(
    Effect.map(([status, command]) => `${/^PPid:\s*(\d+)/m.exec(status)?.[1]} ${command}`)
  )
  return yield* linux.pipe(
    Effect.catch(() => spawner.string(ChildProcess.make("ps", ["-o", "ppid=,args=", "-p", `${pid}`]))),
    Effect.orElseSucceed(() => "")
  )
})

/** The parent of the process, if it is a server with this configuration. */
export const parentOf = Effect.fnUntraced(function* (pid: number, config: string) {
  if (!(pid > 0)) return undefined
  const [, parent, command] = /^\s*(\d+)\s+(.*)/s.exec(yield* processOf(pid)) ?? []
  return command?.includes(config) === true ? Number(parent) : undefined
})

const signal = (pid: number, name: NodeJS.Signals) => Effect.sync(() => process.kill(pid, name)).pipe(Effect.ignoreCause)

export const stopForgotten = Effect.fnUntraced(function* ({ config, directory, owner, pid }: Files) {
  const server = yield* pidIn(pid)
  const parent = yield* parentOf(server, config)
  if (parent === undefined) return
  if (parent === (yield* pidIn(owner))) return yield* new NatsServerInUse({ directory, owner: parent })
  yield* Effect.logInfo(`ending a nats-server that was left over (process ${server})`)
  yield* signal(server, "SIGTERM")
  const gone = Effect.repeat(parentOf(server, config), {
    until: (parent) => parent === undefined,
    schedule: Schedule.spaced("50 millis")
  })
  const ended = yield* Effect.timeoutOption(gone, "10 seconds")
  if (ended._tag === "None") yield* signal(server, "SIGKILL")
})
