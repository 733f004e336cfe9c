/** Runs an adapter's kit in a process of its own, and in a network namespace of its own if it changes the network. */
import { Effect, Schema } from "effect"
import { execFileSync, spawn } from "node:child_process"
import { mkdtempSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { basename, join } from "node:path"
import type { Readable } from "node:stream"
import { type Adapter, type Name, Result, type Site } from "./Adapter.ts"

/** What came of an adapter: a result for each law, and what it could not go on for. */
export interface Found {
  readonly adapter: Adapter
  /** What the machine lacks; then there are no results. */
  readonly lacks: ReadonlyArray<string>
  readonly results: ReadonlyArray<Result>
  /** Why it did not come to an end. */
  readonly failure?: string
  readonly seconds: number
}

export class NoNamespace extends Schema.TaggedError<NoNamespace>()("NoNamespace", { message: Schema.String }) {}

/** No part takes longer for its laws. */
const patience = 15 * 60_000
const mostSaid = 20_000

const directory = Effect.acquireRelease(
  Effect.sync(() => mkdtempSync(join(tmpdir(), "kt-law-"))),
  (path) => Effect.sync(() => rmSync(path, { recursive: true, force: true }))
)

const ip = (...args: ReadonlyArray<string>) =>
  Effect.try({
    try: () => void execFileSync("ip", args, { stdio: ["ignore", "ignore", "pipe"] }),
    catch: (cause) => new NoNamespace({ message: `no network namespace can be made: ${cause}` })
  })

const namespace = (name: string) =>
  Effect.acquireRelease(Effect.andThen(ip("netns", "add", name), ip("-n", name, "link", "set", "lo", "up")), () =>
    Effect.ignore(ip("netns", "delete", name))
  )

const lines = (stream: Readable, told: (line: string) => void) => {
  let rest = ""
  stream.setEncoding("utf8").on("data", (text: string) => {
    const all = `${rest}${text}`.split("\n")
    rest = all.pop() ?? ""
    for (const line of all) told(line)
  })
}

const decode = Schema.decodeUnknownSync(Schema.fromJsonString(Result))

/** In a group of its own, so that all of it ends if it has to be ended. */
const run = (command: ReadonlyArray<string>, told: (result: Result) => void) =>
  Effect.callback<string | undefined>((resume) => {
    const [program = "", ...args] = command
    const child = spawn(program, args, { stdio: ["ignore", "pipe", "pipe", "pipe"], detached: true })
    let said = ""
    const hear = (text: Buffer) => void (said = `${said}${text}`.slice(-mostSaid))
    child.stdout?.on("data", hear)
    child.stderr?.on("data", hear)
    const results = child.stdio[3]
    if (results !== null && results !== undefined && "setEncoding" in results) lines(results, (line) => told(decode(line)))
    const kill = () => {
      try {
        if (child.pid !== undefined) process.kill(-child.pid, "SIGKILL")
      } catch {
        // It has ended.
      }
    }
    const timer = setTimeout(() => {
      said += "\nit did not come to an end in time"
      kill()
    }, patience)
    child.on("error", ({ message }) => hear(Buffer.from(message)))
    child.on("close", (code) => {
      clearTimeout(timer)
      resume(Effect.succeed(code === 0 ? undefined : said.trim() || `it ended with ${code}`))
    })
    return Effect.callback<void>((ended) => {
      clearTimeout(timer)
      if (child.exitCode !== null || child.signalCode !== null) return ended(Effect.void)
      child.once("close", () => ended(Effect.void))
      // It takes back what it has put into a stranger's part.
      child.kill("SIGTERM")
      setTimeout(kill, 5000).unref()
    })
  })

export const check = Effect.fn("Alone.check")(function* (
  contract: Name,
  adapter: Adapter,
  site: Omit<Site, "directory">,
  told: (result: Result) => void
) {
  const lacks = site.endpoint === undefined ? adapter.lacks() : []
  if (lacks.length > 0) return { adapter, lacks, results: [], seconds: 0 } satisfies Found
  const path = yield* directory
  const isAlone = adapter.isAlone && site.endpoint === undefined
  if (isAlone) yield* namespace(basename(path))
  const program = [process.execPath, "--import", "tsx", join(import.meta.dirname, "Run.ts")]
  const inside = isAlone ? ["nsenter", `--net=/run/netns/${basename(path)}`, "--"] : []
  const given = [contract, adapter.name, JSON.stringify({ ...site, directory: path })]
  const results: Array<Result> = []
  const began = performance.now()
  const failure = yield* run([...inside, ...program, ...given], (result) => {
    results.push(result)
    told(result)
  })
  const found: Found = { adapter, lacks, results, seconds: (performance.now() - began) / 1000 }
  return failure === undefined ? found : { ...found, failure }
}, Effect.scoped)
