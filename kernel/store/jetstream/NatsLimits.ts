/** What a server may take of the machine: memory that its runtime keeps to, and how much of the disk JetStream may fill. */
import { Effect } from "effect"
import { readdir, stat, statfs } from "node:fs/promises"
import { totalmem } from "node:os"
import { join } from "node:path"

export interface Limits {
  /** Bytes. */
  readonly memory: number
  readonly disk: number
}

const mebibyte = 1024 ** 2

/** Zero where nothing limits the process, and more than there is where the limit is none. */
const machineMemory = () => Math.min(totalmem(), process.constrainedMemory() || Number.POSITIVE_INFINITY)

/** A quarter of the machine, shared by the servers that are on it. Without a limit its garbage grows to more than a gibibyte. */
const memoryOf = (sharers: number) =>
  Math.round(Math.min(Math.max(machineMemory() / 4 / sharers, 256 * mebibyte), 1024 * mebibyte))

const bytesIn = async (directory: string): Promise<number> => {
  const sizes = (await readdir(directory, { withFileTypes: true })).map(async (entry) => {
    const path = join(directory, entry.name)
    if (entry.isDirectory()) return bytesIn(path)
    // Files come and go while a server that is still there is looked at.
    return (await stat(path, { throwIfNoEntry: false }))?.size ?? 0
  })
  return (await Promise.all(sizes)).reduce((sum, size) => sum + size, 0)
}

/** Of what is free and what it has already. The rest is for logs, for compaction's copies, and for others. */
const usable = 0.85

/** For a server in `directory`, of several on this machine. `set` goes first. */
export const limitsOf = (directory: string, set: Partial<Limits> = {}, sharers = 1) =>
  Effect.tryPromise({
    try: async (): Promise<Limits> => {
      const { bavail, bsize } = await statfs(directory)
      const disk = Math.floor(((bavail * bsize) / sharers + (await bytesIn(directory))) * usable)
      return { memory: set.memory ?? memoryOf(sharers), disk: set.disk ?? disk }
    },
    catch: (cause) => (cause instanceof Error ? cause.message : String(cause))
  })
