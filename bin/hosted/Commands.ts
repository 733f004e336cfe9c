/** `keelson server list | delete`: the control planes of this machine. */
import { resolve } from "node:path"
import { Console, Effect } from "effect"
import { Argument, Command, Flag } from "effect/cli"
import { text } from "../Flags.ts"
import { defaults } from "../Settings.ts"

const where = {
  dataDir: text("data-dir", "Where everything of them lies (default ~/.keelson)").pipe(
    Flag.map((given) => (given._tag === "Some" ? given.value : defaults().dataDir))
  )
}

export const list = Command.make(
  "list",
  where,
  Effect.fnUntraced(function* ({ dataDir }) {
    const List = yield* Effect.promise(() => import("./List.ts"))
    yield* Console.log(yield* List.table(resolve(dataDir)))
  })
).pipe(
  Command.withDescription("Shows the control planes that have a name: whether they run, and what of the machine they take")
)

export const remove = Command.make(
  "delete",
  { ...where, names: Argument.String("name").pipe(Argument.variadic({ min: 1 })) },
  Effect.fnUntraced(function* ({ dataDir, names }) {
    const Hosted = yield* Effect.promise(() => import("./Hosted.ts"))
    for (const name of names) {
      yield* Hosted.remove(resolve(dataDir), name, true)
      yield* Console.log(`control plane ${name} is deleted`)
    }
  })
).pipe(Command.withDescription("Ends control planes and removes all that they are: logs, keys, data"))
