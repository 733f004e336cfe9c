/** Limits of a sandbox that the system keeps: memory, processors, processes. Of both kinds of cgroups, whichever are there. */
import { existsSync, mkdirSync, readdirSync, readFileSync, rmdirSync, writeFileSync } from "node:fs"
import { join } from "node:path"

export interface Limits {
  readonly memoryBytes: number
  readonly pids: number
  readonly cpus?: number
}

export interface Cgroup {
  /** What a process writes itself into, before it becomes the guest. */
  readonly joins: ReadonlyArray<string>
  /** Whether the system has ended something in it for want of memory. */
  readonly isFull: () => boolean
  /** Fails as long as something runs in it. */
  readonly remove: () => void
}

const period = 100_000
const quota = (cpus: number) => Math.max(1000, Math.round(cpus * period))
type Files = { readonly [file: string]: string }

const filled = (folder: string, files: Files) => {
  mkdirSync(folder, { recursive: true })
  for (const [file, value] of Object.entries(files)) {
    const path = join(folder, file)
    // Accounts of swap are not kept everywhere, and then there is nothing to limit.
    if (existsSync(path)) writeFileSync(path, value)
  }
  return folder
}

const made = (folders: ReadonlyArray<string>, events: string): Cgroup => ({
  joins: folders.map((folder) => join(folder, "cgroup.procs")),
  isFull: () => /^oom_kill [1-9]/m.test(readFileSync(events, "utf8")),
  remove: () => {
    for (const folder of folders) rmdirSync(folder)
  }
})

/** What hosts have left that were killed. The names of their cgroups end with whose they were. */
const sweep = (parent: string) => {
  for (const name of readdirSync(parent)) {
    const [, pid] = /-(\d+)-\d+$/.exec(name) ?? []
    if (pid === undefined || existsSync(`/proc/${pid}`)) continue
    try {
      rmdirSync(join(parent, name))
    } catch {
      // Another one was faster, or something still runs in it.
    }
  }
}

/** Version 2: one tree, whose controllers are handed down. */
const unified = (root: string, name: string, { cpus, memoryBytes, pids }: Limits) => {
  const parent = join(root, "keelson-plugins")
  mkdirSync(parent, { recursive: true })
  sweep(parent)
  for (const folder of [root, parent]) writeFileSync(join(folder, "cgroup.subtree_control"), "+memory +pids +cpu")
  const folder = filled(join(parent, name), {
    "memory.max": `${memoryBytes}`,
    "memory.swap.max": "0",
    "memory.oom.group": "1",
    "pids.max": `${pids}`,
    ...(cpus !== undefined && { "cpu.max": `${quota(cpus)} ${period}` })
  })
  return made([folder], join(folder, "memory.events"))
}

/** Version 1: a tree for each controller. */
const separate = (root: string, name: string, { cpus, memoryBytes, pids }: Limits) => {
  const limits: { readonly [controller: string]: Files } = {
    memory: { "memory.limit_in_bytes": `${memoryBytes}`, "memory.memsw.limit_in_bytes": `${memoryBytes}` },
    pids: { "pids.max": `${pids}` },
    ...(cpus !== undefined && { cpu: { "cpu.cfs_period_us": `${period}`, "cpu.cfs_quota_us": `${quota(cpus)}` } })
  }
  const folders = Object.entries(limits).map(([controller, files]) => {
    const parent = join(root, controller, "keelson-plugins")
    mkdirSync(parent, { recursive: true })
    sweep(parent)
    return filled(join(parent, name), files)
  })
  return made(folders, join(root, "memory/keelson-plugins", name, "memory.oom_control"))
}

/** A cgroup with these limits. `name` ends with the id of this process, and a number. Throws where this process may not make one. */
export const make = (name: string, limits: Limits, root = "/sys/fs/cgroup") =>
  existsSync(join(root, "cgroup.controllers")) ? unified(root, name, limits) : separate(root, name, limits)
