/**
 * Bodies in YAML. Its parser takes a hundred times as long as that of JSON, so what is longer than a short manifest is read in a
 * thread, while others are served.
 */
import { Effect, Semaphore } from "effect"
import { Worker } from "node:worker_threads"
import type { Told } from "./Thread.ts"
import { parse } from "./Text.ts"

/** Of bytes that are read at once. */
const short = 2048
const patience = "5 seconds"
/** So many threads at a time. */
const threads = Semaphore.makeUnsafe(2)

const reason = (why: unknown) => (why instanceof Error ? why.message : String(why))
const attempt = (read: () => unknown) => Effect.try({ try: read, catch: reason })

/** Those that have nothing to do, and keep no process alive. After some texts one ends, with the memory that these took. */
const idle: Array<Worker> = []
const most = 32
const texts = new WeakMap<Worker, number>()
const start = () => {
  // Node.js reads its few lines as they are, without the loader of the process.
  const worker = new Worker(new URL("./Thread.ts", import.meta.url), { execArgv: ["--disable-warning=ExperimentalWarning"] })
  worker.unref()
  return worker
}

/** A thread that takes too long is ended, and is nobody's any more. */
const inThread = (text: string) =>
  Effect.callback<string, string>((resume) => {
    const worker = idle.pop() ?? start()
    const settle = (result: Effect.Effect<string, string>) => {
      worker.off("message", told).off("error", failed).off("exit", gone)
      resume(result)
    }
    const told = (told: Told) => {
      settle("json" in told ? Effect.succeed(told.json) : Effect.fail(told.why))
      const read = (texts.get(worker) ?? 0) + 1
      texts.set(worker, read)
      if (read >= most) void worker.terminate()
      else {
        worker.unref()
        idle.push(worker)
      }
    }
    const failed = (error: Error) => settle(Effect.fail(reason(error)))
    const gone = () => settle(Effect.fail("the text could not be read"))
    worker.on("message", told).on("error", failed).on("exit", gone)
    worker.ref()
    worker.postMessage(text)
    return Effect.promise(() => worker.terminate())
  })

/** Fails with what is wrong with the text. */
export const read = (bytes: Buffer): Effect.Effect<unknown, string> => {
  const text = bytes.toString()
  if (bytes.length <= short) return attempt(() => parse(text))
  return Semaphore.withPermit(threads, inThread(text)).pipe(
    Effect.timeoutOrElse({ duration: patience, orElse: () => Effect.fail("the text takes too long to read") }),
    Effect.flatMap((json) => attempt(() => JSON.parse(json)))
  )
}
