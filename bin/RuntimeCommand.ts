/** `keelson runtime migrate`: the container runtimes of nodes. */
import { Effect } from "effect"
import { Argument, Command, Flag } from "effect/cli"
import { administratorFlags, kubeconfigOf } from "./Flags.ts"

const migrate = Command.make(
  "migrate",
  {
    ...administratorFlags,
    node: Argument.String("node"),
    from: Argument.String("from"),
    to: Argument.String("to"),
    force: Flag.Boolean("force").pipe(
      Flag.withDescription("Also evicts Pods that nobody makes anew: they are gone then"),
      Flag.withDefault(false)
    ),
    deleteEmptyDirData: Flag.Boolean("delete-emptydir-data").pipe(
      Flag.withDescription("Also evicts Pods with emptyDir volumes: what is in them is lost"),
      Flag.withDefault(false)
    ),
    timeoutSeconds: Flag.Int("timeout").pipe(
      Flag.withDescription("How many seconds one Pod may take, 0 for as long as it likes (default 600)"),
      Flag.withDefault(600)
    )
  },
  Effect.fnUntraced(function* ({ deleteEmptyDirData, force, from, node, timeoutSeconds, to, ...given }) {
    const Migrate = yield* Effect.promise(() => import("./Migrate.ts"))
    yield* Migrate.run(yield* kubeconfigOf(given), { node, from, to, force, deleteEmptyDirData, timeoutSeconds })
  })
).pipe(
  Command.withDescription("Moves a node's Pods from one container runtime to another, one by one, within their budgets")
)

export const runtime = Command.make("runtime").pipe(
  Command.withDescription("The container runtimes of nodes"),
  Command.withSubcommands([migrate])
)
