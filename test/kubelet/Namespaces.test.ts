/** Network namespaces pinned in a folder: made, found, bound and removed on this machine. */
import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import { execFileSync, spawnSync } from "node:child_process"
import { existsSync, mkdtempSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { machine } from "../../plugins/kubelet/runtimes/Namespaces.ts"

/** What of this the machine lacks; the test is left out for no other reason. */
const missing = [
  ...(spawnSync("unshare", ["--net", "true"]).status === 0 ? [] : ["network namespaces, or the right to make them"]),
  ...["ip", "nsenter"].filter((program) => spawnSync("which", [program]).status !== 0)
]

describe.skipIf(missing.length > 0)(
  `network namespaces${missing.length > 0 ? ` (this machine lacks ${missing.join(", ")})` : ""}`,
  () => {
    it.effect("live as long as their paths", () =>
      Effect.gen(function* () {
        const directory = mkdtempSync(join(tmpdir(), "kt-netns-"))
        const path = join(directory, "deep", "one")
        const other = join(directory, "deep", "two")
        const idOf = (file: string) => execFileSync("stat", ["-L", "-c", "%i", file], { encoding: "utf8" }).trim()
        yield* machine.make(path)
        const links = execFileSync("nsenter", [`--net=${path}`, "ip", "-br", "link"], { encoding: "utf8" })
        assert.match(links, /^lo\s+UNKNOWN/)
        assert.strictEqual(links.trim().split("\n").length, 1)
        const id = idOf(path)
        yield* machine.make(path)
        assert.strictEqual(idOf(path), id)
        yield* machine.keep(path, other)
        yield* machine.remove(path)
        assert.isFalse(existsSync(path))
        assert.deepStrictEqual([machine.isThere(path), machine.isThere(other), idOf(other)], [false, true, id])
        yield* machine.remove(other)
        yield* machine.remove(other)
        assert.isFalse(machine.isThere(other))
        rmSync(directory, { recursive: true })
      })
    )
  }
)
