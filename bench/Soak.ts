/**
 * Long runs: `npm run soak -- world` changes a cluster's Deployments, `npm run soak -- store` makes faults in a store of three
 * servers while it is used, `npm run soak -- hostile` sends an API server what means no good, and `npm run soak -- check FILE` looks again at what a store was seen to do. Each says what it is
 * about at its own file.
 */
import * as NodeRuntime from "@effect/platform-node/NodeRuntime"
import * as NodeServices from "@effect/platform-node/NodeServices"
import { Cause, Effect, Option, References } from "effect"
import { CliError, Command } from "effect/cli"
import * as Faults from "./faults/Command.ts"
import * as Hostile from "./hostile/Command.ts"
import * as Deployments from "./soak/Deployments.ts"

const explain = (cause: Cause.Cause<unknown>) => {
  const error = Option.getOrUndefined(Cause.findErrorOption(cause))
  if (CliError.isCliError(error)) return ""
  return `soak: ${error instanceof Error && error.message !== "" ? error.message : Cause.pretty(cause)}\n`
}

Command.make("soak").pipe(
  Command.withDescription("Long runs, after which everything has to hold"),
  Command.withSubcommands([Deployments.command, Hostile.hostile, Faults.store, Faults.check]),
  Command.run({ version: "1" }),
  Effect.tapCause((cause) =>
    Cause.hasInterruptsOnly(cause) ? Effect.void : Effect.sync(() => process.stderr.write(explain(cause)))
  ),
  Effect.provideService(References.MinimumLogLevel, "Error"),
  Effect.provide(NodeServices.layer),
  NodeRuntime.runMain({ disableErrorReporting: true })
)
