/**
 * The audit log as a file: a line for each event, before the request is answered. When it is large enough it is put aside under its time,
 * and those that are too many or too old are removed. Several processes may write the same one.
 */
import { Effect, Schema } from "effect"
import {
  closeSync,
  createReadStream,
  createWriteStream,
  fstatSync,
  mkdirSync,
  openSync,
  readdirSync,
  renameSync,
  rmSync,
  statSync,
  writeSync
} from "node:fs"
import { basename, dirname, extname, join } from "node:path"
import { pipeline } from "node:stream/promises"
import { createGzip } from "node:zlib"
import type { Event } from "./contracts/Auditor.ts"
import * as Lines from "./Lines.ts"

export interface Options {
  /** `-` is the standard output. */
  readonly path: string
  readonly format: "json" | "legacy"
  /** In MiB; 0: upstream's 100. */
  readonly maxSize: number
  /** How many of old are kept, and how many days; 0: all of them. */
  readonly maxBackup: number
  readonly maxAge: number
  readonly compress: boolean
  readonly lost: (count: number) => void
}

export class NoAuditLog extends Schema.TaggedError<NoAuditLog>()("NoAuditLog", { message: Schema.String }) {}

const mebibyte = 2 ** 20
const day = 24 * 60 * 60 * 1000

/** `audit-2026-01-01T00-00-00.000.log`. */
const backupOf = (path: string, now: Date) => {
  const extension = extname(path)
  const time = now.toISOString().replaceAll(":", "-").replace("Z", "")
  return join(dirname(path), `${basename(path, extension)}-${time}${extension}`)
}

const backupsOf = (path: string) => {
  const extension = extname(path)
  const prefix = `${basename(path, extension)}-`
  return readdirSync(dirname(path))
    .filter(
      (name) => name.startsWith(prefix) && /\d{3}$/.test(name.replace(/\.gz$/, "").slice(0, -extension.length || undefined))
    )
    .toSorted()
    .map((name) => join(dirname(path), name))
}

const compressed = async (path: string) => {
  await pipeline(createReadStream(path), createGzip(), createWriteStream(`${path}.gz`, { mode: 0o600 }))
  rmSync(path)
}

/** Opened when it is first written, and again when somebody else has put it aside. */
class File {
  #handle: number | undefined
  #size = 0
  readonly #options: Options
  constructor(options: Options) {
    this.#options = options
  }
  #open() {
    const { path } = this.#options
    mkdirSync(dirname(path), { recursive: true })
    const handle = openSync(path, "a", 0o600)
    this.#handle = handle
    this.#size = fstatSync(handle).size
    return handle
  }
  readonly close = () => {
    if (this.#handle !== undefined) closeSync(this.#handle)
    this.#handle = undefined
  }
  readonly #isMine = (handle: number) =>
    statSync(this.#options.path, { throwIfNoEntry: false })?.ino === fstatSync(handle).ino

  #rotate(handle: number) {
    const { compress, maxAge, maxBackup, path } = this.#options
    const isMine = this.#isMine(handle)
    this.close()
    if (!isMine) return
    const backup = backupOf(path, new Date())
    renameSync(path, backup)
    const all = backupsOf(path).toReversed()
    const old = all.filter(
      (one, index) =>
        (maxBackup > 0 && index >= maxBackup) || (maxAge > 0 && statSync(one).mtimeMs < Date.now() - maxAge * day)
    )
    for (const one of old) rmSync(one, { force: true })
    if (compress && !old.includes(backup)) void compressed(backup).catch(() => this.#options.lost(0))
  }
  readonly write = (line: string) => {
    const bytes = Buffer.from(line)
    const limit = (this.#options.maxSize || 100) * mebibyte
    if (this.#handle !== undefined && this.#size + bytes.length > limit) this.#rotate(this.#handle)
    const handle = this.#handle ?? this.#open()
    this.#size += writeSync(handle, bytes)
  }
}

const textOf = (format: Options["format"], event: Event) =>
  `${format === "json" ? JSON.stringify(event) : Lines.legacy(event)}\n`

/** Fails if it cannot be opened; what cannot be written later is counted as lost. */
export const make = Effect.fnUntraced(function* (options: Options) {
  const { format, lost, path } = options
  if (path === "-")
    return (events: ReadonlyArray<Event>) => void process.stdout.write(events.map((one) => textOf(format, one)).join(""))
  const file = new File(options)
  yield* Effect.try({
    try: () => file.write(""),
    catch: (cause) => new NoAuditLog({ message: `--audit-log-path ${path}: it cannot be written: ${String(cause)}` })
  })
  yield* Effect.addFinalizer(() => Effect.sync(file.close))
  let isBroken = false
  return (events: ReadonlyArray<Event>): void => {
    try {
      file.write(events.map((one) => textOf(format, one)).join(""))
      isBroken = false
    } catch (cause) {
      lost(events.length)
      // Once, and not for each request.
      if (!isBroken) process.stderr.write(`the audit log ${path} cannot be written: ${String(cause)}\n`)
      isBroken = true
      file.close()
    }
  }
})
