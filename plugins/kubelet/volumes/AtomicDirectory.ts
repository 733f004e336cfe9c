/**
 * A folder whose files change all at once: the files lie in a folder of their own, `..data` leads to it, and the visible names
 * lead through `..data`. Replacing that one link replaces them all. Source: upstream's AtomicWriter, whose names programs rely on.
 */
import {
  chmodSync,
  chownSync,
  existsSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync
} from "node:fs"
import { randomBytes } from "node:crypto"
import { dirname, join, normalize } from "node:path"
import type { Files } from "./Payload.ts"

export interface Owner {
  readonly uid?: number
  readonly gid?: number
}

const list = (directory: string, below = ""): ReadonlyArray<string> =>
  readdirSync(join(directory, below), { withFileTypes: true }).flatMap((entry) => {
    const path = join(below, entry.name)
    return entry.isDirectory() ? list(directory, path) : [path]
  })

const isEqual = (data: string, files: Files) => {
  if (!existsSync(data)) return false
  const there = list(data)
  return (
    there.length === files.size &&
    there.every((path) => {
      const file = files.get(path)
      return file !== undefined && Buffer.compare(readFileSync(join(data, path)), file.bytes) === 0
    })
  )
}

/** A path that leads elsewhere is left out, whoever named it. */
const isInside = (path: string) => !normalize(path).startsWith("..") && !path.startsWith("/")

const writeAll = (target: string, files: Files, { gid, uid }: Owner) => {
  mkdirSync(target, { mode: 0o755 })
  for (const [path, { bytes, mode }] of files) {
    mkdirSync(dirname(join(target, path)), { recursive: true, mode: 0o755 })
    writeFileSync(join(target, path), bytes)
    // What a group shall read, it may read. The process's umask does not count here.
    chmodSync(join(target, path), gid === undefined ? mode : mode | 0o440)
    if (gid !== undefined || uid !== undefined) chownSync(join(target, path), uid ?? 0, gid ?? 0)
  }
}

const isLink = (path: string) => {
  try {
    return lstatSync(path).isSymbolicLink()
  } catch {
    return false
  }
}

/** Whether anything changed. */
export const write = (directory: string, given: Files, owner: Owner = {}) => {
  const files: Files = new Map([...given].filter(([path]) => isInside(path)))
  const data = join(directory, "..data")
  if (isEqual(data, files)) return false
  const old = isLink(data) ? readlinkSync(data) : undefined
  const fresh = `..${randomBytes(6).toString("hex")}`
  writeAll(join(directory, fresh), files, owner)
  rmSync(join(directory, "..data_tmp"), { force: true })
  symlinkSync(fresh, join(directory, "..data_tmp"))
  renameSync(join(directory, "..data_tmp"), data)
  const visible = new Set(Array.from(files.keys(), (path) => normalize(path).split("/")[0] ?? path))
  for (const name of visible) if (!isLink(join(directory, name))) symlinkSync(join("..data", name), join(directory, name))
  for (const name of readdirSync(directory)) {
    if (!name.startsWith("..") && !visible.has(name)) rmSync(join(directory, name), { force: true })
  }
  if (old !== undefined) rmSync(join(directory, old), { recursive: true, force: true })
  return true
}
