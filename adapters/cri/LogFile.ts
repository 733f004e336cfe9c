/**
 * Reads a file that a container's output is written to, an entry a line. A rotated file is read to its end before the new one of
 * the same name.
 */
import { Effect, Option, Stream } from "effect"
import { type FileHandle, open, stat } from "node:fs/promises"
import type { Logs } from "../../plugins/kubelet/contracts/Logs.ts"

export type Line = Stream.Success<ReturnType<Logs["Service"]["read"]>>
/** One entry of the file without its end; undefined for what is not one. */
export type Parse = (entry: Buffer) => Line | undefined

export interface Reading {
  readonly follow: boolean
  readonly tail?: number
  readonly since?: string
}

const newline = 10
const slice = 256 * 1024

/** The format of the CRI: `time stream tag text`, where the tag `P` says that the line goes on in the next entry. */
export const parse: Parse = (entry) => {
  const first = entry.indexOf(32)
  const second = entry.indexOf(32, first + 1)
  const third = entry.indexOf(32, second + 1)
  if (first < 0 || second < 0) return undefined
  const stream = entry.toString("latin1", first + 1, second)
  if (stream !== "stdout" && stream !== "stderr") return undefined
  const end = third < 0 ? entry.length : third
  const full = entry[second + 1] === 70
  const text = third < 0 ? Buffer.alloc(0) : entry.subarray(end + 1)
  return { at: entry.toString("latin1", 0, first), stream, line: full ? Buffer.concat([text, Buffer.of(newline)]) : text }
}

/** Where the last `count` entries of the file begin. */
const startOfTail = async (file: FileHandle, count: number) => {
  let position = (await file.stat()).size
  let left = count + 1
  const buffer = Buffer.alloc(slice)
  while (position > 0) {
    const from = Math.max(0, position - slice)
    const { bytesRead } = await file.read(buffer, 0, position - from, from)
    for (let at = bytesRead - 1; at >= 0; at--) if (buffer[at] === newline && --left === 0) return from + at + 1
    position = from
  }
  return 0
}

/** A file that is read on and on. */
class Reader {
  private file: FileHandle | undefined
  private position = 0
  private rest = Buffer.alloc(0)
  private readonly path: string
  private readonly parse: Parse
  constructor(path: string, parse: Parse) {
    this.path = path
    this.parse = parse
  }

  async begin(tail: number | undefined) {
    this.file = await open(this.path).catch(() => undefined)
    if (this.file !== undefined && tail !== undefined) this.position = await startOfTail(this.file, tail)
  }

  /** The next entries; none at the end of the file. */
  async next(): Promise<ReadonlyArray<Line>> {
    this.file ??= await open(this.path).catch(() => undefined)
    if (this.file === undefined) return []
    const buffer = Buffer.allocUnsafe(slice)
    const { bytesRead } = await this.file.read(buffer, 0, slice, this.position)
    if (bytesRead === 0) return (await this.rotated()) ? this.next() : []
    this.position += bytesRead
    const bytes = Buffer.concat([this.rest, buffer.subarray(0, bytesRead)])
    const lines: Array<Line> = []
    let from = 0
    for (let end = bytes.indexOf(newline); end >= 0; end = bytes.indexOf(newline, from)) {
      const line = this.parse(bytes.subarray(from, end))
      if (line !== undefined) lines.push(line)
      from = end + 1
    }
    this.rest = bytes.subarray(from)
    return lines.length > 0 ? lines : this.next()
  }

  /** At the end of a file that is no longer the one of this name. */
  private async rotated() {
    const [now, old] = [await stat(this.path).catch(() => undefined), await this.file?.stat()]
    if (now === undefined || now.ino === old?.ino) return false
    await this.close()
    this.file = await open(this.path)
    this.position = 0
    return true
  }

  async close() {
    await this.file?.close()
    this.file = undefined
  }
}

/** `ended`: the container had ended before the last read found nothing, so that nothing more can come. */
const lines = <E, R>(reader: Reader, follow: boolean, hasEnded: Effect.Effect<boolean, E, R>) =>
  Stream.paginate({ ended: !follow, pauses: 0 }, ({ ended, pauses }) =>
    Effect.gen(function* () {
      const read = yield* Effect.promise(() => reader.next())
      if (read.length > 0) return [read, Option.some({ ended, pauses: 0 })] as const
      if (ended) return [read, Option.none()] as const
      yield* Effect.sleep("100 millis")
      const over = pauses % 5 === 4 && (yield* hasEnded)
      return [read, Option.some({ ended: over, pauses: pauses + 1 })] as const
    })
  )

/** What is asked for of the file; with `follow` also what comes until the container has ended. */
export const read = <E, R>(
  path: string,
  { follow, since, tail }: Reading,
  hasEnded: Effect.Effect<boolean, E, R>,
  format: Parse = parse
) =>
  Stream.unwrap(
    Effect.gen(function* () {
      const reader = yield* Effect.acquireRelease(
        Effect.sync(() => new Reader(path, format)),
        (open) => Effect.promise(() => open.close())
      )
      yield* Effect.promise(() => reader.begin(tail))
      const from = since === undefined ? Number.NEGATIVE_INFINITY : Date.parse(since)
      return Stream.filter(lines(reader, follow, hasEnded), ({ at }) => Date.parse(at) >= from)
    })
  )
