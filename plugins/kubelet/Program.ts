/** Runs a program of the machine to its end. */
import { Effect, Schema } from "effect"
import { execFile } from "node:child_process"

export class ProgramFailed extends Schema.TaggedError<ProgramFailed>()("ProgramFailed", {
  program: Schema.String,
  message: Schema.String
}) {}

export const run = (program: string, args: ReadonlyArray<string>) =>
  Effect.callback<string, ProgramFailed>((resume) => {
    const child = execFile(program, [...args], (error, stdout, stderr) =>
      resume(
        error === null
          ? Effect.succeed(stdout)
          : Effect.fail(new ProgramFailed({ program, message: stderr.trim() || error.message }))
      )
    )
    return Effect.sync(() => child.kill("SIGKILL"))
  })
