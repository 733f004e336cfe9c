/** `npm run soak -- store` makes faults in a store of three servers; `npm run soak -- check FILE` looks at a history again. */
import { Console, Effect, FileSystem } from "effect"
import { Argument, Command, Flag } from "effect/cli"
import { resolve } from "node:path"
import * as Faults from "./Faults.ts"
import * as History from "./history/History.ts"
import * as Run from "./Run.ts"
import * as Site from "./Site.ts"

export const store = Command.make(
  "store",
  {
    minutes: Flag.Finite("minutes").pipe(Flag.withDescription("How long in all, over all starts"), Flag.withDefault(30)),
    directory: Flag.String("directory").pipe(
      Flag.withDescription("Where its progress, its servers' disks and its history lie"),
      Flag.withDefault(".cache/soak-store")
    ),
    seed: Flag.String("seed").pipe(Flag.withDescription("What the faults are drawn from"), Flag.withDefault("soak")),
    only: Flag.String("only").pipe(
      Flag.withDescription(`Which faults, with commas: ${Faults.all.join(", ")} (default: all)`),
      Flag.withDefault("")
    ),
    through: Flag.Literals("through", ["api", "log"]).pipe(
      Flag.withDescription("What is asked: three API servers, or the store by its driver"),
      Flag.withDefault("api")
    ),
    clients: Flag.Int("clients").pipe(Flag.withDescription("Of each control plane"), Flag.withDefault(6)),
    pause: Flag.Int("pause").pipe(
      Flag.withDescription("Milliseconds between two questions of a client, on average"),
      Flag.withDefault(50)
    )
  },
  Effect.fnUntraced(function* ({ minutes, only, ...given }) {
    const lacking = Site.missing()
    if (lacking.length > 0) return yield* new Run.FaultsFound({ message: `this machine lacks ${lacking.join(", ")}` })
    const kinds = only === "" ? Faults.all : only.split(",").map((kind) => kind.trim())
    const unknown = kinds.filter((kind) => !Faults.all.includes(kind))
    if (unknown.length > 0) {
      return yield* new Run.FaultsFound({
        message: `--only: there is no ${unknown.join(", ")}; expected some of ${Faults.all.join(", ")}`
      })
    }
    const directory = resolve(given.directory)
    yield* Run.run({ ...given, kinds, seconds: minutes * 60, directory, diskMiB: 512, builds: true, say: Console.log })
  })
).pipe(Command.withDescription("Makes faults in a store of three servers while it is used, and checks what was seen"))

export const check = Command.make(
  "check",
  { file: Argument.String("file") },
  Effect.fnUntraced(function* ({ file }) {
    const files = yield* FileSystem.FileSystem
    yield* Run.report(yield* Effect.fromResult(History.parse(yield* files.readFileString(file))), { say: Console.log })
  })
).pipe(Command.withDescription("Checks a history that was written before"))
