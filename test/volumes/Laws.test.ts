/** Volumes that are folders of the node's disk keep the laws of `Volumes`, and the suite sees each of them broken. */
import { Effect, Layer } from "effect"
import { mkdirSync, mkdtempSync, readFileSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { execFileSync } from "node:child_process"
import { describe } from "vitest"
import * as LocalPath from "../../adapters/volumes/local-path/LocalPath.ts"
import { left } from "../Left.ts"
import { Place } from "../../conformance/volumes/Use.ts"
import * as Volumes from "../../conformance/Volumes.ts"
import { sabotage, verify } from "../Verify.ts"

const lacks = process.getuid?.() === 0 ? [] : ["root"]

/** What a check could not take back, because its driver was sabotaged, goes with the folder. */
const folder = Effect.acquireRelease(
  Effect.sync(() => mkdtempSync(join(tmpdir(), "keelson-volumes-"))),
  (directory) =>
    Effect.sync(() => {
      const mounts = readFileSync("/proc/self/mounts", "utf8").split("\n")
      const own = mounts.flatMap((line) => line.split(" ").slice(1, 2)).filter((path) => path.startsWith(`${directory}/`))
      for (const path of own.toReversed()) execFileSync("umount", [path])
      rmSync(directory, { recursive: true, force: true })
    })
)

const localPath = Layer.unwrap(
  Effect.map(folder, (directory) => {
    const pods = join(directory, "pods")
    mkdirSync(pods)
    const volumes = LocalPath.layer({ directory: join(directory, "volumes"), nodeName: "n1" })
    return Layer.merge(volumes, Place.layer({ directory: pods }))
  })
)

describe.skipIf(lacks.length > 0)(`Volumes${left(lacks)}`, () => {
  verify("folders of the node's disk", Volumes.suite, localPath)
  sabotage(Volumes.suite, localPath)
})
