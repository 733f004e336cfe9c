/** nginx as a child that ends with us, however we end, is started again when it ends by itself, and takes new routes while it serves. */
import { Deferred, Effect, Schedule, Schema } from "effect"
import { type ChildProcess, spawn } from "node:child_process"
import { appendFileSync, existsSync, readFileSync, rmSync } from "node:fs"
import { connect } from "node:net"
import * as Program from "../../Program.ts"

export class NginxFailed extends Schema.TaggedError<NginxFailed>()("NginxFailed", { detail: Schema.String }) {
  override get message() {
    return `nginx: ${this.detail}`
  }
}

export interface Options {
  readonly program: string
  readonly directory: string
  /** Where it listens while it serves: a socket of its own, which says that its workers take connections. */
  readonly ready: string
}

const patience = "20 seconds"
const grace = "5 seconds"
const often = Schedule.spaced("10 millis")
const mostSaid = 8000

export const configOf = (directory: string) => `${directory}/nginx.conf`

interface Run {
  readonly child: ChildProcess
  readonly ended: Deferred.Deferred<string>
  /** What it has said, the end of it. */
  readonly said: () => string
}

const arguments_ = ({ directory }: Options, config: string) => ["-p", directory, "-e", "stderr", "-c", config]

/** A child does not end with its parent by itself; `setpriv` asks the kernel for that. */
const command = (options: Options) => {
  const args = arguments_(options, configOf(options.directory))
  const setpriv = Program.find("setpriv")
  return setpriv === undefined
    ? { program: options.program, args }
    : { program: setpriv, args: ["--pdeathsig", "TERM", options.program, ...args] }
}

/** With all that it has started: workers outlive their master if that is killed, and go on listening. */
const kill = ({ child }: Run, signal: NodeJS.Signals) => {
  try {
    if (child.pid !== undefined) process.kill(-child.pid, signal)
  } catch (cause) {
    if (!(cause instanceof Error && "code" in cause && cause.code === "ESRCH")) throw cause
  }
}

const start = (options: Options) =>
  Effect.sync((): Run => {
    // One that was killed leaves its socket, which nobody can have then.
    rmSync(options.ready, { force: true })
    const { args, program } = command(options)
    const child = spawn(program, args, { stdio: ["ignore", "ignore", "pipe"], cwd: "/", detached: true })
    const ended = Deferred.makeUnsafe<string>()
    let said = ""
    child.stderr.on("data", (bytes: Buffer) => {
      said = `${said}${bytes}`.slice(-mostSaid)
      appendFileSync(`${options.directory}/nginx.log`, bytes, { mode: 0o600 })
    })
    const run: Run = { child, ended, said: () => said }
    const end = (how: string) => {
      kill(run, "SIGKILL")
      Deferred.doneUnsafe(ended, Effect.succeed(`${how}: ${said.trim().split("\n").at(-1)}`))
    }
    child.on("error", ({ message }) => end(message))
    child.on("exit", (code, signal) => end(`it ended with ${signal ?? code}`))
    return run
  })

const stop = (run: Run) =>
  Effect.gen(function* () {
    run.child.kill("SIGQUIT")
    const forced = Effect.andThen(
      Effect.sync(() => kill(run, "SIGKILL")),
      Deferred.await(run.ended)
    )
    yield* Effect.timeoutOrElse(Deferred.await(run.ended), { duration: grace, orElse: () => forced })
  })

const answers = (socket: string) =>
  Effect.callback<boolean>((resume) => {
    const tried = connect(socket)
    tried.on("connect", () => {
      tried.destroy()
      resume(Effect.succeed(true))
    })
    tried.on("error", () => resume(Effect.succeed(false)))
  })

const emergency = (said: string) => /\[emerg\][^\n]*/.exec(said)?.[0]

/** The last words of a run that was no good, or nothing. */
const failed = (run: Run, before: number) =>
  Effect.gen(function* () {
    if (Deferred.isDoneUnsafe(run.ended)) return yield* new NginxFailed({ detail: yield* Deferred.await(run.ended) })
    const words = emergency(run.said().slice(before))
    if (words !== undefined) return yield* new NginxFailed({ detail: words })
  })

const within = <A, E>(effect: Effect.Effect<A, E>, what: string) =>
  Effect.timeoutOrElse(effect, {
    duration: patience,
    orElse: () => Effect.fail(new NginxFailed({ detail: `${what} within ${patience}` }))
  })

/** By what its workers call themselves: those that serve, and not those that only end what they have begun. */
const workers = ({ child: { pid } }: Run): ReadonlyArray<string> => {
  const children = `/proc/${pid}/task/${pid}/children`
  const all = existsSync(children) ? readFileSync(children, "utf8").trim().split(" ") : []
  return all.filter((one) => {
    const title = `/proc/${one}/cmdline`
    return one !== "" && existsSync(title) && !readFileSync(title, "utf8").includes("shutting down")
  })
}

/** It may end between two looks. */
const serving = (run: Run) => Effect.try(() => workers(run)).pipe(Effect.orElseSucceed((): ReadonlyArray<string> => []))

/** Whether nginx takes a configuration; it says why not. */
export const test = (options: Options, config: string) =>
  Program.run(options.program, [...arguments_(options, config), "-q", "-t"]).pipe(
    Effect.mapError(({ detail }) => new NginxFailed({ detail: emergency(detail) ?? detail }))
  )

/** Resolves when it serves; from then on it is kept running until the scope closes. */
export const supervise = Effect.fnUntraced(function* (options: Options) {
  let [restarts, reason] = [0, ""]
  let run: Run | undefined
  yield* Effect.addFinalizer(() => Effect.suspend(() => (run === undefined ? Effect.void : stop(run))))
  const launch = Effect.tap(start(options), (started) => Effect.sync(() => void (run = started)))
  const ready = (started: Run) =>
    within(
      Effect.repeat(Effect.andThen(failed(started, 0), answers(options.ready)), { until: (is) => is, schedule: often }),
      "it does not serve"
    )
  yield* Effect.flatMap(launch, ready)
  const again = Effect.gen(function* () {
    if (run === undefined) return
    reason = yield* Deferred.await(run.ended)
    restarts++
    yield* Effect.logWarning("nginx ended; it is started again").pipe(Effect.annotateLogs({ reason }))
    yield* Effect.sleep(Math.min(100 * 2 ** Math.min(restarts, 6), 5000))
    // Not in two minds: what was started is known to whoever ends it.
    yield* Effect.uninterruptible(launch)
  })
  yield* Effect.forkScoped(Effect.repeat(again, Schedule.forever))

  /** Over when every worker that takes connections has read the configuration that lies there now. */
  const reload = Effect.suspend(() => {
    const current = run
    if (current === undefined || Deferred.isDoneUnsafe(current.ended)) return Effect.void
    return Effect.gen(function* () {
      const [before, said] = [new Set(yield* serving(current)), current.said().length]
      current.child.kill("SIGHUP")
      const look = Effect.gen(function* () {
        yield* failed(current, said)
        const now = yield* serving(current)
        return now.length > 0 && !now.some((one) => before.has(one))
      })
      yield* within(Effect.repeat(look, { until: (is) => is, schedule: often }), "its workers have not changed")
    })
  })
  return {
    reload,
    state: Effect.map(answers(options.ready), (isServing) => ({ isServing, restarts, reason }))
  }
})
export type Supervised = Effect.Success<ReturnType<typeof supervise>>
