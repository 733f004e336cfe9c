/** The processes of a container, by the cgroup they are in: pids are given again, and a runtime that was killed forgets some. */
import { readdirSync, readFileSync } from "node:fs"

/** Kills it if it is this container's. */
export const kill = (pid: number, container: string) => {
  try {
    if (pid > 1 && readFileSync(`/proc/${pid}/cgroup`, "utf8").includes(container)) process.kill(pid, "SIGKILL")
  } catch {
    // It ended by itself.
  }
}

export const killAll = (container: string) => {
  for (const entry of readdirSync("/proc")) kill(Number(entry), container)
}
