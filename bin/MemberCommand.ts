/** `keelson member list | remove`: the servers of the control plane. */
import { Effect } from "effect"
import { Argument, Command, Flag } from "effect/cli"
import { administratorFlags, kubeconfigOf, pathsOf, settingsOf } from "./Flags.ts"

const list = Command.make(
  "list",
  administratorFlags,
  Effect.fnUntraced(function* (given) {
    const Member = yield* Effect.promise(() => import("./Member.ts"))
    yield* Member.list(yield* kubeconfigOf(given))
  })
).pipe(Command.withDescription("Shows the servers of the control plane, and which of them answer"))

const remove = Command.make(
  "remove",
  {
    ...administratorFlags,
    name: Argument.String("name"),
    force: Flag.Boolean("force").pipe(
      Flag.withDescription("Also when the store keeps fewer than three replicas from then on"),
      Flag.withDefault(false)
    )
  },
  Effect.fnUntraced(function* ({ force, name, ...given }) {
    const Member = yield* Effect.promise(() => import("./Member.ts"))
    yield* Member.remove(yield* kubeconfigOf(given), pathsOf(yield* settingsOf(given)), name, force)
  })
).pipe(Command.withDescription("Makes a server that will not come back none of them; run it where another one has its data"))

export const member = Command.make("member").pipe(
  Command.withDescription("The servers of the control plane"),
  Command.withSubcommands([list, remove])
)
