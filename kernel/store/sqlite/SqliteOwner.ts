/**
 * The thread that has the database, seen from this side: requests go out a frame a turn of the event loop, and each is
 * answered once. When the thread dies of an error of the disk, what was under way is unknown and it is started again.
 */
import { Deferred, Effect, Schedule, Schema } from "effect"
import { Worker } from "node:worker_threads"
import { Unavailable } from "../../plugin/Contract.ts"
import type { Answer, Message, Request, Said, Start } from "./SqliteThread.ts"
import type { State } from "./SqliteDatabase.ts"

export class SqliteInUse extends Schema.TaggedError<SqliteInUse>()("SqliteInUse", { file: Schema.String }) {
  override get message() {
    return `${this.file} belongs to another running process: stop that one first, or use a file of its own`
  }
}

export class SqliteUnusable extends Schema.TaggedError<SqliteUnusable>()("SqliteUnusable", {
  file: Schema.String,
  reason: Schema.String
}) {
  override get message() {
    return `${this.file} cannot be used as a store: ${this.reason}`
  }
}

/** SQLite's own numbers, of which the low byte is the kind of error. */
const busy = 5

const unavailable = (applied: "no" | "unknown", cause: unknown) =>
  new Unavailable({ contract: "kernel/Log", applied, cause })

/** A request without its number. */
export type Ask = Request extends infer R ? (R extends Request ? Omit<R, "id"> : never) : never
/** Takes in what the answer says, and gives what is to be done when the whole frame is taken in. */
type Settle = (answer: Answer | Unavailable) => () => void

export interface Owner {
  /** `settle` runs once, in the order of the requests. */
  readonly ask: (ask: Ask, settle: Settle) => void
}

export interface Options extends Start {
  readonly thread: URL
  /** Runs with the database's state before anything is asked, again after each new start. */
  readonly onReady: (state: State) => Effect.Effect<void, SqliteUnusable>
  /** Runs when all answers of a frame are taken in, before their callers go on. */
  readonly onFrame: () => void
}

interface Running {
  readonly worker: Worker
  readonly state: State
  /** Done when the thread has ended, with the reason. */
  readonly gone: Effect.Effect<unknown>
}

/** V8's own options are not a thread's: it has them from the process anyway, but Node.js refuses to be told so. */
const spawn = (thread: URL, start: Start) => {
  const options = { workerData: start }
  try {
    const execArgv = [...process.execArgv, "--disable-warning=ExperimentalWarning"]
    return new Worker(thread, { ...options, execArgv })
  } catch (cause) {
    if (cause instanceof Error && "code" in cause && cause.code === "ERR_WORKER_INVALID_EXEC_ARGV") {
      return new Worker(thread, options)
    }
    throw cause
  }
}

export const make = Effect.fnUntraced(function* ({ epoch, file, onFrame, onReady, thread }: Options) {
  const pending = new Map<number, Settle>()
  let running: Running | undefined
  let count = 0
  let frame: Array<Request> = []

  const flush = () => {
    const message: Message = frame
    frame = []
    running?.worker.postMessage(message)
  }
  const ask: Owner["ask"] = (request, settle) => {
    if (running === undefined) return settle(unavailable("no", "the store's thread is being started again"))()
    const id = ++count
    pending.set(id, settle)
    // When the loop has turned: what else came with it goes with it, in one message and one transaction.
    if (frame.push({ ...request, id }) === 1) setImmediate(flush)
  }
  const onAnswers = (answers: ReadonlyArray<Answer>) => {
    const settled = answers.map((answer) => {
      const settle = pending.get(answer.id)
      pending.delete(answer.id)
      return settle?.(answer)
    })
    onFrame()
    for (const go of settled) go?.()
  }
  const lose = (cause: unknown) => {
    running = undefined
    frame = []
    const lost = [...pending.values()]
    pending.clear()
    for (const settle of lost) settle(unavailable("unknown", cause))()
  }

  const start = Effect.callback<Running, SqliteInUse | SqliteUnusable>((resume) => {
    const worker = spawn(thread, { file, epoch })
    const gone = Deferred.makeUnsafe<unknown>()
    let failure: unknown = "the thread has ended"
    const refuse = (reason: string) => resume(Effect.fail(new SqliteUnusable({ file, reason })))
    worker.on("message", (said: Said) => {
      if (!("ready" in said) && !("refused" in said)) return onAnswers(said)
      if ("ready" in said) return resume(Effect.succeed({ state: said.ready, worker, gone: Deferred.await(gone) }))
      if (said.code !== undefined && (said.code & 0xff) === busy) resume(Effect.fail(new SqliteInUse({ file })))
      else refuse(said.refused)
    })
    worker.on("error", (error) => {
      failure = error
    })
    worker.on("exit", () => {
      refuse(String(failure))
      Deferred.doneUnsafe(gone, Effect.succeed(failure))
    })
    // Whoever starts it may be ended before it is ready: it would hold the file, and the process.
    return Effect.promise(() => worker.terminate())
  })

  const open = Effect.tap(start, (started) =>
    onReady(started.state).pipe(
      Effect.andThen(
        Effect.sync(() => {
          running = started
        })
      ),
      Effect.onError(() => Effect.promise(() => started.worker.terminate()))
    )
  )

  const stop = Effect.suspend(() => {
    const stopped = running
    if (stopped === undefined) return Effect.void
    flush()
    running = undefined
    stopped.worker.postMessage("close" satisfies Message)
    return stopped.gone.pipe(
      Effect.timeoutOption("5 seconds"),
      Effect.andThen(Effect.promise(() => stopped.worker.terminate())),
      Effect.andThen(Effect.sync(() => lose("closed")))
    )
  })

  const again = open.pipe(
    Effect.tapError((error) => Effect.logError("the store cannot be opened again", error)),
    Effect.retry(Schedule.min([Schedule.exponential("100 millis"), Schedule.spaced("5 seconds")]))
  )
  const watch = Effect.fnUntraced(function* (first: Running) {
    let { gone } = first
    for (;;) {
      const cause = yield* gone
      lose(cause)
      yield* Effect.logError("the store's thread has failed and is started again", cause)
      ;({ gone } = yield* again)
    }
  })
  yield* Effect.forkScoped(watch(yield* Effect.acquireRelease(open, () => stop)))

  return { ask } satisfies Owner
})
