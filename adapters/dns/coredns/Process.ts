/** CoreDNS as a child that ends with us, however we end, and is started again when it ends by itself. */
import { Deferred, Effect, Schedule, Schema } from "effect"
import { type ChildProcess, spawn } from "node:child_process"
import { appendFileSync } from "node:fs"
import * as Program from "../../Program.ts"

export class CoreDnsFailed extends Schema.TaggedError<CoreDnsFailed>()("CoreDnsFailed", { detail: Schema.String }) {
  override get message() {
    return `CoreDNS: ${this.detail}`
  }
}

export interface Options {
  readonly program: string
  readonly corefile: string
  readonly log: string
}

const patience = "70 seconds"
const grace = "8 seconds"
const calm = 10_000
const mostSaid = 4000

interface Run {
  readonly child: ChildProcess
  /** Its version, told when its sockets are open. */
  readonly serving: Deferred.Deferred<string>
  readonly ended: Deferred.Deferred<string>
}

/** A child does not end with its parent by itself; `setpriv` asks the kernel for that. */
const command = ({ corefile, program }: Options) => {
  const arguments_ = ["-conf", corefile]
  const setpriv = Program.find("setpriv")
  return setpriv === undefined
    ? { program, arguments: arguments_ }
    : { program: setpriv, arguments: ["--pdeathsig", "TERM", program, ...arguments_] }
}

const start = (options: Options) =>
  Effect.sync((): Run => {
    const { arguments: args, program } = command(options)
    const child = spawn(program, args, { stdio: ["ignore", "pipe", "pipe"], cwd: "/" })
    const [serving, ended] = [Deferred.makeUnsafe<string>(), Deferred.makeUnsafe<string>()]
    let said = ""
    const hear = (bytes: Buffer) => {
      said = `${said}${bytes}`.slice(-mostSaid)
      appendFileSync(options.log, bytes, { mode: 0o600 })
      const version = /^CoreDNS-(\S+)/m.exec(said)?.[1]
      if (version !== undefined) Deferred.doneUnsafe(serving, Effect.succeed(version))
    }
    child.stdout.on("data", hear)
    child.stderr.on("data", hear)
    const end = (how: string) => Deferred.doneUnsafe(ended, Effect.succeed(`${how}: ${said.trim().split("\n").at(-1)}`))
    child.on("error", ({ message }) => end(message))
    child.on("close", (code, signal) => end(`it ended with ${signal ?? code}`))
    return { child, serving, ended }
  })

/** Answers what it has been asked, and ends. */
const stop = ({ child, ended }: Run) =>
  Effect.gen(function* () {
    child.kill("SIGTERM")
    yield* Effect.timeoutOrElse(Deferred.await(ended), {
      duration: grace,
      orElse: () =>
        Effect.andThen(
          Effect.sync(() => child.kill("SIGKILL")),
          Deferred.await(ended)
        )
    })
  })

const served = ({ ended, serving }: Run) =>
  Effect.raceFirst(
    Deferred.await(serving),
    Effect.flatMap(Deferred.await(ended), (detail) => Effect.fail(new CoreDnsFailed({ detail })))
  ).pipe(
    Effect.timeoutOrElse({
      duration: patience,
      orElse: () => Effect.fail(new CoreDnsFailed({ detail: "it does not become ready: does it reach the API?" }))
    })
  )

/** Resolves when it serves; from then on it is kept running until the scope closes. */
export const supervise = Effect.fnUntraced(function* (options: Options) {
  let run: Run | undefined
  let [restarts, reason] = [0, ""]
  yield* Effect.addFinalizer(() => Effect.suspend(() => (run === undefined ? Effect.void : stop(run))))
  const launch = Effect.tap(start(options), (started) => Effect.sync(() => void (run = started)))
  const version = yield* Effect.flatMap(launch, served)
  const again = Effect.gen(function* () {
    if (run === undefined) return
    reason = yield* Deferred.await(run.ended)
    restarts++
    yield* Effect.logWarning("CoreDNS ended; it is started again").pipe(Effect.annotateLogs({ reason }))
    yield* Effect.sleep(Math.min(200 * 2 ** Math.min(restarts, 6), calm))
    // Not in two minds: what was started is known to whoever ends it.
    yield* Effect.uninterruptible(launch)
  })
  yield* Effect.forkScoped(Effect.repeat(again, Schedule.forever))
  return {
    version,
    signal: (name: NodeJS.Signals) => Effect.sync(() => run?.child.kill(name)),
    state: Effect.sync(() => ({
      restarts,
      reason,
      isServing: run !== undefined && Deferred.isDoneUnsafe(run.serving) && !Deferred.isDoneUnsafe(run.ended)
    }))
  }
})
