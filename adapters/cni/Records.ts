/**
 * What is noted of every attachment, a file each, before it is made and until it is gone: so that it can be taken back whatever
 * happened in between, and by whichever network is the node's then. CNI calls it the cached result.
 */
import { Effect, Schema } from "effect"
import { createHash } from "node:crypto"
import { mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { NetworkList } from "./Cni.ts"

const { Array: List, Json, Literals, Record: Dictionary, String: Text, Struct, Tuple, fromJsonString, optionalKey } = Schema

export const Record = Struct({
  /** `adding`: how far it came nobody knows. `deleting`: something of it could not be taken back yet. */
  state: Literals(["adding", "added", "deleting"]),
  /** Which of our networks made it. */
  network: Text,
  runtime: Text,
  pod: Text,
  interface: Text,
  namespace: Text,
  /** For one that was made by CNI programs: by which, and with what. */
  cni: optionalKey(
    Struct({
      list: NetworkList,
      version: Text,
      capabilities: Dictionary(Text, Json),
      args: List(Tuple([Text, Text]))
    })
  ),
  result: optionalKey(Json)
})
export type Record = typeof Record.Type

export interface Key {
  readonly pod: string
  readonly interface: string
}

const decode = Schema.decodeUnknownOption(fromJsonString(Record))

/** Names are the caller's, and may be anything. */
const nameOf = ({ interface: name, pod }: Key) =>
  `${createHash("sha256").update(`${pod}\n${name}`).digest("hex").slice(0, 32)}.json`

const textOf = (path: string) => {
  try {
    return readFileSync(path, "utf8")
  } catch {
    return ""
  }
}

export const find = (folder: string, key: Key) => Effect.sync(() => decode(textOf(join(folder, nameOf(key)))))

export const all = (folder: string): Effect.Effect<ReadonlyArray<Record>> =>
  Effect.sync(() => {
    const names = (() => {
      try {
        return readdirSync(folder)
      } catch {
        return []
      }
    })()
    return names.flatMap((name) => {
      const found = name.endsWith(".json") ? decode(textOf(join(folder, name))) : undefined
      return found?._tag === "Some" ? [found.value] : []
    })
  })

/** Whole or not at all: who reads it after we were killed finds the one before or this one. */
export const put = (folder: string, record: Record) =>
  Effect.sync(() => {
    mkdirSync(folder, { recursive: true, mode: 0o700 })
    const path = join(folder, nameOf(record))
    writeFileSync(`${path}.new`, JSON.stringify(record), { mode: 0o600 })
    renameSync(`${path}.new`, path)
  })

export const remove = (folder: string, key: Key) => Effect.sync(() => rmSync(join(folder, nameOf(key)), { force: true }))
