/**
 * The laws of the kubelet's contracts on a real containerd, and the life of Pods on it. Each program runs in a network namespace of its
 * own, which a process cannot enter once it runs; what it prints are the results.
 */
import { afterAll, assert, beforeAll, describe, it } from "@effect/vitest"
import { execFileSync, spawnSync } from "node:child_process"
import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"

const has = (program: string) => spawnSync("which", [program]).status === 0
/** What of this the machine lacks; the tests are left out for no other reason. */
const missing = [
  ...(process.getuid?.() === 0 ? [] : ["root"]),
  ...["containerd", "runc", "ip", "nft", "nsenter", "busybox"].filter((program) => !has(program)),
  ...(["/opt/cni/bin/bridge", "/usr/lib/cni/bridge"].some(existsSync) ? [] : ["CNI plugins"])
]

const run = (program: string, minutes: number) => {
  const directory = mkdtempSync(join(tmpdir(), "kt-node-"))
  const namespace = directory.split("/").at(-1) ?? ""
  execFileSync("ip", ["netns", "add", namespace])
  execFileSync("ip", ["-n", namespace, "link", "set", "lo", "up"])
  const file = new URL(program, import.meta.url).pathname
  const args = [`--net=/run/netns/${namespace}`, process.execPath, "--import", "tsx", file, directory]
  const { status, stderr, stdout } = spawnSync("nsenter", args, { encoding: "utf8", timeout: minutes * 60_000 })
  const tables = spawnSync("nsenter", [`--net=/run/netns/${namespace}`, "nft", "list", "tables"], {
    encoding: "utf8"
  }).stdout
  const links = spawnSync("ip", ["-n", namespace, "-br", "link"], { encoding: "utf8" }).stdout
  const mounts = readFileSync("/proc/self/mounts", "utf8")
    .split("\n")
    .filter((line) => line.includes(`${directory}/`))
  const processes = spawnSync("pgrep", ["-f", directory], { encoding: "utf8" }).stdout.trim()
  execFileSync("ip", ["netns", "delete", namespace])
  rmSync(directory, { recursive: true, force: true })
  const left = {
    tables: tables.trim(),
    mounts,
    processes,
    links: links
      .trim()
      .split("\n")
      .filter((line) => !line.startsWith("lo"))
  }
  return { status, stderr, lines: stdout.split("\n"), left }
}

const suite = (name: string, program: string, minutes: number) =>
  describe.skipIf(missing.length > 0)(
    `${name}${missing.length > 0 ? ` (this machine lacks ${missing.join(", ")})` : ""}`,
    () => {
      let result: ReturnType<typeof run> | undefined
      beforeAll(() => {
        result = run(program, minutes)
      }, minutes * 60_000)
      afterAll(() => {
        result = undefined
      })
      it("holds in everything", () => {
        const broken = result?.lines.filter((line) => /^(BROKEN|REPAIRED)/.test(line))
        assert.deepStrictEqual(broken, [], result?.lines.join("\n"))
        assert.strictEqual(result?.status, 0, result?.stderr)
        assert.isAbove(result?.lines.filter((line) => line.startsWith("ok")).length ?? 0, 5)
      })
      it("leaves nothing behind", () => {
        assert.deepStrictEqual(result?.left, { tables: "", mounts: [], processes: "", links: [] })
      })
    }
  )

suite("the laws, on containerd", "./Node.ts", 2)
suite("the life of Pods, on containerd", "./Life.ts", 2)
