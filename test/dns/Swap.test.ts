/** One server of the cluster's names follows another under questions, on a node's address: none is lost, and nothing stays behind. */
import { assert, describe, it } from "@effect/vitest"
import { execFileSync, spawnSync } from "node:child_process"
import { mkdtempSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import * as Program from "../../adapters/Program.ts"
import { left } from "../Left.ts"

/** The tests are left out for no other reason. */
const missing = [
  ...(process.getuid?.() === 0 ? [] : ["root"]),
  ...["ip", "nsenter"].filter((program) => Program.find(program) === undefined)
]
/** A busy machine takes its time to start programs. */
const minutes = 4 * 60_000
const file = new URL("./Swap.ts", import.meta.url).pathname

const run = (address: string, row: string) => {
  const directory = mkdtempSync(join(tmpdir(), "kt-dns-"))
  const namespace = directory.split("/").at(-1) ?? ""
  execFileSync("ip", ["netns", "add", namespace])
  execFileSync("ip", ["-n", namespace, "link", "set", "lo", "up"])
  const inside = (...command: ReadonlyArray<string>) =>
    spawnSync("nsenter", [`--net=/run/netns/${namespace}`, ...command], { encoding: "utf8", timeout: 3 * 60_000 })
  const { stderr, stdout } = inside(process.execPath, "--import", "tsx", file, directory, address, row)
  const addresses = inside("ip", "-brief", "address").stdout
  const sysctl = inside("cat", "/proc/sys/net/ipv4/tcp_migrate_req").stdout.trim()
  const processes = spawnSync("pgrep", ["-f", directory], { encoding: "utf8" }).stdout.trim()
  execFileSync("ip", ["netns", "delete", namespace])
  rmSync(directory, { recursive: true, force: true })
  assert.match(stdout, /^ok /m, `${stdout}\n${stderr}`)
  assert.deepStrictEqual({ processes, sysctl }, { processes: "", sysctl: "0" })
  assert.notInclude(addresses, address)
}

const coredns = Program.find("coredns") === undefined ? ["coredns"] : []

describe.skipIf(missing.length > 0)(`one follows another under questions${left(missing)}`, () => {
  it("the built-in server itself", () => run("10.96.0.10", "keelson,keelson,keelson,keelson"), minutes)
  it("the built-in server itself, by IPv6", () => run("fd00:96::a", "keelson,keelson,keelson"), minutes)
  it.skipIf(coredns.length > 0)(
    `the built-in server and CoreDNS, there and back${left(coredns)}`,
    () => run("10.96.0.10", "keelson,coredns,coredns,keelson,coredns,keelson"),
    minutes
  )
})
