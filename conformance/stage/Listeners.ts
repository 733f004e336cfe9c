/** The programs that listen in this network namespace, besides this one: what a package has started that serves at a node. */
import { Effect } from "effect"
import { readdirSync, readFileSync, readlinkSync } from "node:fs"

const listening = "0A"

/** The inodes of sockets that take connections. */
const sockets = () =>
  new Set(
    ["tcp", "tcp6"].flatMap((family) =>
      readFileSync(`/proc/net/${family}`, "utf8")
        .trim()
        .split("\n")
        .slice(1)
        .map((line) => line.trim().split(/\s+/))
        .flatMap(([, , , state, , , , , , inode]) => (state === listening ? [`socket:[${inode}]`] : []))
    )
  )

/** Programs come and go while they are looked at. */
const opened = (pid: string) => {
  try {
    return readdirSync(`/proc/${pid}/fd`).map((fd) => readlinkSync(`/proc/${pid}/fd/${fd}`))
  } catch {
    return []
  }
}

const all = () => {
  const found = sockets()
  const pids = readdirSync("/proc").filter((name) => /^\d+$/.test(name) && Number(name) !== process.pid)
  return pids.filter((pid) => opened(pid).some((target) => found.has(target))).map(Number)
}

/** As a defect of theirs would end them. */
export const kill = Effect.sync(() => {
  const victims = all()
  if (victims.length === 0) throw new Error("no program of the package listens: what serves is the package itself")
  for (const pid of victims) process.kill(pid, "SIGKILL")
})
