/** A guest in a thread of its own. It shares the memory and the rights of this process. */
import { Effect } from "effect"
import { type MessagePort, Worker } from "node:worker_threads"
import type * as Wire from "../Wire.ts"
import { printed } from "./Process.ts"
import { Main, type Open } from "./Settings.ts"

/** After so many bytes the other thread is asked to say that it has taken them: a port itself does not tell. */
const receipt = 256 * 1024

export const wireOf = (port: MessagePort | Worker): Wire.Wire => {
  let [unsent, unasked] = [0, 0]
  let waiting: Array<() => void> = []
  const took = (bytes: number) => {
    unsent = Math.max(0, unsent - bytes)
    const all = waiting
    waiting = []
    for (const then of all) then()
  }
  return {
    post: (frame, bytes) => {
      unsent += bytes
      unasked += bytes
      if (unasked < receipt) return port.postMessage(frame)
      port.postMessage({ frame, receipt: unasked })
      unasked = 0
    },
    unsent: () => unsent,
    drained: (then) => waiting.push(then),
    listen: (heard, closed) => {
      const hear = (message: unknown) => {
        if (Array.isArray(message)) return heard(message)
        if (typeof message !== "object" || message === null) return heard([])
        if ("taken" in message && typeof message.taken === "number") return took(message.taken)
        if (!("frame" in message && Array.isArray(message.frame) && "receipt" in message)) return heard([])
        heard(message.frame)
        port.postMessage({ taken: message.receipt })
      }
      let why: string | undefined
      const end = (code?: number) => {
        closed(why ?? `its thread has ended${code === undefined ? "" : ` with code ${code}`}`)
        took(unsent)
      }
      port.on("message", hear)
      port.on("error", (cause) => (why = String(cause)))
      // A port is closed, a thread exits.
      port.once("close", () => end()).once("exit", end)
    }
  }
}

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
