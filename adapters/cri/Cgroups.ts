/** The cgroup of containers that nobody gave one, of a runtime of our own. */
import { Effect, Schedule } from "effect"
import { createHash } from "node:crypto"
import { existsSync, readdirSync, rmdirSync } from "node:fs"
import { join } from "node:path"

const root = "/sys/fs/cgroup"

/** By the folder of the runtime, so that it is nobody else's. */
export const of = (name: string, directory: string) =>
  `/keelson-${name}-${createHash("sha256").update(directory).digest("hex").slice(0, 8)}`

const removeTree = (path: string) => {
  if (!existsSync(path)) return
  for (const entry of readdirSync(path, { withFileTypes: true })) if (entry.isDirectory()) removeTree(join(path, entry.name))
  try {
    rmdirSync(path)
  } catch {
    // Something runs in it.
  }
}

/** Of version 1 one tree for each controller, of version 2 one for all. */
const trees = () => [root, ...(existsSync(root) ? readdirSync(root).map((tree) => join(root, tree)) : [])]
const pathsOf = (cgroup: string) =>
  trees()
    .map((tree) => join(tree, cgroup))
    .filter(existsSync)

/** With all below it. The kernel lets go of a cgroup a moment after its last process; what runs there longer keeps it. */
export const remove = (cgroup: string) =>
  Effect.sync(() => pathsOf(cgroup).forEach(removeTree)).pipe(
    Effect.andThen(Effect.suspend(() => (pathsOf(cgroup).length > 0 ? Effect.fail("busy") : Effect.void))),
    Effect.retry({ schedule: Schedule.spaced("100 millis"), times: 30 }),
    Effect.ignore
  )
