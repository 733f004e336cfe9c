/** Of the program that is there: its version, and whom its workers may be, who read what strangers send. */
import { Effect } from "effect"
import { readFileSync } from "node:fs"
import { execFile } from "node:child_process"

export interface Worker {
  readonly name: string
  readonly group: number
}

const names = ["www-data", "nginx", "nobody"]

/** Where root starts it; others' workers are themselves. */
export const worker = Effect.sync((): Worker | undefined => {
  if (process.getuid?.() !== 0) return undefined
  const users = readFileSync("/etc/passwd", "utf8")
    .split("\n")
    .map((line) => line.split(":"))
  const group = (name: string) => Number(users.find(([one]) => one === name)?.[3])
  return names.map((name) => ({ name, group: group(name) })).find((one) => Number.isInteger(one.group))
})

export const versionOf = (program: string) =>
  Effect.callback<string>((resume) => {
    execFile(program, ["-v"], (_, stdout, stderr) =>
      resume(Effect.succeed(/nginx\/(\S+)/.exec(`${stdout}${stderr}`)?.[1] ?? "unknown"))
    )
  })
