/** `keelson store migrate --to …`: another store for the same cluster. */
import { Effect } from "effect"
import { Command, Flag } from "effect/cli"
import { administratorFlags, settingsOf } from "./Flags.ts"

export const migrate = Command.make(
  "migrate",
  {
    ...administratorFlags,
    to: Flag.String("to").pipe(Flag.withDescription("sqlite, jetstream, or nats://host:port")),
    force: Flag.Boolean("force").pipe(
      Flag.withDescription("Also to a store that is not empty: what is in it is lost"),
      Flag.withDefault(false)
    )
  },
  Effect.fnUntraced(function* ({ force, kubeconfig, to, ...given }) {
    const { run } = yield* Effect.promise(() => import("./StoreMigrate.ts"))
    yield* run({ settings: yield* settingsOf(given), kubeconfig, to, force })
  })
).pipe(Command.withDescription("Moves all that is stored to another store, while the server serves or when none runs"))
