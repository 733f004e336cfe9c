/**
 * `npm run conformance -- CONTRACT [--adapter NAME,… | --endpoint … | --plugin DIRECTORY] [--out DIR]`: checks the laws of a contract on
 * every part that keeps it and that this machine can run, or on some of them, or on what answers at an endpoint or lies in a directory,
 * whoever made it. Prints a table of laws and parts; with `--out` also JUnit's XML and a page. How it ends: `Ends.ts`.
 */
import * as NodeRuntime from "@effect/platform-node/NodeRuntime"
import * as NodeServices from "@effect/platform-node/NodeServices"
import { Cause, Effect, Option, References } from "effect"
import { CliError, Command } from "effect/cli"
import * as ContractCommand from "./ContractCommand.ts"
import * as Describe from "./describe/Command.ts"
import * as Ends from "./Ends.ts"
import * as Kubernetes from "./kubernetes/Command.ts"
import * as KubernetesApi from "./kubernetes-api/Command.ts"

const explain = (cause: Cause.Cause<unknown>) => {
  if (Cause.hasInterruptsOnly(cause)) return ""
  const error = Option.getOrUndefined(Cause.findErrorOption(cause))
  if (CliError.isCliError(error) || Ends.isTold(error)) return ""
  return `conformance: ${error instanceof Error && error.message !== "" ? error.message : Cause.pretty(cause)}\n`
}

Command.make("conformance").pipe(
  Command.withDescription("Checks the laws of Keelson's contracts on the parts that keep them"),
  Command.withSubcommands([...ContractCommand.all, KubernetesApi.command, Kubernetes.command, Describe.command]),
  Command.run({ version: "1" }),
  Effect.tapCause((cause) => Effect.sync(() => process.stderr.write(explain(cause)))),
  Effect.provideService(References.MinimumLogLevel, "Error"),
  Effect.provide(NodeServices.layer),
  NodeRuntime.runMain({ disableErrorReporting: true })
)
