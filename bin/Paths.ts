/** Where everything of a cluster lies below its data directory. */
import { createHash } from "node:crypto"
import { join } from "node:path"

export interface Paths {
  readonly root: string
  readonly pki: string
  readonly kubeconfig: string
  readonly store: string
  readonly run: string
  readonly log: string
  readonly node: string
}

export const make = (dataDir: string, nodeName: string): Paths => ({
  root: dataDir,
  pki: join(dataDir, "pki"),
  kubeconfig: join(dataDir, "kubeconfig"),
  store: join(dataDir, "store"),
  run: join(dataDir, "run"),
  log: join(dataDir, "log"),
  node: join(dataDir, "nodes", nodeName)
})

/** The settings of the run, for the processes that it starts. */
export const settingsFile = ({ run }: Paths) => join(run, "settings.json")

/** The copies of packages from outside that run. */
export const packages = ({ root }: Paths) => join(root, "plugins")

/** A folder of a part of the node whose processes are not root: they may not enter a data directory below root's. */
export const shared = ({ node }: Paths, part: string) =>
  join("/run/keelson", `${part}-${createHash("sha256").update(node).digest("hex").slice(0, 12)}`)
