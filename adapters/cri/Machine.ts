/** What the machine is like, as far as a container runtime has to be told. */
import { createHash } from "node:crypto"
import { existsSync, readFileSync, statfsSync } from "node:fs"
import { join } from "node:path"

const firstWith = (paths: ReadonlyArray<string>, file: string) => paths.find((path) => existsSync(join(path, file)))
export const cniPrograms = () => firstWith(["/opt/cni/bin", "/usr/lib/cni", "/usr/libexec/cni"], "bridge")

/** Bit 24 of the effective capabilities, CAP_SYS_RESOURCE: may have less out-of-memory killing than its parent. */
export const mayRaiseLimits = () => {
  const set = /^CapEff:\s*([0-9a-f]+)$/m.exec(readFileSync("/proc/self/status", "utf8"))?.[1] ?? "0"
  return ((BigInt(`0x${set}`) >> 24n) & 1n) === 1n
}

/** Overlays do not lie on overlays. */
export const takesOverlays = (directory: string) => statfsSync(directory).type !== 0x794c7630

/** The folder of cgroups of version 2 beside those of version 1, where a machine has both. */
export const unifiedBeside = (mounts = readFileSync("/proc/self/mounts", "utf8")) => {
  const all = mounts.split("\n").map((line) => line.split(" "))
  const path = all.find(([, , type]) => type === "cgroup2")?.[1]
  return all.some(([, , type]) => type === "cgroup") ? path : undefined
}

/** A socket's path may have 107 bytes, and runtimes append to it. */
export const socketIn = (directory: string, file: string) => {
  const path = join(directory, file)
  if (path.length < 90) return path
  return `/run/keelson-${createHash("sha256").update(path).digest("hex").slice(0, 16)}.sock`
}
