/** `keelson plugin new | check | dev | serve | load | swap | rollback | list | logs`: plugins from outside. */
import { Effect, Option } from "effect"
import { Argument, Command, Flag } from "effect/cli"
import { administratorFlags, kubeconfigOf, pathsOf, settingsOf, text } from "./Flags.ts"

const directory = Argument.String("directory").pipe(Argument.withDescription("The package: where its keelson.json lies"))
const name = Argument.String("name").pipe(Argument.withDescription("The plugin, as keelson plugin list shows it"))
const isolation = text("isolation", "in-process, worker, process or sandbox, instead of what the manifest says")
const howOf = (isolation: Option.Option<string>) => (Option.isSome(isolation) ? { isolation: isolation.value } : {})

const admin = Effect.promise(() => import("./plugin/Admin.ts"))
const author = Effect.promise(() => import("./plugin/Author.ts"))

const create = Command.make(
  "new",
  {
    contract: Argument.String("contract").pipe(Argument.withDescription("What it shall be, such as scheduler-score")),
    directory
  },
  Effect.fnUntraced(function* ({ contract, directory }) {
    yield* (yield* author).create(contract, directory)
  })
).pipe(
  Command.withDescription(
    "Makes a package that keeps a contract, such as scheduler-score, admission or volumes; any other word lists all"
  )
)

const check = Command.make(
  "check",
  {
    directory,
    beside: Flag.String("with").pipe(
      Flag.withDescription("A package with a contract of its own that this one needs; several times for several"),
      Flag.atLeast(0)
    )
  },
  Effect.fnUntraced(function* ({ beside, directory }) {
    yield* (yield* author).check(directory, beside)
  })
).pipe(Command.withDescription("Checks a package: its manifest, its types, the laws of its contracts"))

const dev = Command.make(
  "dev",
  { directory, kubeconfig: text("kubeconfig", "Into this cluster, instead of one of its own") },
  Effect.fnUntraced(function* ({ directory, kubeconfig }) {
    const Dev = yield* Effect.promise(() => import("./plugin/Dev.ts"))
    yield* Dev.run(directory, Option.getOrUndefined(kubeconfig))
  })
).pipe(Command.withDescription("Loads a package whenever it is saved, into a cluster with a hollow node"))

const serve = Command.make(
  "serve",
  {
    directory,
    listen: text("listen", "Address and port of this machine, such as 0.0.0.0:8443"),
    nats: text("nats", "Instead: NATS' servers, such as tls://10.0.0.7:4222,tls://10.0.0.8:4222"),
    subject: text("subject", "Over NATS: what its subjects begin with (default: plugins.NAME)"),
    ca: Flag.String("ca").pipe(Flag.withDescription("File with the authority of the certificates at the other end (PEM)")),
    cert: Flag.String("cert").pipe(Flag.withDescription("File with the certificate of this machine")),
    key: Flag.String("key").pipe(Flag.withDescription("File with its key"))
  },
  Effect.fnUntraced(function* ({ directory, listen, nats, subject, ...asked }) {
    const given = {
      ...(Option.isSome(listen) && { listen: listen.value }),
      ...(Option.isSome(nats) && { nats: nats.value }),
      ...(Option.isSome(subject) && { subject: subject.value })
    }
    const Serve = yield* Effect.promise(() => import("./plugin/Serve.ts"))
    yield* Serve.run(directory, { ...given, ...asked })
  })
).pipe(Command.withDescription("Runs a package here for clusters elsewhere, whose Plugin objects name this machine"))

const load = Command.make(
  "load",
  { ...administratorFlags, directory, isolation },
  Effect.fnUntraced(function* ({ directory, isolation, ...given }) {
    const Admin = yield* admin
    yield* Admin.on(yield* kubeconfigOf(given), Admin.load(directory, howOf(isolation)))
  })
).pipe(Command.withDescription("Runs a package of this machine in its cluster, in place of what runs under its name"))

const swap = Command.make(
  "swap",
  { ...administratorFlags, name, directory, isolation },
  Effect.fnUntraced(function* ({ directory, isolation, name, ...given }) {
    const Admin = yield* admin
    yield* Admin.on(yield* kubeconfigOf(given), Admin.swap(name, directory, howOf(isolation)))
  })
).pipe(Command.withDescription("Puts another package in the place of a plugin that runs; no call to it is lost"))

const rollback = Command.make(
  "rollback",
  { ...administratorFlags, name },
  Effect.fnUntraced(function* ({ name, ...given }) {
    const Admin = yield* admin
    yield* Admin.on(yield* kubeconfigOf(given), Admin.rollback(name))
  })
).pipe(Command.withDescription("Puts the version before in the place of the one that runs"))

const list = Command.make(
  "list",
  {
    ...administratorFlags,
    all: Flag.Boolean("all").pipe(Flag.withDescription("Also the server's own parts"), Flag.withDefault(false))
  },
  Effect.fnUntraced(function* ({ all, ...given }) {
    const Admin = yield* admin
    yield* Admin.on(yield* kubeconfigOf(given), Admin.list(all))
  })
).pipe(Command.withDescription("Shows the plugins from outside: state, version, isolation, restarts, calls, errors"))

const logs = Command.make(
  "logs",
  { ...administratorFlags, name },
  Effect.fnUntraced(function* ({ name, ...given }) {
    const Admin = yield* admin
    const { log } = pathsOf(yield* settingsOf(given))
    yield* Admin.on(yield* kubeconfigOf(given), Admin.logs(name, log))
  })
).pipe(Command.withDescription("Shows what happened to a plugin, and what it has said"))

export const plugin = Command.make("plugin").pipe(
  Command.withDescription("Plugins from outside: written, checked, loaded, replaced while the cluster runs"),
  Command.withSubcommands([create, check, dev, serve, load, swap, rollback, list, logs])
)
