/** Runs programs on the node whose Services are served, to their end. */
import { Effect, Schema } from "effect"
import { execFile } from "node:child_process"

export class CommandFailed extends Schema.TaggedError<CommandFailed>()("CommandFailed", {
  command: Schema.String,
  detail: Schema.String
}) {}

/** What it prints. `input` goes to its standard input. */
export type Run = (command: ReadonlyArray<string>, input?: string) => Effect.Effect<string, CommandFailed>

export interface Node {
  /** Tells it from other nodes that this process serves. */
  readonly name: string
  readonly run: Run
}

/** `prefix` stands before every command: how to get to the node, if this process is not there (`nsenter --net=…`). */
export const within = (prefix: ReadonlyArray<string> = []): Node => ({
  name: prefix.join(" "),
  run: (command, input = "") =>
    Effect.callback((resume) => {
      const [program = "", ...args] = [...prefix, ...command]
      // Of what nft says the first line is the reason; the others repeat the input.
      const child = execFile(program, args, { maxBuffer: 1024 * 1024 * 1024 }, (error, stdout, stderr) => {
        const failed = () =>
          new CommandFailed({ command: command.join(" "), detail: stderr.trim().split("\n")[0] || String(error) })
        resume(error === null ? Effect.succeed(stdout) : Effect.fail(failed()))
      })
      // A program that ends before it has read its input says why itself.
      child.stdin?.on("error", () => undefined)
      child.stdin?.end(input)
    })
})
