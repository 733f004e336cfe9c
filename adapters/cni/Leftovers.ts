/**
 * What networks made on the node that outlives them: links and processes. It is noted, so that whichever network is the node's at the
 * end takes back what those before it left for the Pods that they had.
 */
import { Effect, Schema } from "effect"
import { existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import * as Program from "../Program.ts"

const { Array: List, Int, String: Text, Struct, fromJsonString } = Schema

const Made = Struct({
  links: List(Text),
  /** `mark`: what stands in the command line, for pids are given again. */
  processes: List(Struct({ pid: Int, mark: Text }))
})
type Made = typeof Made.Type
const decode = Schema.decodeUnknownOption(fromJsonString(Made))

const fileIn = (directory: string) => join(directory, "made.json")
const read = (directory: string): Made => {
  const found = existsSync(fileIn(directory)) ? decode(readFileSync(fileIn(directory), "utf8")) : undefined
  return found?._tag === "Some" ? found.value : { links: [], processes: [] }
}
const change = (directory: string, to: (made: Made) => Made) => {
  mkdirSync(directory, { recursive: true, mode: 0o700 })
  writeFileSync(`${fileIn(directory)}.new`, JSON.stringify(to(read(directory))), { mode: 0o600 })
  renameSync(`${fileIn(directory)}.new`, fileIn(directory))
}

export interface Process {
  readonly pid: number
  readonly mark: string
}

const textOf = (path: string) => {
  try {
    return readFileSync(path, "utf8")
  } catch {
    return ""
  }
}
export const isAlive = ({ mark, pid }: Process) =>
  pid > 1 && textOf(`/proc/${pid}/cmdline`).includes(mark) && !textOf(`/proc/${pid}/stat`).includes(") Z ")

export const noteLink = (directory: string, link: string) =>
  change(directory, ({ links, processes }) => ({ links: [...new Set([...links, link])], processes }))

/** Those that have ended are forgotten. */
export const noteProcess = (directory: string, process: Process) =>
  change(directory, ({ links, processes }) => ({
    links,
    processes: [...processes.filter(({ pid }) => pid !== process.pid).filter(isAlive), process]
  }))

/** The youngest with this mark that lives. */
export const processOf = (directory: string, mark: string) =>
  read(directory).processes.findLast((process) => process.mark === mark && isAlive(process))

const signal = ({ pid }: Process, name: NodeJS.Signals) => {
  try {
    process.kill(pid, name)
  } catch {
    // It ended by itself.
  }
}

/** TERM, and KILL for who does not go. */
export const end = Effect.fnUntraced(function* (one: Process) {
  if (isAlive(one)) signal(one, "SIGTERM")
  for (let waited = 0; isAlive(one) && waited < 50; waited++) yield* Effect.sleep("100 millis")
  if (isAlive(one)) signal(one, "SIGKILL")
  for (let waited = 0; isAlive(one) && waited < 50; waited++) yield* Effect.sleep("20 millis")
})

/** Takes back all of it. Who started last ends first. */
export const remove = Effect.fnUntraced(function* (directory: string) {
  const { links, processes } = read(directory)
  yield* Effect.forEach(processes.toReversed(), end, { discard: true })
  yield* Effect.forEach(links, (link) => Effect.ignore(Program.run("ip", ["link", "delete", link])), { discard: true })
})
