/** A guest in a thread of its own. It shares the memory and the rights of this process. */
import { Effect } from "effect"
import { type MessagePort, Worker } from "node:worker_threads"
import type * as Wire from "../Wire.ts"
import { printed } from "./Process.ts"
import { Main, type Open } from "./Settings.ts"

export const wireOf = (port: MessagePort | Worker): Wire.Wire => ({
  post: (frame) => port.postMessage(frame),
  listen: (heard, closed) => {
    let why = "its thread has ended"
    port.on("message", (frame: unknown) => heard(Array.isArray(frame) ? frame : []))
    port.on("error", (cause) => (why = String(cause)))
    // A port is closed, a thread exits.
    port.once("close", () => closed(why)).once("exit", () => closed(why))
  }
})

const megabyte = 1024 * 1024

/** A heap that grows beyond its limit ends the thread; arrays and buffers are not in it. */
const limits = (bytes: number | undefined) =>
  bytes === undefined ? {} : { resourceLimits: { maxOldGenerationSizeMb: Math.max(16, Math.ceil(bytes / megabyte)) } }

export const open: Open = Effect.fnUntraced(function* ({ budgets, name }) {
  const main = yield* Main
  const run = Effect.runForkWith(yield* Effect.context())
  const log = (line: string) => run(Effect.annotateLogs(Effect.logInfo(line), { plugin: name }))
  const worker = yield* Effect.acquireRelease(
    Effect.sync(() => new Worker(main, { name, stdout: true, stderr: true, ...limits(budgets?.memoryBytes) })),
    (worker) => Effect.promise(() => worker.terminate())
  )
  // What it prints is logged under its name.
  for (const stream of [worker.stdout, worker.stderr]) printed(stream, log)
  // What it says before it is listened to waits in the port, but not that it has failed.
  return wireOf(worker)
})
