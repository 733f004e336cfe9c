/** A host that is killed leaves nothing of its guests: no process, however busy, no namespace, and no cgroup after the next sandbox. */
import { assert, it } from "@effect/vitest"
import { Effect, Schedule } from "effect"
import { type ChildProcess, spawn } from "node:child_process"
import { existsSync, readdirSync, readFileSync, readlinkSync } from "node:fs"
import { createInterface } from "node:readline"
import { fileURLToPath } from "node:url"
import * as Cgroup from "../../kernel/plugin/isolate/Cgroup.ts"
import * as Levels from "./Levels.ts"
import * as Scrap from "./Scrap.ts"

const host = fileURLToPath(new URL("./Victim.ts", import.meta.url))

/** Of a process that may have ended meanwhile. */
const look = <A>(read: () => A, otherwise: A) => {
  try {
    return read()
  } catch {
    return otherwise
  }
}
const all = () => readdirSync("/proc").filter((name) => /^\d+$/.test(name))
const parentOf = (pid: string) =>
  look(() => /^PPid:\t(\d+)$/m.exec(readFileSync(`/proc/${pid}/status`, "utf8"))?.[1] ?? "", "")
/** It has ended, and nobody has asked how. */
const isOver = (pid: string) => look(() => /^State:\tZ/m.test(readFileSync(`/proc/${pid}/status`, "utf8")), true)
const below = (pid: string): ReadonlyArray<string> =>
  all()
    .filter((one) => parentOf(one) === pid)
    .flatMap((one) => [one, ...below(one)])
const spacesOf = (pid: string) =>
  ["mnt", "net", "pid"]
    .map((kind) => look(() => readlinkSync(`/proc/${pid}/ns/${kind}`), ""))
    .filter((space) => space !== "")
const cgroupsOf = (pid: string) =>
  look(() => readFileSync(`/proc/${pid}/cgroup`, "utf8"), "")
    .split("\n")
    .flatMap((line) => {
      const [, controller = "", path = ""] = /^\d+:([^:]*):(.*keelson-plugins\/.*)$/.exec(line) ?? []
      return path === "" ? [] : [`/sys/fs/cgroup/${controller}${path}`]
    })

/** Its plugin loops without end. */
const attacked = Effect.fnUntraced(function* (level: string) {
  const env = yield* Scrap.environment
  return yield* Effect.acquireRelease(
    Effect.callback<ChildProcess>((resume) => {
      const child = spawn(process.execPath, [host, level, "spin"], { stdio: ["ignore", "pipe", "ignore"], env })
      createInterface(child.stdout).on("line", (line) => {
        if (line.startsWith("alive")) resume(Effect.succeed(child))
      })
    }),
    (child) => Effect.sync(() => child.kill("SIGKILL"))
  )
})

const levels = [
  { title: "process", level: "process", lacks: [] as ReadonlyArray<string> },
  { title: Levels.sandbox.title, level: "sandbox", lacks: Levels.sandbox.lacks }
]
for (const { lacks, level, title } of levels)
  it.live.skipIf(lacks.length > 0)(
    `${title}: nothing is left of a host that is killed`,
    () =>
      Effect.gen(function* () {
        const child = yield* attacked(level)
        const guests = below(`${child.pid}`)
        assert.isAbove(guests.length, 0)
        const own = new Set(spacesOf("self"))
        const spaces = new Set(guests.flatMap(spacesOf).filter((space) => !own.has(space)))
        const cgroups = guests.flatMap(cgroupsOf)
        if (level === "sandbox") assert.isAbove(spaces.size, 0)
        child.kill("SIGKILL")
        const left = Effect.sync(() =>
          all().filter((pid) => !isOver(pid) && (guests.includes(pid) || spacesOf(pid).some((one) => spaces.has(one))))
        )
        yield* Effect.repeat(left, {
          schedule: Schedule.spaced("20 millis"),
          until: (pids) => pids.length === 0
        })
        if (cgroups.length === 0) return
        // Who has ended counts until somebody has asked how, and so long the cgroup is in use.
        const next = Effect.sync(() => {
          Cgroup.make(`next-${process.pid}-1`, { memoryBytes: 2 ** 26, pids: 4 }).remove()
          return cgroups.filter((path) => existsSync(path))
        })
        yield* Effect.repeat(next, { schedule: Schedule.spaced("20 millis"), until: (paths) => paths.length === 0 })
      }).pipe(Effect.scoped, Effect.timeout("20 seconds")),
    60_000
  )
