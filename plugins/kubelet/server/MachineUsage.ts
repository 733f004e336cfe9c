/** What the machine below this node uses, its containers and all else: the node's own figures. */
import { readFileSync } from "node:fs"
import { cpus, freemem, totalmem } from "node:os"

const cpuNanoseconds = () =>
  cpus().reduce((sum, { times }) => sum + times.user + times.nice + times.sys + times.irq, 0) * 1_000_000

const meminfo = () => {
  try {
    return readFileSync("/proc/meminfo", "utf8")
  } catch {
    // A machine without it counts what is free less exactly.
    return ""
  }
}

/** Memory that could be had without swapping counts as free. */
const available = () => {
  const [, kibibytes] = /^MemAvailable:\s+(\d+) kB$/m.exec(meminfo()) ?? []
  return kibibytes === undefined ? freemem() : Number(kibibytes) * 1024
}

/** CPU since the machine started. */
export const read = () => {
  const bytes = totalmem() - available()
  return { cpuNanoseconds: cpuNanoseconds(), memoryBytes: bytes, workingSetBytes: bytes }
}
