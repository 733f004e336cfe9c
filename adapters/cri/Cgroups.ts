/** The cgroup of containers that nobody gave one, of a runtime of our own. */
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

/** In each tree, with all below it that is empty. */
export const remove = (cgroup: string) => {
  const trees = existsSync(root) ? [root, ...readdirSync(root).map((tree) => join(root, tree))] : []
  for (const tree of trees) removeTree(join(tree, cgroup))
}
