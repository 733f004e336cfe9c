/**
 * Runs a program in a network namespace of its own, which a process cannot enter once it runs, and says what is left when it has ended.
 * The program is given words and a folder, and prints a line for each thing that held.
 */
import { execFileSync, spawnSync } from "node:child_process"
import { mkdtempSync, readFileSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"

const words = (text: string) => text.split("\n").filter((line) => line !== "")
const output = (program: string, args: ReadonlyArray<string>) => spawnSync(program, args, { encoding: "utf8" }).stdout.trim()

/** What is there of this namespace and this folder. */
const found = (namespace: string, directory: string) => ({
  tables: output("nsenter", [`--net=/run/netns/${namespace}`, "nft", "list", "tables"]),
  links: words(output("ip", ["-n", namespace, "-br", "link"])).filter((line) => !line.startsWith("lo")),
  mounts: words(readFileSync("/proc/self/mounts", "utf8")).filter((line) => line.includes(`${directory}/`)),
  processes: words(output("pgrep", ["-af", directory]))
})

export const nothing: ReturnType<typeof found> = { tables: "", links: [], mounts: [], processes: [] }

export const run = (file: string, given: ReadonlyArray<string>, minutes: number) => {
  const directory = mkdtempSync(join(tmpdir(), "kt-node-"))
  const namespace = directory.split("/").at(-1) ?? ""
  execFileSync("ip", ["netns", "add", namespace])
  execFileSync("ip", ["-n", namespace, "link", "set", "lo", "up"])
  const program = join(import.meta.dirname, file)
  const args = [`--net=/run/netns/${namespace}`, process.execPath, "--import", "tsx", program, ...given, directory]
  const { status, stderr, stdout } = spawnSync("nsenter", args, { encoding: "utf8", timeout: minutes * 60_000 })
  const left = found(namespace, directory)
  execFileSync("ip", ["netns", "delete", namespace])
  rmSync(directory, { recursive: true, force: true })
  return { status, stderr, lines: stdout.split("\n"), left }
}
