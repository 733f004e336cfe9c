/** The cgroups that a runtime makes for containers without a parent, and leaves behind. */
import { existsSync, readdirSync, rmdirSync } from "node:fs"
import { join } from "node:path"

const root = "/sys/fs/cgroup"

/** In each tree, if nothing is in it: somebody else may use it. */
export const removeEmpty = (name: string) => {
  const trees = existsSync(root) ? [root, ...readdirSync(root).map((tree) => join(root, tree))] : []
  for (const tree of trees) {
    try {
      rmdirSync(join(tree, name))
    } catch {
      // It is not there, or not empty.
    }
  }
}
