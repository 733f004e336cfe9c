/**
 * Runs a program of these tests in a network namespace of its own, which a process cannot enter once it runs. What it prints are
 * the results; what it leaves is looked for afterwards.
 */
import { execFileSync, spawnSync } from "node:child_process"
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"

const has = (program: string) => spawnSync("which", [program]).status === 0

/** What of this the machine lacks; the tests are left out for no other reason. */
export const missing = (...programs: ReadonlyArray<string>) => [
  ...(process.getuid?.() === 0 ? [] : ["root"]),
  ...["ip", "nft", "nsenter", ...programs].filter((program) => !has(program)),
  ...(["/opt/cni/bin/bridge", "/usr/lib/cni/bridge"].some(existsSync) ? [] : ["CNI plugins"])
]

const lines = (text: string) => text.split("\n").filter((line) => line.trim() !== "")

export const run = (program: string, minutes: number, ...given: ReadonlyArray<string>) => {
  const directory = mkdtempSync(join(tmpdir(), "kt-cni-"))
  const namespace = directory.split("/").at(-1) ?? ""
  const enter = (...command: ReadonlyArray<string>) => [`--net=/run/netns/${namespace}`, ...command]
  execFileSync("ip", ["netns", "add", namespace])
  execFileSync("ip", ["-n", namespace, "link", "set", "lo", "up"])
  const file = new URL(program, import.meta.url).pathname
  const args = enter(process.execPath, "--import", "tsx", file, directory, ...given)
  const { status, stderr, stdout } = spawnSync("nsenter", args, { encoding: "utf8", timeout: minutes * 60_000 })
  const said = (...command: ReadonlyArray<string>) => spawnSync("nsenter", enter(...command), { encoding: "utf8" }).stdout
  const left = {
    tables: lines(said("nft", "list", "tables")),
    links: lines(said("ip", "-br", "link")).filter((line) => !line.startsWith("lo")),
    routes: lines(said("ip", "route")),
    forwarding: said("cat", "/proc/sys/net/ipv4/ip_forward", "/proc/sys/net/ipv6/conf/all/forwarding").trim(),
    namespaces: readdirSync("/run/netns").filter((name) => name.startsWith(`${namespace}-`)),
    mounts: lines(readFileSync("/proc/self/mounts", "utf8")).filter((line) => line.includes(`${directory}/`)),
    processes: lines(spawnSync("pgrep", ["-f", directory], { encoding: "utf8" }).stdout),
    files: readdirSync(directory)
  }
  execFileSync("ip", ["netns", "delete", namespace])
  rmSync(directory, { recursive: true, force: true })
  return { status, stderr, lines: lines(stdout), left }
}

/** What is left when nothing is. */
export const nothing = {
  tables: [],
  links: [],
  routes: [],
  forwarding: "0\n0",
  namespaces: [],
  mounts: [],
  processes: [],
  files: []
}
