/** A nats-server as a child process: started again whenever it dies, and ended gently, or started again, when we say so. */
import { Clock, Deferred, Effect, FileSystem, type PlatformError, Result, Schedule, Schema } from "effect"
import { ChildProcess, ChildProcessSpawner } from "effect/process"
import { at } from "./NatsConfiguration.ts"

export class NatsServerFailed extends Schema.TaggedError<NatsServerFailed>()("NatsServerFailed", {
  directory: Schema.String,
  reason: Schema.String
}) {
  override get message() {
    return `the nats-server of ${this.directory} could not be started: ${this.reason}`
  }
}

export interface Options {
  readonly directory: string
  readonly binary: string
  readonly monitor: string
  /** Bytes. */
  readonly memory: number
  /** Has others to which it can hand over what it leads. */
  readonly isMember: boolean
  readonly wrap: ReadonlyArray<string>
  /** Called when it ends at once because of its files. Whether it is worth starting it again. */
  readonly mend?: (reason: string) => Effect.Effect<boolean>
}

/** Not part of our process group: Ctrl-C reaches us, and we end it when all that use it have ended. */
const commandOf = (binary: string, { directory, isMember, memory, wrap }: Options) => {
  const [program = binary, ...args] = [...wrap, binary, "--config", at(directory).config]
  return ChildProcess.make(program, args, {
    env: { GOMEMLIMIT: `${memory}` },
    extendEnv: true,
    detached: true,
    stdin: "ignore",
    stdout: "ignore",
    stderr: "ignore",
    // SIGUSR2 is lame duck: leadership first, then the clients, then itself.
    killSignal: isMember ? "SIGUSR2" : "SIGTERM",
    forceKillAfter: isMember ? "45 seconds" : "15 seconds"
  })
}

/** Whether the server says so. `js-enabled-only`: JetStream is there; without it: and all its replicas are current. */
export const isHealthy = (monitor: string, what: "" | "js-enabled-only" = "") =>
  Effect.tryPromise(() =>
    fetch(`${monitor}/healthz${what === "" ? "" : `?${what}=true`}`, { signal: AbortSignal.timeout(2000) })
  ).pipe(Effect.filterOrFail(({ ok }) => ok))

/** What it complained of last. */
const lastLines = (log: string, what = /\[(ERR|FTL)\]/) =>
  Effect.gen(function* () {
    const fs = yield* FileSystem.FileSystem
    const text = yield* Effect.orElseSucceed(fs.readFileString(log), () => "")
    return text
      .trim()
      .split("\n")
      .slice(-200)
      .filter((line) => what.test(line))
      .slice(-3)
      .join("; ")
  })
export const complaints = (log: string) => Effect.map(lastLines(log), (lines) => lines || "it says nothing in its log")

/** What it says then is written as a warning. */
const damage = /corrupt|checksums? did not match/i
/** Milliseconds. Who ends sooner has not come to serve anything. */
const atOnce = 15_000

const ended = (how: Result.Result<number, PlatformError.PlatformError>) =>
  Result.isSuccess(how) ? `exit code ${how.success}` : how.failure.message

/** Done when it is there for the first time; from then on it is there until the scope closes. */
export const supervise = Effect.fnUntraced(function* (options: Options) {
  const { directory, isMember, monitor } = options
  const spawner = yield* ChildProcessSpawner.ChildProcessSpawner
  const files = yield* FileSystem.FileSystem
  const failed = (reason: string) => new NatsServerFailed({ directory, reason })
  type Child = ChildProcessSpawner.ChildProcessHandle
  const now = {
    binary: options.binary,
    isStarted: false,
    /** What is done before it is started again, when it ends because it was asked to. */
    asked: undefined as Effect.Effect<void> | undefined,
    child: Deferred.makeUnsafe<Child>()
  }

  const once = Effect.gen(function* () {
    const child = yield* spawner.spawn(commandOf(now.binary, options))
    yield* Deferred.succeed(now.child, child)
    const how = yield* Effect.result(child.exitCode)
    now.child = Deferred.makeUnsafe()
    return [Number(child.pid), how] as const
  }).pipe(Effect.scoped)

  const first = yield* Deferred.make<never, NatsServerFailed>()
  const isMended = Effect.fnUntraced(function* (lived: number, pid: number) {
    if (options.mend === undefined || lived > atOnce) return false
    const lines = yield* lastLines(at(directory).log, damage)
    // Its own lines begin with its number.
    return lines.includes(`[${pid}]`) && (yield* options.mend(lines))
  })
  const loop = Effect.gen(function* () {
    const began = yield* Clock.currentTimeMillis
    const [pid, how] = yield* Effect.catch(once, (error) => Effect.succeed([0, Result.fail(error)] as const))
    const { asked } = now
    now.asked = undefined
    if (asked !== undefined) return yield* asked
    if (yield* isMended((yield* Clock.currentTimeMillis) - began, pid)) return
    if (!now.isStarted) {
      const why = failed(`it ended at once (${ended(how)}): ${yield* complaints(at(directory).log)}`)
      return yield* Effect.andThen(Deferred.fail(first, why), Effect.never)
    }
    yield* Effect.logError(`the nats-server of ${directory} has ended (${ended(how)}) and is started again`)
    yield* Effect.sleep("500 millis")
  })
  yield* Effect.forkScoped(Effect.forever(loop))

  /** A member is there before the others are; on its own it is there when it can be used. */
  const listening = isHealthy(monitor, isMember ? "js-enabled-only" : "").pipe(
    // The server writes a line for each time that it says no.
    Effect.retry(Schedule.spaced(isMember ? "100 millis" : "25 millis")),
    Effect.orDie,
    Effect.timeoutOrElse({
      duration: "60 seconds",
      orElse: () =>
        Effect.flatMap(complaints(at(directory).log), (lines) => failed(`it is not ready after 60 seconds: ${lines}`))
    })
  )
  yield* Effect.raceFirst(listening, Deferred.await(first))
  now.isStarted = true

  const child = Effect.suspend(() => Deferred.await(now.child))
  /** Ends it, does what is to be done while it is not there, and starts it again. */
  const restart = (binary: string | undefined, meanwhile: Effect.Effect<void> = Effect.void) =>
    Effect.gen(function* () {
      const old = yield* child
      now.binary = binary ?? now.binary
      now.asked = meanwhile
      const { killSignal, forceKillAfter } = commandOf(now.binary, options).options
      yield* Effect.ignore(old.kill({ ...(killSignal && { killSignal }), ...(forceKillAfter && { forceKillAfter }) }))
      yield* Effect.repeat(child, { until: ({ pid }) => pid !== old.pid, schedule: Schedule.spaced("25 millis") })
      yield* listening
    }).pipe(Effect.provideService(FileSystem.FileSystem, files))
  return { pid: Effect.map(child, ({ pid }) => Number(pid)), restart }
})
