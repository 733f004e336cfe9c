/** Network namespaces with a name in the file system: each lives as long as its file, whatever becomes of who made it. */
import { Effect, Schedule } from "effect"
import { closeSync, mkdirSync, openSync, rmSync, statfsSync } from "node:fs"
import { dirname } from "node:path"
import * as Program from "../Program.ts"

export interface Namespaces {
  /** Makes one at this path, with its loopback up. One that is there stays. */
  readonly make: (path: string) => Effect.Effect<void, Program.ProgramFailed>
  /** Gives one that another made, such as `/proc/<pid>/ns/net`, this path too. */
  readonly keep: (from: string, path: string) => Effect.Effect<void, Program.ProgramFailed>
  readonly isThere: (path: string) => boolean
  /** Takes the path away, and with it the namespace if nobody else is in it. */
  readonly remove: (path: string) => Effect.Effect<void>
}

/** What a file of `/proc/<pid>/ns` lies on, and whatever such a file is bound to. Source: linux/magic.h, NSFS_MAGIC. */
const nsfs = 0x6e736673

const isThere = (path: string) => {
  try {
    return statfsSync(path).type === nsfs
  } catch {
    return false
  }
}

const touch = (path: string) =>
  Effect.sync(() => {
    mkdirSync(dirname(path), { recursive: true, mode: 0o700 })
    closeSync(openSync(path, "a", 0o600))
  })

const removeFile = (path: string) => Effect.sync(() => rmSync(path, { force: true }))

export const machine: Namespaces = {
  isThere,
  make: (path) =>
    Effect.suspend(() =>
      isThere(path)
        ? Effect.void
        : Effect.andThen(touch(path), Program.run("unshare", [`--net=${path}`, "ip", "link", "set", "lo", "up"])).pipe(
            Effect.asVoid,
            Effect.tapError(() => machine.remove(path))
          )
    ),
  keep: (from, path) =>
    Effect.suspend(() =>
      isThere(path) ? Effect.void : Effect.asVoid(Effect.andThen(touch(path), Program.run("mount", ["--bind", from, path])))
    ),
  // What is still looked into is busy for a moment.
  remove: (path) =>
    Effect.suspend(() => (isThere(path) ? Program.run("umount", ["--lazy", path]) : Effect.void)).pipe(
      Effect.retry({ schedule: Schedule.spaced("100 millis"), times: 5 }),
      Effect.ignore,
      Effect.andThen(removeFile(path))
    )
}

/** Files and nothing behind them: for networks and runtimes in memory. */
export const names = (): Namespaces => {
  const there = new Set<string>()
  return {
    isThere: (path) => there.has(path),
    make: (path) => Effect.sync(() => void there.add(path)),
    keep: (_, path) => Effect.sync(() => void there.add(path)),
    remove: (path) => Effect.sync(() => void there.delete(path))
  }
}
