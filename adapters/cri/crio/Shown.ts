/** What a CRI-O shows of its configuration: it answers HTTP too on the socket of the CRI, in TOML. */
import { Effect, Schema } from "effect"
import { request } from "node:http"
import { DaemonFailed } from "../Daemon.ts"

const get = (socketPath: string) =>
  Effect.callback<string, DaemonFailed>((resume) => {
    const fail = (cause: unknown) =>
      resume(Effect.fail(new DaemonFailed({ detail: `crio does not show its configuration: ${cause}` })))
    const asked = request({ socketPath, path: "/config", timeout: 10_000 }, (response) => {
      const parts: Array<Buffer> = []
      response.on("data", (part: Buffer) => parts.push(part))
      response.on("end", () => resume(Effect.succeed(Buffer.concat(parts).toString())))
      response.on("error", fail)
    })
    asked.on("timeout", () => asked.destroy(new Error("no answer in time")))
    asked.on("error", fail)
    asked.end()
    return Effect.sync(() => asked.destroy())
  })

const Quoted = Schema.fromJsonString(Schema.String)

/** What stands in a table of the document at a key that is a text. */
const texts = (toml: string) => {
  const found = new Map<string, string>()
  let table = ""
  for (const line of toml.split("\n")) {
    table = /^\s*\[([^[\]]+)\]\s*$/.exec(line)?.[1] ?? table
    const [, key, value] = /^\s*(\w+) = (".*")\s*$/.exec(line) ?? []
    const text = Schema.decodeUnknownOption(Quoted)(value)
    if (key !== undefined && text._tag === "Some") found.set(`${table}.${key}`, text.value)
  }
  return found
}

export interface Shown {
  readonly driver: string
  readonly root: string
  readonly runroot: string
  /** Of each handler the program, and the folder in which that keeps the state of its containers. */
  readonly handlers: ReadonlyArray<{ readonly program: string; readonly state: string }>
}

export const read = Effect.fn("Crio.shown")(function* (socket: string) {
  const found = texts(yield* get(socket))
  const text = (key: string) => found.get(key) ?? ""
  const names = [...found.keys()].flatMap((key) => /^crio\.runtime\.runtimes\.([^.]+)\.runtime_root$/.exec(key)?.[1] ?? [])
  const shown: Shown = {
    driver: text("crio.storage_driver"),
    root: text("crio.root"),
    runroot: text("crio.runroot"),
    handlers: names.map((name) => ({
      program: text(`crio.runtime.runtimes.${name}.runtime_path`),
      state: text(`crio.runtime.runtimes.${name}.runtime_root`)
    }))
  }
  if (shown.root === "") return yield* new DaemonFailed({ detail: `crio on ${socket} does not say where its storage is` })
  return shown
})
