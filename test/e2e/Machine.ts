/** What the end-to-end tests need of the machine, and how they run its programs. */
import { Effect } from "effect"
import { execFile, spawnSync } from "node:child_process"
import { existsSync, readdirSync, readFileSync, readlinkSync } from "node:fs"
import * as Left from "../Left.ts"

export const has = (program: string) => spawnSync("which", [program]).status === 0

/** What of it this machine lacks; tests are left out for no other reason. */
export const missing = [
  ...(process.getuid?.() === 0 ? [] : ["root"]),
  ...["containerd", "runc", "ip", "nft", "nsenter", "busybox"].filter((program) => !has(program)),
  ...(["/opt/cni/bin/bridge", "/usr/lib/cni/bridge"].some(existsSync) ? [] : ["CNI plugins"])
]

/** For the names of tests. */
export const left = (lacks: ReadonlyArray<string> = missing) => Left.left(lacks)

/** A kubectl of the version that is served or near it: another says less about us. */
export const kubectl = process.env["KEELSON_KUBECTL"] ?? (has("kubectl") ? "kubectl" : undefined)

export interface Ended {
  readonly code: number
  readonly stdout: string
  readonly stderr: string
}

/** Runs a program to its end, whatever that is. */
export const run = (
  program: string,
  args: ReadonlyArray<string>,
  { env = {}, input = "", seconds = 60 }: { env?: Record<string, string>; input?: string; seconds?: number } = {}
) =>
  Effect.callback<Ended>((resume) => {
    const options = { env: { ...process.env, ...env }, timeout: seconds * 1000, maxBuffer: 1 << 26 }
    const child = execFile(program, args, options, (error, stdout, stderr) => {
      const code = error === null ? 0 : typeof error.code === "number" ? error.code : 1
      resume(Effect.succeed({ code, stdout, stderr }))
    })
    // A program that ends before it has read everything is no failure of ours.
    child.stdin?.on("error", () => undefined)
    child.stdin?.end(input)
    // TERM, which `timeout` passes on.
    return Effect.sync(() => child.kill("SIGTERM"))
  })

/** Its output, or a defect with what it said: for steps that are not what is tested. */
export const output = (program: string, args: ReadonlyArray<string>, options: Parameters<typeof run>[2] = {}) =>
  Effect.flatMap(run(program, args, options), ({ code, stderr, stdout }) =>
    code === 0 ? Effect.succeed(stdout) : Effect.die(new Error(`${program} ${args.join(" ")}: ${code}\n${stderr}${stdout}`))
  )

export const textOf = (path: string) => {
  try {
    return readFileSync(path, "utf8")
  } catch {
    // Processes end while they are looked at.
    return ""
  }
}

const linkOf = (path: string) => {
  try {
    return readlinkSync(path)
  } catch {
    // As above.
    return ""
  }
}

export interface Process {
  readonly pid: number
  readonly command: string
  readonly network: string
  /** What is mounted as its root, if that is not ours. */
  readonly root: string
}

const ownMounts = linkOf("/proc/self/ns/mnt")

/** The line of `/proc/<pid>/mountinfo` about `/`: of an overlay it names the folders. Source: proc(5). */
const rootOf = (pid: number) =>
  textOf(`/proc/${pid}/mountinfo`)
    .split("\n")
    .find((line) => line.split(" ")[4] === "/") ?? ""

/** All processes but our own. */
export const processes = (): ReadonlyArray<Process> =>
  readdirSync("/proc")
    .map(Number)
    .filter((pid) => pid > 1 && pid !== process.pid)
    .map((pid) => ({
      pid,
      command: textOf(`/proc/${pid}/cmdline`).replaceAll("\0", " ").trim(),
      network: linkOf(`/proc/${pid}/ns/net`),
      root: linkOf(`/proc/${pid}/ns/mnt`) === ownMounts ? "" : rootOf(pid)
    }))
    .filter(({ command }) => command !== "")

/** The process that is the first of a container. */
export const firstProcess = (containerId: string) =>
  processes().find(
    ({ pid }) => textOf(`/proc/${pid}/cgroup`).includes(containerId) && /^NSpid:.*\t1$/m.test(textOf(`/proc/${pid}/status`))
  )

export const mounts = () => textOf("/proc/self/mounts").trim().split("\n")
