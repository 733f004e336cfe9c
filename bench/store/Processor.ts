/** Processor time of processes: what a figure costs, which does not depend on what else the machine has to do. */
import { readFileSync } from "node:fs"

/** What runs under strace, and not strace itself. */
const traced = (pid: number): ReadonlyArray<number> => {
  if (readFileSync(`/proc/${pid}/comm`, "utf8").trim() !== "strace") return [pid]
  return readFileSync(`/proc/${pid}/task/${pid}/children`, "utf8")
    .trim()
    .split(" ")
    .filter(Boolean)
    .map(Number)
    .flatMap(traced)
}

/** All threads of them so far, in milliseconds. Source: proc(5), in hundredths of a second. */
export const spent = (pids: ReadonlyArray<number>) =>
  pids.flatMap(traced).reduce((sum, pid) => {
    const [, fields = ""] = readFileSync(`/proc/${pid}/stat`, "utf8").split(") ")
    const [user = "0", system = "0"] = fields.split(" ").slice(11, 13)
    return sum + 10 * (Number(user) + Number(system))
  }, 0)
