/** People in network namespaces who serve and ask as they are told: a process each, told over its standard input. */
import { Effect, Schema } from "effect"
import { execFile, spawn } from "node:child_process"
import { createInterface } from "node:readline"
import { fileURLToPath } from "node:url"

/** What is run on the machine for the checks did not work: says nothing about who is checked. */
export class BedFailed extends Schema.TaggedError<BedFailed>()("BedFailed", { detail: Schema.String }) {
  override get message() {
    return `the checks cannot be made: ${this.detail}`
  }
}

export const sh = (script: string) =>
  Effect.callback<string, BedFailed>((resume) => {
    execFile("sh", ["-ec", script], { maxBuffer: 2 ** 30 }, (error, stdout, stderr) =>
      resume(
        error === null ? Effect.succeed(stdout) : Effect.fail(new BedFailed({ detail: stderr.trim() || error.message }))
      )
    )
  })

const Reply = Schema.Struct({ id: Schema.Int, result: Schema.Json })
const decodeReply = Schema.decodeUnknownEffect(Schema.fromJsonString(Reply))

export interface To {
  readonly host: string
  readonly port: number
  readonly protocol?: "tcp" | "udp"
  readonly count?: number
  /** Milliseconds between two questions. */
  readonly every?: number
  readonly localPort?: number
}

const program = fileURLToPath(new URL("Peer.mjs", import.meta.url))

/** `prefix` leads into the namespace. Ends with the scope. */
export const start = Effect.fnUntraced(function* (prefix: ReadonlyArray<string>) {
  const [command = "", ...args] = [...prefix, process.execPath, program]
  const waiting = new Map<number, (result: Schema.Json) => void>()
  let isDead = false
  const child = yield* Effect.acquireRelease(
    Effect.sync(() => spawn(command, args, { stdio: ["pipe", "pipe", "inherit"] })),
    (child) => Effect.sync(() => child.kill("SIGKILL"))
  )
  const died = () => {
    isDead = true
    for (const answer of waiting.values()) answer("the peer has died")
  }
  child.on("error", died)
  child.on("exit", died)
  child.stdin.on("error", () => undefined)
  createInterface({ input: child.stdout }).on("line", (text) => {
    Effect.runFork(
      Effect.map(decodeReply(text), ({ id, result }) => {
        waiting.get(id)?.(result)
        waiting.delete(id)
      })
    )
  })
  let last = 0
  const tell = (way: string, order: object) =>
    Effect.callback<Schema.Json>((resume) => {
      const id = ++last
      if (isDead) return resume(Effect.succeed("the peer has died"))
      waiting.set(id, (result) => resume(Effect.succeed(result)))
      child.stdin.write(`${JSON.stringify({ ...order, way, id })}\n`)
    }).pipe(
      Effect.timeout("60 seconds"),
      Effect.mapError(({ message }) => new BedFailed({ detail: `${way} ${JSON.stringify(order)}: ${message}` }))
    )
  const texts = (result: Schema.Json) => (Array.isArray(result) ? result.map(String) : [String(result)])
  return {
    serve: (name: string, port: number) =>
      Effect.flatMap(tell("serve", { name, port }), (result) =>
        result === "serving" ? Effect.void : Effect.fail(new BedFailed({ detail: `${name}: ${result}` }))
      ),
    /** Whoever connects to the port on loopback there reaches the socket of this path. */
    relay: (port: number, path: string) =>
      Effect.flatMap(tell("relay", { port, path }), (result) =>
        result === "relaying" ? Effect.void : Effect.fail(new BedFailed({ detail: `port ${port}: ${result}` }))
      ),
    /** What each answered, or the code of what went wrong: `ECONNREFUSED`, `TIMEOUT`. */
    ask: (to: To) => Effect.map(tell("ask", { ...to }), texts),
    /** A connection that stays; the first answer, and the next each time it is asked. */
    hold: (to: Pick<To, "host" | "port">) =>
      Effect.map(
        Effect.acquireRelease(Effect.map(tell("hold", to), texts), ([held]) =>
          Effect.ignore(tell("drop", { held: Number(held) }))
        ),
        ([held, first = ""]) => ({ first, say: Effect.map(tell("say", { held: Number(held) }), String) })
      )
  }
})
export type Peer = Effect.Success<ReturnType<typeof start>>
