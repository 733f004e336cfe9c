/** A folder for temporary files of a host that is killed, and cannot take them back: any user's, and gone with the test. */
import { Effect } from "effect"
import { chmodSync, mkdtempSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"

const make = () => {
  const folder = mkdtempSync(join(tmpdir(), "kt-scrap-"))
  chmodSync(folder, 0o1777)
  return folder
}

/** The environment of such a host. */
export const environment = Effect.map(
  Effect.acquireRelease(Effect.sync(make), (folder) => Effect.sync(() => rmSync(folder, { recursive: true, force: true }))),
  (folder) => ({ ...process.env, TMPDIR: folder })
)
