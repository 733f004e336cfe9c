/** Gives what lies in a volume to a group of its Pod. Source: `fsGroup` and `fsGroupChangePolicy` of "Configure a Security Context". */
import { chmodSync, chownSync, lchownSync, lstatSync, readdirSync } from "node:fs"
import { join } from "node:path"

const readWrite = 0o660
/** Of folders: to enter them, and that what is made in them has their group. */
const folder = 0o110 | 0o2000

const wanted = (mode: number, isFolder: boolean) => (mode & 0o7777) | readWrite | (isFolder ? folder : 0)

/** The root is the group's already, so what lies in it is taken to be. */
const isGiven = (path: string, group: number) => {
  const { gid, mode } = lstatSync(path)
  return gid === group && wanted(mode, true) === (mode & 0o7777)
}

const give = (path: string, group: number) => {
  const stat = lstatSync(path)
  if (stat.isSymbolicLink()) return lchownSync(path, stat.uid, group)
  if (stat.isDirectory()) for (const name of readdirSync(path)) give(join(path, name), group)
  chownSync(path, stat.uid, group)
  chmodSync(path, wanted(stat.mode, stat.isDirectory()))
}

export const apply = (path: string, group: number, policy: string | undefined) => {
  if (policy === "OnRootMismatch" && isGiven(path, group)) return
  give(path, group)
}
