/** Runs an adapter's kit in a process of its own, and in a network namespace of its own if it changes the network. */
import { Effect, Schema } from "effect"
import { execFileSync, spawn } from "node:child_process"
import { existsSync, mkdtempSync, readdirSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { basename, join } from "node:path"
import type { Readable } from "node:stream"
import { fileURLToPath } from "node:url"
import { type Adapter, Plan, Result, type Site, type Terms } from "./Adapter.ts"
import type { Part } from "./Record.ts"

/** What came of an adapter: a result for each law, and what it could not go on for. */
export interface Found {
  readonly adapter: Adapter
  /** What the machine lacks; then there are no results. */
  readonly lacks: ReadonlyArray<string>
  /** What was going to be checked. */
  readonly plans: ReadonlyArray<Plan>
  readonly results: ReadonlyArray<Result>
  /** Why it did not come to an end. */
  readonly failure?: string
  readonly seconds: number
}

export class NoNamespace extends Schema.TaggedError<NoNamespace>()("NoNamespace", { message: Schema.String }) {}

/** No part takes longer for its laws. */
const patience = 15 * 60_000
const mostSaid = 20_000

/** Whose it is stands in its name, so that others can clear up after one that was killed. */
const prefix = "kt-law-"
const directory = Effect.acquireRelease(
  Effect.sync(() => mkdtempSync(join(tmpdir(), `${prefix}${process.pid}-`))),
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

/** What runs of which nothing is left did not take back themselves: their folders and network namespaces. */
export const sweep = Effect.forEach(
  readdirSync(tmpdir()).filter((name) => {
    const [, pid] = new RegExp(`^${prefix}(\\d+)-`).exec(name) ?? []
    return pid !== undefined && !existsSync(`/proc/${pid}`)
  }),
  (name) => {
    const remove = Effect.sync(() => rmSync(join(tmpdir(), name), { recursive: true, force: true }))
    return existsSync(`/run/netns/${name}`) ? Effect.andThen(Effect.ignore(ip("netns", "delete", name)), remove) : remove
  },
  { discard: true }
)

const lines = (stream: Readable, told: (line: string) => void) => {
  let rest = ""
  stream.setEncoding("utf8").on("data", (text: string) => {
    const all = `${rest}${text}`.split("\n")
    rest = all.pop() ?? ""
    for (const line of all) told(line)
  })
}

/** What an adapter's process tells. */
export type Told = Plan | Result
const decode = Schema.decodeUnknownSync(Schema.fromJsonString(Schema.Union([Plan, Result])))

/** In a group of its own, so that all of it ends if it has to be ended. */
const run = (command: ReadonlyArray<string>, told: (one: Told) => void) =>
  Effect.callback<string | undefined>((resume) => {
    const [program = "", ...args] = command
    const child = spawn(program, args, { stdio: ["pipe", "pipe", "pipe", "pipe"], detached: true })
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

const without = (before: Part): Terms["done"] =>
  Object.fromEntries(
    before.plans.map(({ contract }) => [
      contract,
      before.results.filter((result) => result.contract === contract).map(({ law }) => law)
    ])
  )

/** What it told before is not asked again. */
export const check = Effect.fn("Alone.check")(function* (
  contract: string,
  adapter: Adapter,
  { terms, ...site }: Omit<Site, "directory"> & { readonly terms: Omit<Terms, "done"> },
  before: Part,
  told: (one: Told) => void
) {
  const lacks = site.endpoint === undefined ? adapter.lacks() : []
  if (lacks.length > 0) return { adapter, lacks, plans: [], results: [], seconds: 0 } satisfies Found
  const { ended } = before
  if (ended !== undefined && ended.failure === undefined)
    return { adapter, lacks, plans: before.plans, results: before.results, seconds: ended.seconds } satisfies Found
  const path = yield* directory
  const isAlone = adapter.isAlone && site.endpoint === undefined
  if (isAlone) yield* namespace(basename(path))
  const program = [
    process.execPath,
    "--import",
    import.meta.resolve("tsx"),
    fileURLToPath(new URL("./Run.ts", import.meta.url))
  ]
  const inside = isAlone ? ["nsenter", `--net=/run/netns/${basename(path)}`, "--"] : []
  const asked = { ...site, directory: path, terms: { ...terms, done: without(before) } }
  const given = [contract, adapter.name, JSON.stringify(asked)]
  const plans = new Map(before.plans.map((plan) => [plan.contract, plan]))
  const results = [...before.results]
  const began = performance.now()
  const failure = yield* run([...inside, ...program, ...given], (one) => {
    if ("laws" in one) plans.set(one.contract, one)
    else results.push(one)
    told(one)
  })
  const seconds = (performance.now() - began) / 1000
  const found: Found = { adapter, lacks, plans: [...plans.values()], results, seconds }
  return failure === undefined ? found : { ...found, failure }
}, Effect.scoped)
