/** Runs a program of the machine to its end. */
import { Effect, Schema } from "effect"
import { execFile } from "node:child_process"
import { accessSync, constants } from "node:fs"
import { homedir } from "node:os"
import { delimiter, join } from "node:path"

export class ProgramFailed extends Schema.TaggedError<ProgramFailed>()("ProgramFailed", {
  program: Schema.String,
  arguments: Schema.Array(Schema.String),
  detail: Schema.String
}) {}

/** Its standard output. `input` goes to its standard input. */
export const run = (program: string, args: ReadonlyArray<string>, input = "") =>
  Effect.callback<string, ProgramFailed>((resume) => {
    const child = execFile(program, [...args], { maxBuffer: 64 * 1024 * 1024 }, (error, stdout, stderr) =>
      resume(
        error === null
          ? Effect.succeed(stdout)
          : Effect.fail(new ProgramFailed({ program, arguments: args, detail: stderr.trim() || error.message }))
      )
    )
    // A program that does not read its input is no failure.
    child.stdin?.on("error", () => undefined)
    child.stdin?.end(input)
    return Effect.sync(() => child.kill("SIGKILL"))
  })

/** Where `npm run parts` puts what no package of the system has. */
const parts = () => join(process.env["XDG_CACHE_HOME"] || join(homedir(), ".cache"), "keelson", "bin")

const isProgram = (path: string) => {
  try {
    accessSync(path, constants.X_OK)
    return true
  } catch {
    return false
  }
}

/** Where a program lies: on the PATH, among the parts, or where else it may. Absent: nowhere. */
export const find = (name: string, more: ReadonlyArray<string> = []): string | undefined =>
  [...(process.env["PATH"] ?? "").split(delimiter), parts(), ...more].map((folder) => join(folder, name)).find(isProgram)
