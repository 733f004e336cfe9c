/** The cgroups that runtimes make for a Pod and leave behind. */
import { Effect } from "effect"
import { existsSync, readdirSync, rmdirSync } from "node:fs"
import { join } from "node:path"

const root = "/sys/fs/cgroup"

/** Of version 1 one tree for each controller, of version 2 one for all. */
const trees = () => [root, ...(existsSync(root) ? readdirSync(root).map((name) => join(root, name)) : [])]

const removeTree = (path: string): void => {
  if (!existsSync(path)) return
  for (const entry of readdirSync(path, { withFileTypes: true })) if (entry.isDirectory()) removeTree(join(path, entry.name))
  try {
    rmdirSync(path)
  } catch {
    // Something still runs in it: whoever removes the Pod's last container comes by again.
  }
}

/** A folder below the roots of all trees, with all below it, as far as nothing runs there. */
export const remove = (cgroup: string) =>
  Effect.sync(() => {
    if (cgroup.length > 1) for (const tree of trees()) removeTree(join(tree, cgroup))
  })
