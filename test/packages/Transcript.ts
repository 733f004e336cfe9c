/** What a README tells its readers to type, and what they will see: run line by line against a cluster, in a home of its own. */
import { Effect, FileSystem, Schedule } from "effect"
import { execFile } from "node:child_process"
import { readFileSync } from "node:fs"
import { join, resolve } from "node:path"

export const root = resolve(import.meta.dirname, "..", "..")

interface Step {
  readonly command: string
  readonly printed: ReadonlyArray<string>
}

/** Of the section with this heading in a file of the project. */
export const stepsOf = (file: string, heading: string): ReadonlyArray<Step> => {
  const [, section = ""] = readFileSync(join(root, file), "utf8").split(`\n## ${heading}\n`)
  return (/```console\n(.*?)```/s.exec(section.split("\n## ")[0] ?? "")?.[1] ?? "")
    .split(/^\$ /m)
    .slice(1)
    .map((step) => {
      const [command = "", ...printed] = step.trimEnd().split("\n")
      return { command, printed }
    })
}

export interface Desk {
  readonly home: string
  readonly kubeconfig: string
  /** What stands before every command, where the cluster has a network of its own. */
  readonly within?: ReadonlyArray<string>
}

/** With the author's `keelson` on the way to programs, and npm as it is without a network. */
const environment = Effect.fnUntraced(function* ({ home, kubeconfig }: Desk) {
  const files = yield* FileSystem.FileSystem
  const shim = join(home, "bin")
  if (!(yield* files.exists(shim))) {
    yield* files.makeDirectory(shim)
    yield* files.writeFileString(join(shim, "keelson"), `#!/bin/sh\nexec ${root}/bin/keelson "$@"\n`, { mode: 0o755 })
  }
  const path = `${shim}:${join(root, "node_modules/.bin")}:${process.env["PATH"]}`
  const npm = { npm_config_offline: "true", npm_config_audit: "false", npm_config_cache: join(home, ".npm") }
  return { ...process.env, ...npm, HOME: home, KUBECONFIG: kubeconfig, PATH: path, KEELSON_SOURCE: "1" }
})

interface Said {
  readonly text: string
  readonly isWell: boolean
}
const shell = (command: string, { home: cwd, within = [] }: Desk, env: NodeJS.ProcessEnv) =>
  Effect.callback<Said>((resume) => {
    const [program = "", ...args] = [...within, "sh", "-c", command]
    const child = execFile(program, args, { cwd, env }, (error, stdout, stderr) =>
      resume(Effect.succeed({ text: `${stdout}${stderr}`, isWell: error === null }))
    )
    return Effect.sync(() => child.kill())
  })

const words = (text: string) => text.trim().replaceAll(/\s+/g, " ")

/** A line that begins with `Error` is what a command says that fails. What changes nothing may take a moment to come to be. */
const taken = ({ command, printed }: Step, desk: Desk, env: NodeJS.ProcessEnv) => {
  const once = Effect.gen(function* () {
    const { isWell, text } = yield* shell(command, desk, env)
    const lines = text.split("\n").map(words)
    const missing = printed.filter((line) => !lines.some((said) => said.startsWith(words(line))))
    const isAsked = isWell !== printed.some((line) => line.startsWith("Error"))
    if (missing.length > 0 || !isAsked)
      return yield* Effect.fail(new Error(`${command} did not print ${missing.join(", ")}, but ${text}`))
  })
  const reads = command.startsWith("kubectl get") || command.includes("--dry-run=server")
  return reads ? Effect.retry(once, { schedule: Schedule.spaced("300 millis"), times: 100 }) : once
}

export const follow = Effect.fnUntraced(function* (steps: ReadonlyArray<Step>, desk: Desk) {
  const env = yield* environment(desk)
  for (const step of steps) yield* taken(step, desk, env)
})
