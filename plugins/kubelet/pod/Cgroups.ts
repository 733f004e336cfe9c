/** The cgroups that runtimes make for a Pod and leave behind. */
import { Effect, Schedule } from "effect"
import { existsSync, readdirSync, rmdirSync } from "node:fs"
import { join } from "node:path"

const root = "/sys/fs/cgroup"

/** Of version 1 one tree for each controller, of version 2 one for all. */
const trees = () => [root, ...(existsSync(root) ? readdirSync(root).map((name) => join(root, name)) : [])]

const removeFolder = (path: string) => {
  try {
    rmdirSync(path)
  } catch {
    // It is not there, or something is in it: whoever removes that comes by again.
  }
}

const removeTree = (path: string): void => {
  if (!existsSync(path)) return
  for (const entry of readdirSync(path, { withFileTypes: true })) if (entry.isDirectory()) removeTree(join(path, entry.name))
  removeFolder(path)
}

/** A folder below the roots of all trees, with all below it, as far as nothing runs there. */
export const remove = (cgroup: string) =>
  Effect.sync(() => {
    if (cgroup.length > 1) for (const tree of trees()) removeTree(join(tree, cgroup))
  })

const classes = ["", "/burstable", "/besteffort"]

const isThere = (cgroup: string) => trees().some((tree) => existsSync(join(tree, cgroup)))

/** The same until it is gone: the kernel lets go of a cgroup a moment after its last process. What runs there longer keeps it. */
export const removeSoon = (cgroup: string) =>
  remove(cgroup).pipe(
    Effect.andThen(Effect.suspend(() => (isThere(cgroup) ? Effect.fail("busy") : Effect.void))),
    Effect.retry({ schedule: Schedule.spaced("100 millis"), times: 20 }),
    Effect.ignore
  )

/** Those of a Pod of which nothing is known but its uid. */
export const removePod = (cgroupRoot: string, uid: string) =>
  Effect.forEach(classes, (folder) => removeSoon(`${cgroupRoot}${folder}/pod${uid}`), { discard: true })

/** What is shared by all Pods, if no node of this machine has one any more. */
export const removeRoot = (cgroupRoot: string) =>
  Effect.sync(() => {
    if (cgroupRoot.length <= 1) return
    for (const tree of trees()) for (const folder of classes.toReversed()) removeFolder(join(tree, cgroupRoot, folder))
  })
