/** `keelson store migrate --to …`: another store for the same cluster. */
import { Effect, Option } from "effect"
import { Command, Flag } from "effect/cli"
import { storeFlags, number, settingsOf } from "./Flags.ts"

export const migrate = Command.make(
  "migrate",
  {
    ...storeFlags,
    to: Flag.String("to").pipe(Flag.withDescription("sqlite, jetstream, or nats://host:port")),
    controlPlanes: number("control-planes", "How many servers of this machine shall have a replica of it, 1 (default) or 3"),
    force: Flag.Boolean("force").pipe(
      Flag.withDescription("Also to a store that is not empty: what is in it is lost"),
      Flag.withDefault(false)
    )
  },
  Effect.fnUntraced(function* ({ controlPlanes, force, kubeconfig, to, ...given }) {
    const { run } = yield* Effect.promise(() => import("./StoreMigrate.ts"))
    yield* run({
      settings: yield* settingsOf(given),
      kubeconfig,
      to,
      force,
      controlPlanes: Option.getOrElse(controlPlanes, () => 1) === 3 ? 3 : 1
    })
  })
).pipe(Command.withDescription("Moves all that is stored to another store, while the server serves or when none runs"))
