/** Starts the processes that load a store, and asks them for figures. */
import { Effect, Schema } from "effect"
import { spawn } from "node:child_process"
import { join } from "node:path"
import * as Delayed from "./Delayed.ts"
import type { Address } from "./Stores.ts"
import type { Plan } from "./Writes.ts"

const Figures = Schema.Struct({ took: Schema.Finite, waits: Schema.Array(Schema.Finite) })

/** Like a server's: the flushes of a store that lives in the client are held back too. */
export interface Slowed {
  readonly delay: number
  readonly journal: string
}

export const plain: Slowed = { delay: 0, journal: "" }

const command = (program: string, args: ReadonlyArray<string>, { delay, journal }: Slowed) =>
  Delayed.under(delay, journal, [process.execPath, ...process.execArgv, join(import.meta.dirname, program), ...args])

/** A program of this folder that answers messages. Gives what it says at first, and how to ask it, one thing at a time. */
export const start = Effect.fnUntraced(function* (program: string, args: ReadonlyArray<string>, slowed: Slowed) {
  const [file = "", ...rest] = command(program, args, slowed)
  const { child } = yield* Effect.acquireRelease(
    Effect.sync(() => {
      const child = spawn(file, rest, { stdio: ["ignore", "inherit", "inherit", "ipc"] })
      return { child, ended: new Promise<void>((resolve) => child.on("exit", () => resolve())) }
    }),
    ({ child, ended }) =>
      Effect.promise(() => {
        if (child.connected) child.disconnect()
        return ended
      })
  )
  const next = Effect.callback<unknown, Error>((resume) => {
    const onClose = (code: number | null) => resume(Effect.fail(new Error(`${program} has ended (${code})`)))
    child.once("exit", onClose)
    child.once("message", (message) => {
      child.off("exit", onClose)
      resume(Effect.succeed(message))
    })
  })
  const ready = yield* next
  const ask = (question: object) =>
    Effect.suspend(() => {
      child.send(question)
      return next
    })
  return { ready, ask, pid: child.pid ?? 0 }
})

export const startWriter = (address: Address, slowed: Slowed) =>
  Effect.map(start("Writer.ts", [JSON.stringify(address)], slowed), ({ ask, pid }) => ({
    pid,
    ask: (plan: Plan) => Effect.flatMap(ask(plan), Schema.decodeUnknownEffect(Figures))
  }))
