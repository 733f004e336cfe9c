/** A folder of a test, in which something may be mounted. */
import { Effect } from "effect"
import { execFileSync } from "node:child_process"
import { mkdtempSync, readFileSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"

/** What a check could not take back, because its driver was sabotaged, goes with the folder. */
export const folder = Effect.acquireRelease(
  Effect.sync(() => mkdtempSync(join(tmpdir(), "keelson-volumes-"))),
  (directory) =>
    Effect.sync(() => {
      const mounts = readFileSync("/proc/self/mounts", "utf8").split("\n")
      const own = mounts.flatMap((line) => line.split(" ").slice(1, 2)).filter((path) => path.startsWith(`${directory}/`))
      for (const path of own.toReversed()) execFileSync("umount", [path])
      rmSync(directory, { recursive: true, force: true })
    })
)
