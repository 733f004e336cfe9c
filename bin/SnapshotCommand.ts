/** `keelson snapshot save | status | restore | list`: all that a cluster has, in one file. */
import { Effect, Option } from "effect"
import { Argument, Command, Flag } from "effect/cli"
import { storeFlags, type Flags, settingsOf, text } from "./Flags.ts"

const where = "a directory, or s3://bucket/prefix; a name that ends with .snapshot is one of them"
const keyFile = text("key-file", "32 random bytes (openssl rand -base64 32), by which it is encrypted")
const load = Effect.promise(() => import("./Snapshot.ts"))

const wantedOf = Effect.fnUntraced(function* ({
  keyFile,
  kubeconfig,
  ...given
}: Flags & { readonly kubeconfig: Option.Option<string>; readonly keyFile: Option.Option<string> }) {
  const settings = yield* settingsOf(given)
  const { kubeconfigOf } = yield* load
  return {
    settings,
    kubeconfig: kubeconfigOf(kubeconfig, settings),
    keyFile: Option.getOrElse(keyFile, () => settings.snapshotKeyFile)
  }
})

const save = Command.make(
  "save",
  {
    ...storeFlags,
    keyFile,
    where: Argument.String("where").pipe(Argument.withDescription(where), Argument.optional)
  },
  Effect.fnUntraced(function* ({ where, ...given }) {
    const { save } = yield* load
    yield* save(yield* wantedOf(given), Option.getOrUndefined(where))
  })
).pipe(Command.withDescription("Saves all that lives in the store, of a cluster that runs or of one that is stopped"))

const status = Command.make(
  "status",
  {
    keyFile,
    verify: Flag.Boolean("verify").pipe(
      Flag.withDescription("Also unpacks and counts every entry"),
      Flag.withDefault(false)
    ),
    which: Argument.String("which").pipe(Argument.withDescription(where))
  },
  Effect.fnUntraced(function* ({ keyFile, verify, which }) {
    const { status } = yield* load
    yield* status(
      which,
      Option.getOrElse(keyFile, () => ""),
      verify
    )
  })
).pipe(Command.withDescription("Compares the checksums of a snapshot, and shows what it says of itself"))

const list = Command.make(
  "list",
  { ...storeFlags, where: Argument.String("where").pipe(Argument.withDescription(where), Argument.optional) },
  Effect.fnUntraced(function* ({ where, ...given }) {
    const { list } = yield* load
    const { standard } = yield* Effect.promise(() => import("./Destination.ts"))
    yield* list(Option.getOrElse(where, () => "") || standard(yield* settingsOf(given)))
  })
).pipe(Command.withDescription("Shows the snapshots that there are"))

const restore = Command.make(
  "restore",
  {
    ...storeFlags,
    keyFile,
    force: Flag.Boolean("force").pipe(
      Flag.withDescription("Also into a store that is not empty: what is in it is lost"),
      Flag.withDefault(false)
    ),
    which: Argument.String("which").pipe(Argument.withDescription(where))
  },
  Effect.fnUntraced(function* ({ force, which, ...given }) {
    const { restore } = yield* load
    yield* restore(yield* wantedOf(given), which, force)
  })
).pipe(Command.withDescription("Puts a snapshot into the store of a cluster that does not run: new, or of another driver"))

export const snapshot = Command.make("snapshot").pipe(
  Command.withDescription("Snapshots of all that the cluster has stored"),
  Command.withSubcommands([save, status, restore, list])
)
