/** `keelson conformance …`: the checks of the contracts' laws, which run from source, in a process of their own. */
import { Effect } from "effect"
import { Argument, Command } from "effect/cli"
import { spawn } from "node:child_process"
import { fileURLToPath } from "node:url"
import { root } from "../kernel/plugin/Outside.ts"

const at = (path: string) => fileURLToPath(new URL(path, root))

/** Its exit code. A terminal sends its signals to both; whoever signals only this one means both, too. */
const run = (args: ReadonlyArray<string>) =>
  Effect.callback<number>((resume) => {
    const program = ["--import", import.meta.resolve("tsx"), at("conformance/Main.ts")]
    const child = spawn(process.execPath, [...program, ...args], { stdio: "inherit" })
    child.once("exit", (code) => resume(Effect.succeed(code ?? 1)))
    return Effect.callback<void>((ended) => {
      if (child.exitCode !== null || child.signalCode !== null) return ended(Effect.void)
      child.once("exit", () => ended(Effect.void))
      child.kill("SIGTERM")
    })
  })

export const conformance = Command.make(
  "conformance",
  { args: Argument.String("args").pipe(Argument.variadic()) },
  ({ args }) => Effect.map(run(args), (code) => void (process.exitCode = code))
).pipe(Command.withDescription("Checks who keeps a contract, whoever made it: keelson conformance --help"))
