/**
 * Whether the write-ahead file that a process left behind when it was killed is damaged in the middle. SQLite takes a frame with a
 * wrong checksum for the end, and what was acknowledged after it would be gone without a word. A commit is flushed before the
 * next one begins: frames of a transaction after one that does not fit say that it once did.
 * Source: SQLite, "Database File Format", section 4.
 */
import { closeSync, openSync, readSync } from "node:fs"
import { remedy } from "./SqliteSchema.ts"

const header = 32
const frameHeader = 24

/** The running checksum, over eight bytes at a time; integers are in the order of bytes that the file's magic number tells. */
const summed = (bytes: Buffer, isBig: boolean, [first, second]: readonly [number, number]): readonly [number, number] => {
  let [a, b] = [first, second]
  for (let at = 0; at < bytes.length; at += 8) {
    a = (a + (isBig ? bytes.readUInt32BE(at) : bytes.readUInt32LE(at)) + b) >>> 0
    b = (b + (isBig ? bytes.readUInt32BE(at + 4) : bytes.readUInt32LE(at + 4)) + a) >>> 0
  }
  return [a, b]
}

const readAt = (file: number, at: number, length: number) => {
  const bytes = Buffer.alloc(length)
  return readSync(file, bytes, 0, length, at) === length ? bytes : undefined
}

/** The frame (from 1) that is damaged although transactions after it were on the disk; nothing if there is none. */
const damagedFrame = (file: number): number | undefined => {
  const start = readAt(file, 0, header)
  if (start === undefined) return undefined
  const isBig = (start.readUInt32BE(0) & 1) === 1
  const size = start.readUInt32BE(8)
  const salt = start.subarray(16, 24)
  let sum = summed(start.subarray(0, 24), isBig, [0, 0])
  if (sum[0] !== start.readUInt32BE(24) || sum[1] !== start.readUInt32BE(28)) return undefined
  let bad: number | undefined
  let isCommitted = false
  for (let number = 1; ; number++) {
    const frame = readAt(file, header + (number - 1) * (frameHeader + size), frameHeader + size)
    if (frame === undefined) return undefined
    const isOurs = frame.subarray(8, 16).equals(salt)
    if (bad === undefined) {
      sum = summed(frame.subarray(frameHeader), isBig, summed(frame.subarray(0, 8), isBig, sum))
      const fits = sum[0] === frame.readUInt32BE(16) && sum[1] === frame.readUInt32BE(20)
      if (isOurs && fits) continue
      bad = number
    } else if (isOurs && isCommitted) return bad
    // What stands after its end is left from before, and has another salt.
    if (isOurs && frame.readUInt32BE(4) !== 0) isCommitted = true
  }
}

/** Milliseconds: after them a file that another process is writing looks different. */
const pause = 50

/**
 * Throws if what was acknowledged would be lost. Before the database is opened: who closes it would take the damaged file away, and
 * the proof with it.
 */
export const check = (database: string) => {
  let file: number
  try {
    file = openSync(`${database}-wal`, "r")
  } catch (cause) {
    if (cause instanceof Error && "code" in cause && cause.code === "ENOENT") return
    throw cause
  }
  try {
    const frame = damagedFrame(file)
    if (frame === undefined) return
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, pause)
    if (damagedFrame(file) === frame)
      throw new Error(`its write-ahead file ${database}-wal is damaged at frame ${frame}. ${remedy}`)
  } finally {
    closeSync(file)
  }
}
