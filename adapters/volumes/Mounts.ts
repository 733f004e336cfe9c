/** What is mounted on this machine, and mounting folders into others. */
import { Effect } from "effect"
import { existsSync, mkdirSync, readFileSync, rmdirSync } from "node:fs"
import * as Program from "../Program.ts"

export type { ProgramFailed } from "../Program.ts"

/** As /proc/self/mountinfo writes them. */
const unescaped = (path: string) =>
  path.replace(/\\([0-7]{3})/g, (_, octal: string) => String.fromCharCode(parseInt(octal, 8)))

/** Where something is mounted, the latest last, and whether it is for reading only. */
export const all = () =>
  readFileSync("/proc/self/mountinfo", "utf8")
    .split("\n")
    .flatMap((line) => {
      const [, , , , path, options = ""] = line.split(" ")
      return path === undefined ? [] : [{ path: unescaped(path), isReadOnly: options.split(",").includes("ro") }]
    })

const at = (path: string) => all().findLast((one) => one.path === path)

/** Of what `source` cannot be a folder for, by mount's own arguments. */
export const mount = (args: ReadonlyArray<string>) => Program.run("mount", args)

const bound = Effect.fnUntraced(function* (source: string, target: string) {
  yield* Effect.sync(() => mkdirSync(target, { recursive: true, mode: 0o750 }))
  yield* Program.run("mount", ["--bind", source, target])
})

/** `source` is also at `target`. Again, it stays as it is, but for whether it can be written to. */
export const bind = Effect.fnUntraced(function* (source: string, target: string, isReadOnly: boolean) {
  const before = at(target)
  if (before === undefined) yield* bound(source, target)
  if (isReadOnly && before?.isReadOnly !== true) yield* Program.run("mount", ["-o", "remount,bind,ro", target])
})

/** Takes back all that is mounted there, and the folder, which is then empty. What is still mounted is never looked into. */
export const release = Effect.fnUntraced(function* (target: string) {
  while (at(target) !== undefined) yield* Program.run("umount", [target])
  yield* Effect.sync(() => {
    if (existsSync(target)) rmdirSync(target)
  })
})
